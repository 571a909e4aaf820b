import type { Directory } from '../directory/directory.ts';
import type { Binding } from '../directory/records.ts';
import type { Journal } from '../journal.ts';
import { assert } from '../kernel/assert.ts';
import type { Calendar } from '../kernel/clock.ts';
import { DeadlineHeap } from '../kernel/deadline-heap.ts';
import { type CallId, type LegId, uuid } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, MediaPlane, Signaling, SignalingEvent, Store, TransportAddress } from '../ports.ts';
import { routeOf } from '../routing/route.ts';
import type { Write } from '../write.ts';
import { type Address, address } from './address.ts';
import { Attempt } from './attempt.ts';
import { Call } from './call.ts';
import type { CallRecord } from './call-record.ts';
import type { Cause } from './cause.ts';

export interface SwitchPorts {
  readonly directory: Directory;
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Leg numbers are shared with signalling, which numbers the legs that it offers. */
  readonly nextLeg: () => LegId;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
  /** Longest duration of an answered call. */
  readonly durationMaxMs: number;
}

type Timer = { readonly kind: 'ring'; readonly caller: LegId } | { readonly kind: 'duration'; readonly leg: LegId };
type Offered = Extract<SignalingEvent, { kind: 'offered' }>;

/**
 * The call engine: what signalling and media report becomes calls, bridges, records and events. It decides from
 * memory alone, and every effect goes through a port.
 */
export class Switch {
  readonly #ports: SwitchPorts;
  readonly #calls = new Map<LegId, Call>();
  readonly #legByCall = new Map<CallId, LegId>();
  /** Attempts by the caller's leg and by every callee's. */
  readonly #attempts = new Map<LegId, Attempt>();
  /** Bridged legs, both ways. */
  readonly #peers = new Map<LegId, LegId>();
  /** Legs of calls that an earlier process left behind and that are being hung up. */
  readonly #leftBehind = new Map<LegId, CallRecord>();
  readonly #timers = new DeadlineHeap<Timer>();
  readonly #timerOf = new Map<LegId, number>();
  #writes: Write[] = [];

  constructor(ports: SwitchPorts) {
    this.#ports = ports;
  }

  get liveCallCount(): number {
    return this.#calls.size;
  }

  get bridgeCount(): number {
    return this.#peers.size / 2;
  }

  get timerCount(): number {
    return this.#timerOf.size;
  }

  /** Legs left behind by an earlier process that are still being hung up. */
  get leftBehindCount(): number {
    return this.#leftBehind.size;
  }

  /** Live calls, oldest first. */
  records(): CallRecord[] {
    return [...this.#calls.values()].map((call) => call.record);
  }

  record(id: CallId): CallRecord | undefined {
    const leg = this.#legByCall.get(id);
    return leg === undefined ? undefined : this.#calls.get(leg)?.record;
  }

  receive(event: SignalingEvent | MediaEvent, now: Instant): void {
    this.#handle(event, now);
    this.#commit();
  }

  /** Ends a live call. False when there is none with this id. */
  hangup(id: CallId, cause: Cause, now: Instant): boolean {
    const leg = this.#legByCall.get(id);
    if (leg === undefined) return false;
    this.#end(leg, cause, now);
    this.#commit();
    return true;
  }

  hangupAll(cause: Cause, now: Instant): void {
    for (const leg of [...this.#calls.keys()]) this.#end(leg, cause, now);
    this.#commit();
  }

  /**
   * Takes up what an earlier process left: calls that were live in its store end with the cause `crashed`, and BYE is
   * sent in each of their confirmed dialogs.
   */
  restore(records: readonly CallRecord[], dialogs: ReadonlyMap<CallId, string>, now: Instant): void {
    const at = this.#ports.calendar(now);
    for (const record of records) {
      const final: CallRecord = {
        ...record,
        status: 'hangup',
        hangupAt: at,
        updatedAt: at,
        hangupBy: 'local',
        hangupReason: 'failed',
        cause: 'crashed',
      };
      this.#publish('call_hangup', final, now);
      const dialog = dialogs.get(record.id);
      if (dialog === undefined) continue;
      const leg = this.#ports.nextLeg();
      this.#leftBehind.set(leg, final);
      this.#ports.signaling.restore(leg, dialog);
      this.#ports.signaling.hangup(leg, 'crashed');
    }
    this.#commit();
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    if (timer.kind === 'ring') {
      this.#timerOf.delete(timer.caller);
      this.#giveUp(timer.caller, now);
    } else {
      this.#timerOf.delete(timer.leg);
      this.#end(timer.leg, 'timeout', now);
    }
    this.#commit();
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  #handle(event: SignalingEvent | MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'offered':
        return this.#offered(event, now);
      case 'ringing':
        return this.#ringing(event.leg, event.body, now);
      case 'answered':
        return this.#answered(event.leg, event.body, event.dialog, now);
      case 'failed':
        return this.#over(event.leg, event.cause, now);
      case 'ended':
        return this.#over(event.leg, event.cause, now);
      case 'confirmed':
        return this.#confirmed(event.leg, event.body, now);
      case 'dialogChanged':
        return this.#saveDialog(event.leg, event.dialog);
      case 'reoffered':
        return this.#reoffered(event.leg, event.offer);
      case 'silent':
        return this.#end(event.leg, 'media-lost', now);
      case 'workerLost': {
        for (const leg of event.legs) this.#end(leg, 'media-failed', now);
        return;
      }
      // Bindings belong to the directory; the rest is for flows, which are not run by this engine.
      case 'bound':
      case 'unbound':
      case 'reanswered':
      case 'played':
      case 'digit':
        return;
    }
  }

  // ── A caller arrives ──────────────────────────────────────────────────────────────────────────────────────

  #offered(offered: Offered, now: Instant): void {
    const { directory, media, signaling } = this.#ports;
    const at = this.#ports.calendar(now);
    const { leg, customerId } = offered;
    const source = address('extension', offered.fromUser, offered.fromName);
    const caller = this.#create(
      leg,
      {
        customerId,
        direction: 'incoming',
        source,
        destination: address('extension', offered.toUser),
        extensionId: offered.caller.extensionId,
        masterCallId: null,
      },
      now,
    );
    const opened = media.open(leg, offered.source, offered.offer, undefined);
    if (opened.kind === 'refused') return this.#end(leg, opened.cause, now);
    const customer = directory.customers.get(customerId);
    if (customer === undefined || customer.status !== 'active') return this.#end(leg, 'forbidden', now);
    const route = routeOf(directory, customerId, offered.toUser, at);
    if (route.kind === 'refused') return this.#end(leg, route.cause, now);
    const callees: LegId[] = [];
    for (const binding of route.bindings) {
      const callee = this.#dial(caller, offered, binding, now);
      if (callee !== undefined) callees.push(callee);
    }
    if (callees.length === 0) return this.#end(leg, 'media-overloaded', now);
    caller.chain(callees.map((callee) => this.#calls.get(callee)!.record.id));
    const attempt = new Attempt(leg, callees);
    for (const member of [leg, ...callees]) this.#attempts.set(member, attempt);
    this.#arm(leg, { kind: 'ring', caller: leg }, now + this.#ports.ringTimeoutMs);
    signaling.ring(leg, undefined);
    if (caller.ring(at)) this.#publish('call_ringing', caller.record, now);
  }

  /** Rings one contact of the callee; undefined when media has no place for it. */
  #dial(caller: Call, offered: Offered, binding: Binding, now: Instant): LegId | undefined {
    const { media, signaling, nextLeg } = this.#ports;
    const leg = nextLeg();
    const via: TransportAddress = { transport: binding.transport, address: binding.address, port: binding.port };
    if (media.open(leg, via, undefined, caller.leg).kind === 'refused') return undefined;
    this.#create(
      leg,
      {
        customerId: offered.customerId,
        direction: 'outgoing',
        source: caller.record.source,
        destination: address('extension', offered.toUser),
        extensionId: binding.extensionId,
        masterCallId: caller.record.id,
      },
      now,
    );
    signaling.dial(leg, {
      target: { contact: binding.contact, path: binding.path, via, localPort: binding.localPort },
      fromUser: offered.fromUser,
      fromName: offered.fromName,
      toUser: offered.toUser,
      offer: media.describe(leg, caller.leg),
    });
    return leg;
  }

  #create(
    leg: LegId,
    facts: {
      customerId: CallRecord['customerId'];
      direction: CallRecord['direction'];
      source: Address;
      destination: Address;
      extensionId: CallRecord['extensionId'];
      masterCallId: CallRecord['masterCallId'];
    },
    now: Instant,
  ): Call {
    assert(!this.#calls.has(leg), 'a leg carries one call');
    const call = new Call(
      {
        ...facts,
        id: uuid(this.#ports.random) as CallId,
        status: 'dialing',
        chainedCallIds: [],
        groupcallId: null,
        hangupBy: '',
        hangupReason: '',
        cause: null,
        createdAt: this.#ports.calendar(now),
        ringingAt: null,
        progressingAt: null,
        hangupAt: null,
        updatedAt: null,
        deletedAt: null,
      },
      leg,
    );
    this.#calls.set(leg, call);
    this.#legByCall.set(call.record.id, leg);
    this.#publish('call_created', call.record, now);
    if (facts.direction === 'outgoing') this.#publish('call_dialing', call.record, now);
    return call;
  }

  // ── The callee's side moves ───────────────────────────────────────────────────────────────────────────────

  #ringing(leg: LegId, body: Uint8Array | undefined, now: Instant): void {
    const call = this.#calls.get(leg);
    if (call === undefined) return;
    if (call.ring(this.#ports.calendar(now))) this.#publish('call_ringing', call.record, now);
    const attempt = this.#attempts.get(leg);
    if (body === undefined || attempt === undefined || attempt.isForked) return;
    const { media, signaling } = this.#ports;
    if (media.accept(leg, body).kind === 'refused') return;
    signaling.ring(attempt.caller, media.describe(attempt.caller, leg));
    media.bridge(attempt.caller, leg);
  }

  #answered(leg: LegId, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const { media, signaling, calendar } = this.#ports;
    const call = this.#calls.get(leg);
    const attempt = this.#attempts.get(leg);
    // The answer crossed our CANCEL, or came after another contact's: signalling hangs it up.
    if (call === undefined || attempt === undefined || call.status === 'canceling') return;
    if (body === undefined || media.accept(leg, body).kind === 'refused') return this.#end(leg, 'not-acceptable', now);
    if (call.answer(calendar(now))) this.#publish('call_progressing', call.record, now);
    this.#saveDialog(leg, dialog);
    this.#settle(attempt);
    for (const other of attempt.callees) if (other !== leg) this.#end(other, 'answered-elsewhere', now);
    const caller = this.#calls.get(attempt.caller)!;
    signaling.answer(caller.leg, media.describe(caller.leg, leg));
    if (caller.answer(calendar(now))) this.#publish('call_progressing', caller.record, now);
    media.bridge(caller.leg, leg);
    this.#peers.set(caller.leg, leg).set(leg, caller.leg);
    for (const member of [caller.leg, leg]) {
      this.#arm(member, { kind: 'duration', leg: member }, now + this.#ports.durationMaxMs);
    }
  }

  #confirmed(leg: LegId, answer: Uint8Array | undefined, now: Instant): void {
    if (answer === undefined || !this.#calls.has(leg)) return;
    if (this.#ports.media.accept(leg, answer).kind === 'refused') this.#end(leg, 'not-acceptable', now);
  }

  #reoffered(leg: LegId, offer: Uint8Array | undefined): void {
    const { media, signaling } = this.#ports;
    if (!this.#calls.has(leg)) return;
    if (offer === undefined) return signaling.acceptOffer(leg, media.describe(leg, undefined));
    const verdict = media.renegotiate(leg, offer);
    if (verdict.kind === 'answer') signaling.acceptOffer(leg, verdict.body);
    else signaling.refuseOffer(leg, verdict.cause);
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  /** We end a leg; it is over when signalling says so. */
  #end(leg: LegId, cause: Cause, now: Instant): void {
    const call = this.#calls.get(leg);
    if (call === undefined || !call.endLocally(cause, this.#ports.calendar(now))) return;
    this.#publish(call.status === 'canceling' ? 'call_canceling' : 'call_terminating', call.record, now);
    this.#ports.signaling.hangup(leg, cause);
  }

  #over(leg: LegId, cause: Cause, now: Instant): void {
    const left = this.#leftBehind.get(leg);
    if (left !== undefined) {
      this.#leftBehind.delete(leg);
      this.#writes.push({ kind: 'dropDialog', callId: left.id });
      return;
    }
    const call = this.#calls.get(leg);
    if (call === undefined) return;
    call.end(cause, this.#ports.calendar(now));
    this.#publish('call_hangup', call.record, now);
    this.#forget(call);
    const final = call.record.cause ?? cause;
    const attempt = this.#attempts.get(leg);
    if (attempt !== undefined) this.#leaveAttempt(attempt, leg, final, now);
    const peer = this.#peers.get(leg);
    if (peer === undefined) return;
    this.#peers.delete(leg);
    this.#peers.delete(peer);
    this.#end(peer, final === 'canceled' ? 'normal' : final, now);
  }

  #leaveAttempt(attempt: Attempt, leg: LegId, cause: Cause, now: Instant): void {
    this.#attempts.delete(leg);
    if (leg === attempt.caller) {
      this.#settle(attempt);
      for (const callee of attempt.callees) this.#end(callee, 'canceled', now);
    } else if (attempt.drop(leg, cause)) {
      this.#settle(attempt);
      this.#end(attempt.caller, attempt.cause, now);
    }
  }

  /** Nobody answered in time. The caller is told at once, whether or not the callees confirm their CANCEL. */
  #giveUp(caller: LegId, now: Instant): void {
    const attempt = this.#attempts.get(caller);
    assert(attempt !== undefined, 'a ring timer belongs to an attempt');
    this.#settle(attempt);
    for (const callee of attempt.callees) this.#end(callee, 'no-answer', now);
    this.#end(caller, 'no-answer', now);
  }

  /** The attempt is decided: its members go on, or end, each by itself. */
  #settle(attempt: Attempt): void {
    this.#disarm(attempt.caller);
    for (const member of [attempt.caller, ...attempt.callees]) this.#attempts.delete(member);
  }

  #forget(call: Call): void {
    this.#calls.delete(call.leg);
    this.#legByCall.delete(call.record.id);
    this.#disarm(call.leg);
    this.#ports.media.close(call.leg);
    if (call.isAnswered) this.#writes.push({ kind: 'dropDialog', callId: call.record.id });
  }

  // ── Records, events, timers ───────────────────────────────────────────────────────────────────────────────

  #publish(
    type:
      | 'call_created'
      | 'call_dialing'
      | 'call_ringing'
      | 'call_progressing'
      | 'call_terminating'
      | 'call_canceling'
      | 'call_hangup',
    record: CallRecord,
    now: Instant,
  ): void {
    this.#ports.journal.append(record.customerId, { type, call: record }, this.#ports.calendar(now));
    // Several changes within one input need one write: the last.
    const index = this.#writes.findIndex((write) => write.kind === 'saveCall' && write.row.id === record.id);
    if (index >= 0) this.#writes.splice(index, 1);
    this.#writes.push({ kind: 'saveCall', row: record });
  }

  #saveDialog(leg: LegId, dialog: string): void {
    const call = this.#calls.get(leg);
    if (call === undefined) return;
    this.#writes.push({ kind: 'saveDialog', callId: call.record.id, customerId: call.record.customerId, dialog });
  }

  #commit(): void {
    if (this.#writes.length === 0) return;
    this.#ports.store.write(this.#writes, 0);
    this.#writes = [];
  }

  #arm(leg: LegId, timer: Timer, at: Instant): void {
    this.#disarm(leg);
    this.#timerOf.set(leg, this.#timers.add(at, timer));
  }

  #disarm(leg: LegId): void {
    const handle = this.#timerOf.get(leg);
    if (handle === undefined) return;
    this.#timerOf.delete(leg);
    this.#timers.remove(handle);
  }
}
