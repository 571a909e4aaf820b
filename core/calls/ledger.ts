import type { Journal } from '../journal.ts';
import { assert } from '../kernel/assert.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { ActiveflowId, CustomerId, ExtensionId, FlowId, GroupcallId, TrunkId } from '../kernel/ids.ts';
import { type CallId, type LegId, timeOrderedUuid } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import { Queue } from '../kernel/queue.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Store } from '../ports.ts';
import type { Write } from '../write.ts';
import type { Address } from './address.ts';
import { Call } from './call.ts';
import type { CallRecord } from './call-record.ts';
import type { Cause } from './cause.ts';

export interface LedgerPorts {
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
}

/** What is known of a call when it begins. */
export interface CallFacts {
  readonly customerId: CustomerId;
  readonly direction: CallRecord['direction'];
  readonly source: Address;
  readonly destination: Address;
  readonly extensionId: ExtensionId | null;
  readonly trunkId?: TrunkId | null;
  readonly flowId?: FlowId | null;
  readonly activeflowId?: ActiveflowId | null;
  readonly masterCallId: CallId | null;
  readonly groupcallId?: GroupcallId | null;
}

const NONE: readonly never[] = Object.freeze([]);

/** Calls whose cause is remembered after their end, at least; twice as many at most. */
const ENDED_MAX = 5_000;

export type CallEventType =
  | 'call_created'
  | 'call_updated'
  | 'call_dialing'
  | 'call_ringing'
  | 'call_progressing'
  | 'call_terminating'
  | 'call_canceling'
  | 'call_hangup';

/** The live calls, and what is told of them: every change becomes an event at once, and one write per input. */
export class Ledger {
  readonly #ports: LedgerPorts;
  readonly #calls = new LiveMap<LegId, Call>();
  readonly #legByCall = new Map<CallId, LegId>();
  /** Calls whose rows are to be written after this input. */
  readonly #unsaved = new Queue<Call>();
  /** Calls whose dialog the store has, so that another process can send BYE in it. */
  readonly #dialogs = new Set<CallId>();
  /** Why the last calls ended; when there are many, the table becomes the earlier one, and that one is forgotten. */
  #causes = new Map<CallId, Cause>();
  #earlierCauses = new Map<CallId, Cause>();
  readonly #writes = new Queue<Write>();
  #answered = 0;
  #ended = 0;

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
  }

  get liveCount(): number {
    return this.#calls.size;
  }

  get answeredTotal(): number {
    return this.#answered;
  }

  get endedTotal(): number {
    return this.#ended;
  }

  get(leg: LegId): Call | undefined {
    return this.#calls.get(leg);
  }

  legs(): LegId[] {
    return [...this.#calls.keys()];
  }

  legOf(id: CallId): LegId | undefined {
    return this.#legByCall.get(id);
  }

  /** Live calls, oldest first. */
  records(): CallRecord[] {
    return [...this.#calls.values()].map((call) => call.record);
  }

  create(leg: LegId, facts: CallFacts, now: Instant): Call {
    assert(!this.#calls.has(leg), 'a leg carries one call');
    const createdAt = this.#ports.calendar(now);
    // Every field by name and in one order: all records are of one shape, and copied as a whole.
    const record: CallRecord = {
      id: timeOrderedUuid(this.#ports.random, createdAt) as CallId,
      customerId: facts.customerId,
      direction: facts.direction,
      status: 'dialing',
      source: facts.source,
      destination: facts.destination,
      extensionId: facts.extensionId,
      trunkId: facts.trunkId ?? null,
      flowId: facts.flowId ?? null,
      activeflowId: facts.activeflowId ?? null,
      recordingIds: NONE,
      recordingId: null,
      muteDirection: '',
      masterCallId: facts.masterCallId,
      chainedCallIds: NONE,
      groupcallId: facts.groupcallId ?? null,
      hangupBy: '',
      hangupReason: '',
      cause: null,
      media: null,
      createdAt,
      ringingAt: null,
      progressingAt: null,
      hangupAt: null,
      updatedAt: null,
      deletedAt: null,
    };
    const call = new Call(record, leg);
    this.#calls.set(leg, call);
    this.#legByCall.set(record.id, leg);
    this.publish('call_created', call, now);
    if (facts.direction === 'outgoing') this.publish('call_dialing', call, now);
    return call;
  }

  publish(type: CallEventType, call: Call, now: Instant): void {
    if (type === 'call_progressing') this.#answered += 1;
    if (type === 'call_hangup') this.#ended += 1;
    const { record } = call;
    this.#ports.journal.append(record.customerId, { type, call: record }, this.#ports.calendar(now));
    if (call.isUnsaved) return;
    call.isUnsaved = true;
    this.#unsaved.push(call);
  }

  /** A call of an earlier process, as it ended with it. */
  endLeftBehind(record: CallRecord, now: Instant): void {
    this.#ended += 1;
    this.#ports.journal.append(record.customerId, { type: 'call_hangup', call: record }, this.#ports.calendar(now));
    this.#writes.push({ kind: 'saveCall', row: record });
  }

  /** The record of a live call is deleted with it. */
  markDeleted(leg: LegId, now: Instant): void {
    const call = this.#calls.get(leg);
    assert(call !== undefined, 'only a live call is marked');
    call.markDeleted(this.#ports.calendar(now));
  }

  /** The call is over: it is found no more, and its dialog needs no BYE from another process. */
  forget(call: Call): void {
    const { id, cause } = call.record;
    this.#calls.delete(call.leg);
    this.#legByCall.delete(id);
    if (this.#dialogs.delete(id)) this.dropDialog(id);
    if (cause === null) return;
    this.#causes.set(id, cause);
    if (this.#causes.size < ENDED_MAX) return;
    this.#earlierCauses = this.#causes;
    this.#causes = new Map();
  }

  /** Why a call ended; undefined when it lives, or ended too many calls ago. */
  causeOf(id: CallId): Cause | undefined {
    return this.#causes.get(id) ?? this.#earlierCauses.get(id);
  }

  saveDialog(leg: LegId, dialog: string): void {
    const record = this.#calls.get(leg)?.record;
    if (record === undefined) return;
    this.#dialogs.add(record.id);
    this.#writes.push({ kind: 'saveDialog', callId: record.id, customerId: record.customerId, dialog });
  }

  dropDialog(callId: CallId): void {
    this.#writes.push({ kind: 'dropDialog', callId });
  }

  /** Hands what this input changed to the store; with a receipt, the store tells when it is durable. */
  commit(receipt = 0): void {
    const count = this.#unsaved.length + this.#writes.length;
    if (count === 0) return;
    const writes: Write[] = new Array(count);
    let index = 0;
    for (let write = this.#writes.shift(); write !== undefined; write = this.#writes.shift()) writes[index++] = write;
    for (let call = this.#unsaved.shift(); call !== undefined; call = this.#unsaved.shift()) {
      call.isUnsaved = false;
      writes[index++] = { kind: 'saveCall', row: call.record };
    }
    this.#ports.store.write(writes, receipt);
  }
}
