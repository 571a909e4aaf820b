import { Accounts, isAccountCommand, type Settled } from './accounts.ts';
import { NO_FLOWS } from './calls/absent-edges.ts';
import { Switch } from './calls/switch.ts';
import type { LeftBehind, SwitchPorts } from './calls/switch-ports.ts';
import type { CallCommand, Command, FlowCommand, Principal } from './command.ts';
import { BindingExpiry } from './directory/binding-expiry.ts';
import type { ActiveflowRecord } from './flows/activeflow-record.ts';
import { judge, type Known } from './judgement.ts';
import type { ActiveflowId, GatewayId } from './kernel/ids.ts';
import { Queue } from './kernel/queue.ts';
import type { Instant } from './kernel/time.ts';
import { Messages } from './messages/messages.ts';
import type { ArchiveEvent, FlowEvent, HttpEvent, MediaEvent, SignalingEvent, StoreEvent } from './ports.ts';
import { ProviderStates } from './provider-states.ts';

export interface ExchangePorts extends SwitchPorts {
  /** An activeflow that runs; whoever runs flows knows. */
  readonly liveActiveflow?: (id: ActiveflowId) => ActiveflowRecord | undefined;
}

/** Everything that reaches the core from outside. */
export type ExchangeInput =
  | { readonly kind: 'signal'; readonly event: SignalingEvent }
  | { readonly kind: 'media'; readonly event: MediaEvent }
  | { readonly kind: 'store'; readonly event: StoreEvent }
  | { readonly kind: 'flow'; readonly event: FlowEvent }
  /** Of requests made in the name of `calls`; those of flows go to whoever runs them. */
  | { readonly kind: 'http'; readonly event: HttpEvent }
  | { readonly kind: 'archive'; readonly event: ArchiveEvent }
  | { readonly kind: 'command'; readonly ticket: number; readonly command: Command; readonly by: Principal };

/** The core as one machine: what comes in is handed to the one part that owns it; rights are judged here alone. */
export class Exchange {
  readonly calls: Switch;
  readonly messages: Messages;
  readonly accounts: Accounts;
  readonly providers: ProviderStates;
  readonly #ports: ExchangePorts;
  readonly #known: Known;
  readonly #expiry: BindingExpiry;
  readonly #settled = new Queue<Settled>();

  constructor(ports: ExchangePorts) {
    this.#ports = ports;
    this.calls = new Switch(ports);
    this.messages = new Messages(ports);
    this.accounts = new Accounts({
      ...ports,
      rosterOf: (id) => this.calls.conferences.rosterOf(id),
      isLocked: (id) => this.calls.conferences.isLocked(id),
      applied: (write) => {
        if (write.kind === 'saveProvider' || write.kind === 'saveTrunk') this.#maintain(write.row.id);
      },
    });
    this.providers = new ProviderStates(ports);
    this.#expiry = new BindingExpiry(ports.directory, ports.calendar);
    this.#known = {
      directory: ports.directory,
      liveCall: (id) => this.calls.recordOf(id),
      liveConferencecall: (id) => this.calls.conferences.conferencecall(id),
      liveActiveflow: ports.liveActiveflow ?? (() => undefined),
    };
  }

  receive(input: ExchangeInput, now: Instant): void {
    switch (input.kind) {
      case 'signal':
        if (input.event.kind === 'bound' || input.event.kind === 'unbound') this.#binding(input.event, now);
        else if (input.event.kind === 'providerRegistration' || input.event.kind === 'providerWatched') {
          this.providers.receive(input.event, now);
        } else if (input.event.kind === 'providerProbed') {
          const { ticket, probe } = input.event;
          this.#settled.push({ ticket, result: { kind: 'done', id: '', probe } });
        } else if (input.event.kind === 'messaged' || input.event.kind === 'messageSettled') {
          this.messages.receive(input.event, now);
        } else this.calls.receive(input.event, now);
        break;
      case 'media':
        this.calls.receive(input.event, now);
        break;
      case 'store':
        this.accounts.receive(input.event, now);
        this.calls.receiveStore(input.event, now);
        break;
      case 'flow':
        if (input.event.kind === 'settled') this.#settled.push(input.event);
        else this.calls.receiveFlow(input.event, now);
        break;
      case 'http':
      case 'archive':
        this.calls.receiveSound(input.event, now);
        break;
      case 'command':
        this.#execute(input.ticket, input.command, input.by, now);
        break;
    }
  }

  /** Takes up the bindings that an earlier process stored, and what it left of its calls. */
  restore(left: LeftBehind, now: Instant): void {
    this.#expiry.renew(now);
    this.calls.restore(left, now);
    for (const { id } of this.#ports.directory.gateways()) this.#ports.signaling.maintain(id);
  }

  /** No calls are to come from providers and trunks that we register at any more. */
  retire(): void {
    this.#ports.signaling.retire();
  }

  #maintain(id: GatewayId): void {
    this.providers.forget(id);
    this.#ports.signaling.maintain(id);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const binding = this.#expiry.due(now);
    if (binding === undefined && this.messages.deadline() <= now) this.messages.expire(now);
    else if (binding === undefined) this.calls.expire(now);
    else this.#binding({ kind: 'unbound', binding }, now);
  }

  deadline(): Instant {
    return Math.min(this.calls.deadline(), this.#expiry.deadline(), this.messages.deadline());
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#settled.shift() ?? this.accounts.poll() ?? this.calls.poll();
  }

  #binding(event: Extract<SignalingEvent, { kind: 'bound' | 'unbound' }>, now: Instant): void {
    const { directory, store, journal, calendar, signaling } = this.#ports;
    const { binding } = event;
    const before = directory.bindings(binding.extensionId, 0).length;
    if (event.kind === 'bound') {
      directory.putBinding(binding);
      store.write([{ kind: 'saveBinding', row: binding }], 0);
      journal.append(binding.customerId, { type: 'extension_registered', binding }, calendar(now));
    } else {
      directory.dropBinding(binding.extensionId, binding.contact);
      store.write([{ kind: 'dropBinding', extensionId: binding.extensionId, contact: binding.contact }], 0);
      journal.append(binding.customerId, { type: 'extension_unregistered', binding }, calendar(now));
    }
    this.#expiry.renew(now);
    const isReachable = directory.bindings(binding.extensionId, 0).length > 0;
    if (isReachable !== before > 0) signaling.reachabilityChanged(binding.extensionId);
  }

  #execute(ticket: number, command: Command, by: Principal, now: Instant): void {
    const refusal = judge(command, by, this.#known);
    if (refusal !== undefined) {
      this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
    } else if (command.kind === 'deleteCall') {
      this.calls.remove(command.record.id, now);
      // Told as done once the mark is committed; the row of a call that still ends carries the mark as well.
      const record = this.calls.recordOf(command.record.id) ?? command.record;
      this.accounts.execute(ticket, { ...command, record }, now);
    } else if (isAccountCommand(command)) {
      this.accounts.execute(ticket, command, now);
    } else if (command.kind === 'probeProvider') {
      this.#ports.signaling.probe(ticket, command.id);
    } else if (isFlowCommand(command)) {
      if (command.kind === 'attachScript') this.calls.drive(command.callId);
      (this.#ports.flows ?? NO_FLOWS).execute(ticket, command);
    } else {
      this.calls.execute(ticket, command, now);
    }
  }
}

const FLOW_COMMANDS: ReadonlySet<Command['kind']> = new Set<FlowCommand['kind']>([
  'createActiveflow',
  'stopActiveflow',
  'deleteActiveflow',
  'attachScript',
]);

/** Whether it is for whoever runs flows. */
function isFlowCommand(command: CallCommand | FlowCommand): command is FlowCommand {
  return FLOW_COMMANDS.has(command.kind);
}
