import type { Directory } from '../directory/directory.ts';
import type { Binding } from '../directory/records.ts';
import { assert } from '../kernel/assert.ts';
import { DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, MediaPlane, Signaling, SignalingEvent, TransportAddress } from '../ports.ts';
import { routeOf } from '../routing/route.ts';
import { address } from './address.ts';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { CallRecord } from './call-record.ts';
import type { Cause } from './cause.ts';
import { Ledger, type LedgerPorts } from './ledger.ts';

export interface SwitchPorts extends LedgerPorts {
  readonly directory: Directory;
  readonly signaling: Signaling;
  readonly media: MediaPlane;
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
  readonly ledger: Ledger;
  /** Attempts by the caller's leg and by every callee's. */
  readonly #attempts = new Map<LegId, Attempt>();
  /** Bridged legs, both ways. */
  readonly #peers = new Map<LegId, LegId>();
  /** Legs of calls that an earlier process left behind and that are being hung up. */
  readonly #leftBehind = new Map<LegId, CallId>();
  /** Callers who made no offer, until their ACK. */
  readonly #owingAnswer = new Set<LegId>();
  readonly #timers = new DeadlineHeap<Timer>();
  readonly #timerOf = new Map<LegId, number>();

  constructor(ports: SwitchPorts) {
    this.#ports = ports;
    this.ledger = new Ledger(ports);
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

  recordOf(id: CallId): CallRecord | undefined {
    const leg = this.ledger.legOf(id);
    return leg === undefined ? undefined : this.ledger.get(leg)?.record;
  }

  receive(event: SignalingEvent | MediaEvent, now: Instant): void {
    this.#handle(event, now);
    this.ledger.commit();
  }

  /** Ends a live call. False when there is none with this id. */
  hangup(id: CallId, cause: Cause, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.#end(leg, cause, now);
    this.ledger.commit();
    return true;
  }

  /** Hangs up a live call and marks its record as deleted. False when there is none with this id. */
  remove(id: CallId, now: Instant): boolean {
    const leg = this.ledger.legOf(id);
    if (leg === undefined) return false;
    this.ledger.markDeleted(leg, now);
    this.#end(leg, 'normal', now);
    this.ledger.commit();
    return true;
  }

  hangupAll(cause: Cause, now: Instant): void {
    for (const leg of this.ledger.legs()) this.#end(leg, cause, now);
    this.ledger.commit();
  }

  /**
   * Takes up what an earlier process left: calls that were live in its store end with the cause `crashed`, and BYE is
   * sent in each of the confirmed dialogs that it kept.
   */
  restore(live: readonly CallRecord[], dialogs: ReadonlyMap<CallId, string>, now: Instant): void {
    const at = this.#ports.calendar(now);
    const end = { status: 'hangup', hangupAt: at, updatedAt: at, hangupBy: 'local', hangupReason: 'failed' } as const;
    for (const record of live) this.ledger.publish('call_hangup', { ...record, ...end, cause: 'crashed' }, now);
    for (const [callId, dialog] of dialogs) {
      const leg = this.#ports.nextLeg();
      this.#leftBehind.set(leg, callId);
      this.#ports.signaling.restore(leg, dialog);
      this.#ports.signaling.hangup(leg, 'crashed');
    }
    this.ledger.commit();
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
    this.ledger.commit();
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  #handle(event: SignalingEvent | MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'offered':
        this.#offered(event, now);
        break;
      case 'ringing':
        this.#ringing(event.leg, event.body, now);
        break;
      case 'answered':
        this.#answered(event.leg, event.body, event.dialog, now);
        break;
      case 'failed':
      case 'ended':
        this.#over(event.leg, event.cause, now);
        break;
      case 'confirmed':
        this.#confirmed(event.leg, event.body, now);
        break;
      case 'dialogChanged':
        this.ledger.saveDialog(event.leg, event.dialog);
        break;
      case 'reoffered':
        this.#reoffered(event.leg, event.offer);
        break;
      case 'silent':
        this.#end(event.leg, 'media-lost', now);
        break;
      case 'workerLost':
        for (const leg of event.legs) this.#end(leg, 'media-failed', now);
        break;
      // Bindings belong to the directory; the rest is for flows, which are not run by this engine.
      case 'bound':
      case 'unbound':
      case 'reanswered':
      case 'played':
      case 'digit':
        break;
    }
  }

  // ── A caller arrives ──────────────────────────────────────────────────────────────────────────────────────

  #offered(offered: Offered, now: Instant): void {
    const { directory, media, signaling } = this.#ports;
    const at = this.#ports.calendar(now);
    const { leg, customerId } = offered;
    const source = address('extension', offered.fromUser, offered.fromName);
    const caller = this.ledger.create(
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
    if (opened.kind === 'refused') {
      this.#end(leg, opened.cause, now);
      return;
    }
    if (offered.offer === undefined) this.#owingAnswer.add(leg);
    const customer = directory.customers.get(customerId);
    if (customer === undefined || customer.status !== 'active') {
      this.#end(leg, 'forbidden', now);
      return;
    }
    const route = routeOf(directory, customerId, offered.toUser, at);
    if (route.kind === 'refused') {
      this.#end(leg, route.cause, now);
      return;
    }
    const callees: LegId[] = [];
    for (const binding of route.bindings) {
      const callee = this.#dial(caller, offered, binding, now);
      if (callee !== undefined) callees.push(callee);
    }
    if (callees.length === 0) {
      this.#end(leg, 'media-overloaded', now);
      return;
    }
    caller.chain(callees.map((callee) => this.ledger.get(callee)!.record.id));
    const attempt = new Attempt(leg, callees);
    for (const member of [leg, ...callees]) this.#attempts.set(member, attempt);
    this.#arm(leg, { kind: 'ring', caller: leg }, now + this.#ports.ringTimeoutMs);
    signaling.ring(leg, undefined);
    if (caller.ring(at)) this.ledger.publish('call_ringing', caller.record, now);
  }

  /** Rings one contact of the callee; undefined when media has no place for it. */
  #dial(caller: Call, offered: Offered, binding: Binding, now: Instant): LegId | undefined {
    const { media, signaling, nextLeg } = this.#ports;
    const leg = nextLeg();
    const via: TransportAddress = { transport: binding.transport, address: binding.address, port: binding.port };
    if (media.open(leg, via, undefined, caller.leg).kind === 'refused') return undefined;
    this.ledger.create(
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

  // ── The callee's side moves ───────────────────────────────────────────────────────────────────────────────

  #ringing(leg: LegId, body: Uint8Array | undefined, now: Instant): void {
    const call = this.ledger.get(leg);
    if (call === undefined) return;
    if (call.ring(this.#ports.calendar(now))) this.ledger.publish('call_ringing', call.record, now);
    const attempt = this.#attempts.get(leg);
    if (body === undefined || attempt === undefined || attempt.isForked) return;
    const { media, signaling } = this.#ports;
    if (media.accept(leg, body).kind === 'refused') return;
    signaling.ring(attempt.caller, media.describe(attempt.caller, leg));
    media.bridge(attempt.caller, leg);
  }

  #answered(leg: LegId, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const { media, signaling, calendar } = this.#ports;
    const call = this.ledger.get(leg);
    const attempt = this.#attempts.get(leg);
    // The answer crossed our CANCEL, or came after another contact's: signalling hangs it up.
    if (call === undefined || attempt === undefined || call.status === 'canceling') return;
    this.ledger.saveDialog(leg, dialog);
    if (body === undefined || media.accept(leg, body).kind === 'refused') {
      this.#end(leg, 'not-acceptable', now);
      return;
    }
    if (call.answer(calendar(now))) this.ledger.publish('call_progressing', call.record, now);
    this.#settle(attempt);
    for (const other of attempt.callees) if (other !== leg) this.#end(other, 'answered-elsewhere', now);
    const caller = this.ledger.get(attempt.caller)!;
    signaling.answer(caller.leg, media.describe(caller.leg, leg));
    if (caller.answer(calendar(now))) this.ledger.publish('call_progressing', caller.record, now);
    media.bridge(caller.leg, leg);
    this.#peers.set(caller.leg, leg).set(leg, caller.leg);
    for (const member of [caller.leg, leg]) {
      this.#arm(member, { kind: 'duration', leg: member }, now + this.#ports.durationMaxMs);
    }
  }

  /** The ACK of a caller who made no offer must carry the answer to ours (RFC 3261 §13.2.1). */
  #confirmed(leg: LegId, answer: Uint8Array | undefined, now: Instant): void {
    const owesAnswer = this.#owingAnswer.delete(leg);
    if (this.ledger.get(leg) === undefined || (answer === undefined && !owesAnswer)) return;
    const isAccepted = answer !== undefined && this.#ports.media.accept(leg, answer).kind !== 'refused';
    if (!isAccepted) this.#end(leg, 'not-acceptable', now);
  }

  #reoffered(leg: LegId, offer: Uint8Array | undefined): void {
    const { media, signaling } = this.#ports;
    if (this.ledger.get(leg) === undefined) return;
    if (offer === undefined) {
      signaling.acceptOffer(leg, media.describe(leg, undefined));
      return;
    }
    const verdict = media.renegotiate(leg, offer);
    if (verdict.kind === 'answer') signaling.acceptOffer(leg, verdict.body);
    else signaling.refuseOffer(leg, verdict.cause);
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  /** We end a leg; it is over when signalling says so. */
  #end(leg: LegId, cause: Cause, now: Instant): void {
    const call = this.ledger.get(leg);
    if (call === undefined || !call.endLocally(cause, this.#ports.calendar(now))) return;
    this.ledger.publish(call.status === 'canceling' ? 'call_canceling' : 'call_terminating', call.record, now);
    this.#ports.signaling.hangup(leg, cause);
    this.#part(leg, cause, now);
  }

  /** Whoever was connected to the leg, or rings for it, does not wait until its end is confirmed. */
  #part(leg: LegId, cause: Cause, now: Instant): void {
    const attempt = this.#attempts.get(leg);
    if (attempt?.caller === leg) {
      this.#settle(attempt);
      for (const callee of attempt.callees) this.#end(callee, cause === 'normal' ? 'canceled' : cause, now);
    }
    const peer = this.#peers.get(leg);
    if (peer === undefined) return;
    this.#peers.delete(leg);
    this.#peers.delete(peer);
    this.#end(peer, cause === 'canceled' ? 'normal' : cause, now);
  }

  #over(leg: LegId, cause: Cause, now: Instant): void {
    const left = this.#leftBehind.get(leg);
    if (left !== undefined) {
      this.#leftBehind.delete(leg);
      this.ledger.dropDialog(left);
      return;
    }
    const call = this.ledger.get(leg);
    if (call === undefined) return;
    call.end(cause, this.#ports.calendar(now));
    this.ledger.publish('call_hangup', call.record, now);
    this.ledger.forget(call);
    this.#owingAnswer.delete(leg);
    this.#disarm(leg);
    this.#ports.media.close(leg);
    const final = call.record.cause ?? cause;
    this.#part(leg, final, now);
    const attempt = this.#attempts.get(leg);
    if (attempt === undefined) return;
    this.#attempts.delete(leg);
    if (!attempt.drop(leg, final)) return;
    this.#settle(attempt);
    this.#end(attempt.caller, attempt.cause, now);
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

  // ── Timers ────────────────────────────────────────────────────────────────────────────────────────────────

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
