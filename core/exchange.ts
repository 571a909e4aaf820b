import { Accounts, type Settled } from './accounts.ts';
import { mayUse } from './authorization.ts';
import type { CallRecord } from './calls/call-record.ts';
import { Switch, type SwitchPorts } from './calls/switch.ts';
import type { Command, Principal, Refusal } from './command.ts';
import { BindingExpiry } from './directory/binding-expiry.ts';
import { PERMISSION } from './directory/records.ts';
import { assert } from './kernel/assert.ts';
import type { CallId, CustomerId } from './kernel/ids.ts';
import type { Instant } from './kernel/time.ts';
import type { MediaEvent, SignalingEvent, StoreEvent } from './ports.ts';

/** Everything that reaches the core from outside. */
export type ExchangeInput =
  | { readonly kind: 'signal'; readonly event: SignalingEvent }
  | { readonly kind: 'media'; readonly event: MediaEvent }
  | { readonly kind: 'store'; readonly event: StoreEvent }
  | { readonly kind: 'command'; readonly ticket: number; readonly command: Command; readonly by: Principal };

const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;

/** The core as one machine: what comes in is handed to the one part that owns it; rights are judged here alone. */
export class Exchange {
  readonly calls: Switch;
  readonly accounts: Accounts;
  readonly #ports: SwitchPorts;
  readonly #expiry: BindingExpiry;
  readonly #settled: Settled[] = [];

  constructor(ports: SwitchPorts) {
    this.#ports = ports;
    this.calls = new Switch(ports);
    this.accounts = new Accounts(ports);
    this.#expiry = new BindingExpiry(ports.calendar);
  }

  receive(input: ExchangeInput, now: Instant): void {
    switch (input.kind) {
      case 'signal':
        if (input.event.kind === 'bound' || input.event.kind === 'unbound') this.#binding(input.event, now);
        else this.calls.receive(input.event, now);
        break;
      case 'media':
        this.calls.receive(input.event, now);
        break;
      case 'store':
        this.accounts.receive(input.event, now);
        break;
      case 'command':
        this.#execute(input.ticket, input.command, input.by, now);
        break;
    }
  }

  /** Takes up the bindings that an earlier process stored, and what it left of its calls. */
  restore(
    left: { readonly calls: readonly CallRecord[]; readonly dialogs: ReadonlyMap<CallId, string> },
    now: Instant,
  ): void {
    for (const binding of this.#ports.directory.allBindings()) this.#expiry.add(binding, now);
    this.calls.restore(left.calls, left.dialogs, now);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const binding = this.#expiry.takeDue(now);
    if (binding === undefined) this.calls.expire(now);
    else this.#binding({ kind: 'unbound', binding }, now);
  }

  deadline(): Instant {
    return Math.min(this.calls.deadline(), this.#expiry.deadline());
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#settled.shift() ?? this.accounts.poll();
  }

  #binding(event: Extract<SignalingEvent, { kind: 'bound' | 'unbound' }>, now: Instant): void {
    const { directory, store, journal, calendar } = this.#ports;
    const { binding } = event;
    if (event.kind === 'bound') {
      directory.putBinding(binding);
      this.#expiry.add(binding, now);
      store.write([{ kind: 'saveBinding', row: binding }], 0);
      journal.append(binding.customerId, { type: 'extension_registered', binding }, calendar(now));
    } else {
      directory.dropBinding(binding.extensionId, binding.contact);
      this.#expiry.remove(binding);
      store.write([{ kind: 'dropBinding', extensionId: binding.extensionId, contact: binding.contact }], 0);
      journal.append(binding.customerId, { type: 'extension_unregistered', binding }, calendar(now));
    }
  }

  #execute(ticket: number, command: Command, by: Principal, now: Instant): void {
    const refusal = this.#judge(command, by);
    if (refusal !== undefined) {
      this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
    } else if (command.kind === 'hangupCall') {
      const found = this.calls.hangup(command.id, 'normal', now);
      assert(found, 'a judged call is live');
      this.#settled.push({ ticket, result: { kind: 'done', id: command.id } });
    } else if (command.kind === 'deleteCall') {
      this.calls.remove(command.record.id, now);
      // Told as done once the mark is committed; the row of a call that still ends carries the mark as well.
      const record = this.calls.recordOf(command.record.id) ?? command.record;
      this.accounts.execute(ticket, { ...command, record }, now);
    } else {
      this.accounts.execute(ticket, command, now);
    }
  }

  /** Why the principal may not do this, or the thing does not exist for them; undefined when they may. */
  #judge(command: Command, by: Principal): Refusal | undefined {
    switch (command.kind) {
      case 'createExtension':
        return mayUse(by, command.customerId, ADMINS) ? undefined : denied(command.kind);
      case 'updateExtension':
      case 'deleteExtension':
        return this.#judgeThing(
          by,
          this.#ports.directory.extensions.get(command.id)?.customerId,
          'extension',
          command.id,
        );
      case 'hangupCall':
        return this.#judgeThing(by, this.calls.recordOf(command.id)?.customerId, 'live call', command.id);
      case 'deleteCall':
        return (
          this.#judgeThing(by, command.record.customerId, 'call', command.record.id) ?? this.#judgeAge(command.record)
        );
      case 'setAgentPassword':
        return by.kind === 'operator' ? undefined : denied(command.kind);
    }
  }

  /** A record that was read while the call lived, and is not live any more, would overwrite how it ended. */
  #judgeAge({ id, status }: CallRecord): Refusal | undefined {
    if (status === 'hangup' || this.calls.recordOf(id) !== undefined) return undefined;
    return {
      code: 'STATE_INVALID',
      message: `call ${id} ended a moment ago`,
      field: 'id',
      expected: 'to be asked again',
      got: id,
    };
  }

  /** Another customer's things are not found, rather than forbidden: their existence is nobody's business. */
  #judgeThing(by: Principal, owner: CustomerId | undefined, what: string, id: string): Refusal | undefined {
    const visible =
      owner !== undefined && (by.kind === 'operator' || by.customerId === owner || mayUse(by, owner, PERMISSION.all));
    if (!visible) {
      return {
        code: 'RESOURCE_NOT_FOUND',
        message: `no ${what} ${id}`,
        field: 'id',
        expected: `an existing ${what}`,
        got: id,
      };
    }
    return mayUse(by, owner, ADMINS) ? undefined : denied(what);
  }
}

function denied(what: string): Refusal {
  return { code: 'PERMISSION_DENIED', message: `${what} needs an admin or manager of the customer` };
}
