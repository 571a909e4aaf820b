import type { Settled } from '../accounts.ts';
import type { CallCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Action } from '../flows/action.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type ActiveflowId, type GroupcallId, type LegId, timeOrderedUuid, uuid } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows, StoreEvent } from '../ports.ts';
import { invalid, overloaded, SHUTTING_DOWN, stateInvalid } from '../refusal.ts';
import { type Dialling, reachOf } from '../routing/destination.ts';
import { type Address, address } from './address.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import { callVariables } from './call-variables.ts';
import { mixAhead } from './conference-ahead.ts';
import type { Conferences } from './conferences.ts';
import type { Dialler, DialTerms } from './dialler.ts';
import type { Admission } from './switch-ports.ts';

export interface OutgoingPorts {
  readonly directory: Directory;
  readonly flows: Flows;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  readonly conferences: Conferences;
  readonly admission?: Admission;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
}

export type CreateCalls = Extract<CallCommand, { kind: 'createCalls' }>;

/** Phones that ring for one destination: the first to answer keeps the call. */
interface Group {
  readonly members: Set<LegId>;
  readonly command: CreateCalls;
}

/** Calls that are told as made once their rows are committed. */
interface Uncommitted {
  readonly ticket: number;
  readonly calls: readonly Call[];
}

/** Destinations of one command. */
const DESTINATIONS_MAX = 100;

/**
 * Calls that nobody here has dialled: a command makes them, and a flow runs on each that is answered. Without a flow
 * and without actions it is hung up then.
 */
export class Outgoing {
  readonly #ports: OutgoingPorts;
  readonly #life: CallLife;
  readonly #dialler: Dialler;
  /** By each leg that has not answered. */
  readonly #groups = new LiveMap<LegId, Group>();
  readonly #uncommitted = new LiveMap<number, Uncommitted>();
  readonly #settled: Settled[] = [];

  constructor(ports: OutgoingPorts, life: CallLife, dialler: Dialler) {
    this.#ports = ports;
    this.#life = life;
    this.#dialler = dialler;
  }

  /** Dials at once. A refusal when nobody can be; else `poll` tells the calls once their rows are committed. */
  create(ticket: number, command: CreateCalls, now: Instant): Refusal | undefined {
    const refusal = this.#objection(command);
    if (refusal !== undefined) return refusal;
    const calls: Call[] = [];
    const refusals: Refusal[] = [];
    for (const [index, destination] of command.destinations.entries()) {
      const made = this.#createTo(command, destination, `destinations[${index}]`, now);
      if (Array.isArray(made)) calls.push(...made);
      else refusals.push(made as Refusal);
    }
    if (calls.length === 0) return refusals[0]!;
    const receipt = this.#ports.nextReceipt();
    this.#uncommitted.set(receipt, { ticket, calls });
    this.#life.ledger.commit(receipt);
    return undefined;
  }

  #objection({ customerId, destinations, flowId }: CreateCalls): Refusal | undefined {
    const { customers, flows } = this.#ports.directory;
    if (destinations.length === 0) return invalid('destinations', 'at least one address', 'none');
    if (destinations.length > DESTINATIONS_MAX) {
      return invalid('destinations', `at most ${DESTINATIONS_MAX} addresses`, `${destinations.length}`);
    }
    const status = customers.get(customerId)?.status ?? 'deleted';
    if (status !== 'active') {
      return stateInvalid(`customer ${customerId} may not make calls`, 'an active customer', status);
    }
    if (flowId === null || flows.get(flowId)?.customerId === customerId) return undefined;
    return invalid('flow_id', 'an existing flow', flowId);
  }

  #createTo(command: CreateCalls, destination: Address, field: string, now: Instant): readonly Call[] | Refusal {
    const { directory, calendar, random, conferences } = this.#ports;
    const source = command.source ?? address('', '');
    const calling = { customerId: command.customerId, source, forwardedFrom: '' };
    const reach = reachOf(directory, calling, destination, calendar(now));
    if (reach.kind === 'refused') return invalid(field, reach.expected, `${destination.type}:${destination.target}`);
    const barred = this.#barred(reach.diallings, field, now);
    if (barred !== undefined) return barred;
    const terms: DialTerms = {
      customerId: command.customerId,
      source,
      master: undefined,
      isAnonymous: command.anonymous === 'yes',
      flowId: command.flowId,
      groupcallId: reach.isGroup ? (uuid(random) as GroupcallId) : null,
      near: mixAhead(this.#actionsOf(command), conferences),
    };
    const calls = this.#dial(reach.diallings, terms, { members: new Set(), command }, now);
    return calls.length > 0 ? calls : overloaded(field);
  }

  /** Under load a command is refused as a caller is; calls for help pass. */
  #barred(diallings: readonly Dialling[], field: string, now: Instant): Refusal | undefined {
    if (diallings.some(({ carrier }) => carrier?.isEmergency === true)) return undefined;
    const judged = this.#ports.admission?.judge(now) ?? 'admitted';
    if (judged === 'draining') return SHUTTING_DOWN;
    return judged === 'overloaded' ? overloaded(field) : undefined;
  }

  #dial(diallings: readonly Dialling[], terms: DialTerms, group: Group, now: Instant): readonly Call[] {
    const calls: Call[] = [];
    for (const dialling of diallings) {
      const call = this.#dialler.dial(dialling, terms, now);
      if (typeof call === 'string') continue;
      group.members.add(call.leg);
      this.#groups.set(call.leg, group);
      this.#life.arm('ring', call.leg, now + this.#ports.ringTimeoutMs);
      calls.push(call);
    }
    return calls;
  }

  /** Legs that were dialled by command and have not answered. */
  get waitingCount(): number {
    return this.#groups.size;
  }

  isWaitingFor(leg: LegId): boolean {
    return this.#groups.has(leg);
  }

  /** Somebody answered: the others stop ringing, and the flow begins. */
  answered(call: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const { command, members } = this.#groups.get(call.leg)!;
    if (!this.#life.accept(call, body, dialog, now)) return;
    this.#life.disarm('ring', call.leg);
    this.over(call.leg);
    const isDriven = command.flowId !== null || command.actions.length > 0;
    const activeflowId = isDriven ? this.#reserve(now) : null;
    if (isDriven) call.change({ activeflowId }, this.#ports.calendar(now));
    this.#life.markAnswered(call, now);
    this.#life.armDuration(call.leg, now);
    for (const other of [...members]) this.#life.end(other, 'answered-elsewhere', now);
    if (activeflowId !== null) this.#run(call, activeflowId, command);
    else this.#life.end(call.leg, 'normal', now);
  }

  /** The leg answered or is over: it waits for nobody any more. */
  over(leg: LegId): void {
    this.#groups.get(leg)?.members.delete(leg);
    this.#groups.delete(leg);
  }

  receive(event: StoreEvent, now: Instant): void {
    const made = this.#uncommitted.get(event.receipt);
    if (made === undefined) return;
    this.#uncommitted.delete(event.receipt);
    const { ticket, calls } = made;
    if (event.kind === 'stored') {
      const ids = calls.map((call) => call.record.id);
      this.#settled.push({ ticket, result: { kind: 'done', id: ids[0]!, ids } });
      return;
    }
    for (const call of calls) this.#life.end(call.leg, 'internal', now);
    const message = `the calls could not be stored: ${event.detail}`;
    this.#settled.push({ ticket, result: { kind: 'refused', refusal: { code: 'STORE_FAILED', message } } });
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#settled.shift();
  }

  #reserve(now: Instant): ActiveflowId {
    return timeOrderedUuid(this.#ports.random, this.#ports.calendar(now)) as ActiveflowId;
  }

  /** Those of the flow as it is now, or of the command. */
  #actionsOf({ flowId, actions }: CreateCalls): readonly Action[] {
    return flowId === null ? actions : (this.#ports.directory.flows.get(flowId)?.actions ?? []);
  }

  /** A flow that was deleted while the phone rang has no actions: it ends at once. */
  #run(call: Call, activeflowId: ActiveflowId, command: CreateCalls): void {
    const { id, customerId } = call.record;
    const flow = command.flowId === null ? undefined : this.#ports.directory.flows.get(command.flowId);
    this.#ports.flows.start({
      activeflowId,
      customerId,
      flowId: command.flowId,
      actions: this.#actionsOf(command),
      onCompleteFlowId: flow?.onCompleteFlowId ?? null,
      reference: { type: 'call', id },
      variables: { ...callVariables(call.record), 'voipbin.call.digits': '' },
      suppliedVariables: command.variables,
      webhookUri: '',
      webhookMethod: '',
    });
  }
}
