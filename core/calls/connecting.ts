import type { Directory } from '../directory/directory.ts';
import type { Binding, Extension } from '../directory/records.ts';
import type { CallDemand } from '../flows/call-control.ts';
import { assert } from '../kernel/assert.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Redirect, Signaling } from '../ports.ts';
import { type Calling, type Dialling, diallingOf, reachOf } from '../routing/destination.ts';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { Cause } from './cause.ts';
import type { Connections } from './connections.ts';
import type { Dialler, DialTerms } from './dialler.ts';
import { ringOrder } from './ring-order.ts';
import { ringbackOf } from './ringback.ts';
import type { Sounds } from './sounds.ts';
import { targetOf } from './transfer-target.ts';

export interface ConnectingPorts {
  readonly directory: Directory;
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  readonly calendar: Calendar;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
  /** ISO 3166-1 alpha-2, for national forms of numbers. */
  readonly country?: string;
}

type ConnectDemand = Extract<CallDemand, { kind: 'connect' }>;

/**
 * Callers and the callees that ring for them: all at once, the first to answer is connected. A caller who dialled an
 * extension shares its callees' fate; one whose flow asked for the connection goes on with the flow.
 */
export class Connecting {
  readonly #ports: ConnectingPorts;
  readonly #life: CallLife;
  readonly #dialler: Dialler;
  readonly #sounds: Sounds;
  readonly #connections: Connections;
  /** Attempts by the caller's leg and by every callee's. */
  readonly #attempts = new LiveMap<LegId, Attempt>();
  /** Callers whose flow wanted them connected, in vain, until it is asked. */
  readonly #failed = new Set<LegId>();

  constructor(ports: ConnectingPorts, life: CallLife, dialler: Dialler, sounds: Sounds, connections: Connections) {
    this.#ports = ports;
    this.#life = life;
    this.#dialler = dialler;
    this.#sounds = sounds;
    this.#connections = connections;
  }

  isTarget(leg: LegId): boolean {
    const attempt = this.#attempts.get(leg);
    return attempt !== undefined && attempt.caller !== leg;
  }

  /** The attempt that this callee rings for. */
  attemptFor(callee: LegId): Attempt | undefined {
    return this.isTarget(callee) ? this.#attempts.get(callee) : undefined;
  }

  // ── Begin ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A caller dialled an extension: every phone that is registered for it rings. */
  connectToExtension(caller: Call, extension: Extension, bindings: readonly Binding[], now: Instant): void {
    const { destination } = caller.record;
    const diallings = bindings.map((binding) => diallingOf(destination, extension, binding));
    if (this.connectTo(caller, diallings, now)) this.#life.ring(caller, undefined, now);
  }

  /** A caller dialled whom these reach. False when nobody could be called, and the caller has been told. */
  connectTo(caller: Call, diallings: readonly Dialling[], now: Instant): boolean {
    const { customerId, source } = caller.record;
    const terms: DialTerms = { customerId, source, master: caller, isAnonymous: false };
    const attempt = new Attempt(caller.leg, []);
    attempt.terms = terms;
    if (!this.#ringNext(attempt, ringOrder(diallings), now)) {
      this.#life.end(caller.leg, attempt.cause, now);
      return false;
    }
    this.#begin(attempt, caller, now);
    return true;
  }

  /** The flow of a call wants it connected. News: connected, then disconnected; or disconnected alone. */
  connect(caller: Call, demand: ConnectDemand, now: Instant): void {
    this.drop(caller.leg, now);
    const { customerId } = caller.record;
    const source = demand.source ?? caller.record.source;
    const isAnonymous = demand.anonymous === 'yes';
    const terms: DialTerms = { customerId, source, master: caller, isAnonymous };
    const attempt = new Attempt(caller.leg, [], demand);
    attempt.terms = terms;
    if (!this.#ringNext(attempt, ringOrder(this.#reached(caller, demand, attempt, now)), now)) {
      this.#fail(attempt, attempt.cause, now);
      return;
    }
    this.#begin(attempt, caller, now);
    if (!this.#life.isHearing(caller)) {
      this.#life.ring(caller, undefined, now);
      return;
    }
    attempt.hears = 'ringback';
    this.#sounds.over(caller.leg);
    this.#ports.media.play(caller.leg, ringbackOf(demand.destinations));
  }

  #reached(caller: Call, demand: ConnectDemand, attempt: Attempt, now: Instant): readonly Dialling[] {
    const { directory, calendar } = this.#ports;
    const { record } = caller;
    const calling: Calling = {
      customerId: record.customerId,
      source: demand.source ?? record.source,
      forwardedFrom:
        record.direction === 'incoming' && record.destination.type === 'tel' ? record.destination.target : '',
    };
    const diallings: Dialling[] = [];
    for (const destination of demand.destinations.slice(0, DESTINATIONS_MAX)) {
      const reach = reachOf(directory, calling, destination, calendar(now));
      if (reach.kind === 'diallings') diallings.push(...reach.diallings);
      else attempt.miss(reach.cause);
    }
    return diallings;
  }

  #begin(attempt: Attempt, caller: Call, now: Instant): void {
    this.#attempts.set(caller.leg, attempt);
    this.#join(attempt, attempt.callees);
    this.#armRing(attempt, now);
  }

  /** The first of these groups of which somebody can be called; those after it are kept for later. False when there is none. */
  #ringNext(attempt: Attempt, groups: readonly (readonly Dialling[])[], now: Instant): boolean {
    const terms = attempt.terms!;
    for (const [index, group] of groups.entries()) {
      attempt.later = groups.slice(index + 1);
      let isRinging = false;
      for (const dialling of group) {
        const callee = this.#dialler.dial(dialling, terms, now);
        if (typeof callee === 'string') attempt.miss(callee);
        else attempt.add(callee.leg);
        isRinging ||= typeof callee !== 'string';
      }
      if (isRinging) return true;
    }
    return false;
  }

  #join(attempt: Attempt, callees: readonly LegId[]): void {
    const { ledger } = this.#life;
    ledger.get(attempt.caller)!.chain(callees.map((callee) => ledger.get(callee)!.record.id));
    for (const callee of callees) this.#attempts.set(callee, attempt);
  }

  /** As long as others are left, a group that does not answer makes room for them. */
  #armRing(attempt: Attempt, now: Instant): void {
    const { ringTimeoutMs } = this.#ports;
    const ringMs = attempt.later.length === 0 ? ringTimeoutMs : Math.min(ringTimeoutMs, GROUP_RING_MS);
    this.#life.arm('ring', attempt.caller, now + ringMs);
  }

  /** Those of a lower q ring, when there are any. */
  #ringLater(attempt: Attempt, now: Instant): boolean {
    const known = attempt.callees.length;
    // Who declines does so for all of their phones (RFC 3261 §16.7 step 5).
    if (attempt.later.length === 0 || attempt.cause === 'declined') return false;
    if (!this.#ringNext(attempt, attempt.later, now)) return false;
    this.#join(attempt, attempt.callees.slice(known));
    this.#armRing(attempt, now);
    return true;
  }

  // ── A callee moves ────────────────────────────────────────────────────────────────────────────────────────

  ringing(callee: Call, early: Uint8Array | undefined, now: Instant): void {
    this.#life.markRinging(callee, now);
    const attempt = this.#attempts.get(callee.leg);
    if (attempt === undefined) return;
    const caller = this.#life.ledger.get(attempt.caller)!;
    // A phone of ours rings at once as far as its caller is told; what is outside rings when it says so.
    if (early === undefined && caller.status === 'dialing') this.#life.ring(caller, undefined, now);
    if (early === undefined || attempt.isForked || attempt.wish?.isEarlyMediaHeard === false) return;
    const { media } = this.#ports;
    if (!this.#life.acceptEarly(callee, early)) return;
    if (!caller.isAnswered) this.#life.ring(caller, media.describe(caller.leg, callee.leg), now);
    attempt.hears = 'callee';
    media.bridge(caller.leg, callee.leg);
  }

  answered(callee: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    if (!this.#life.accept(callee, body, dialog, now)) return;
    this.#life.markAnswered(callee, now);
    this.complete(callee, callee.leg, now);
  }

  /** Somebody who is answered is connected with the caller for whom `place` rings: that callee, or who picks up for it. */
  complete(callee: Call, place: LegId, now: Instant): void {
    const attempt = this.#attempts.get(place);
    assert(attempt !== undefined, 'a callee belongs to an attempt');
    this.#settle(attempt);
    for (const other of attempt.callees) if (other !== callee.leg) this.#life.end(other, 'answered-elsewhere', now);
    const caller = this.#life.ledger.get(attempt.caller)!;
    const wasAnswered = caller.isAnswered;
    this.#life.answer(caller, callee.leg, now);
    const token = attempt.wish?.token;
    if (token !== undefined) this.#sounds.over(caller.leg);
    this.#ports.media.bridge(caller.leg, callee.leg);
    this.#connections.tie({ caller: caller.leg, callee: callee.leg, token });
    if (!wasAnswered) this.#life.armDuration(caller.leg, now);
    this.#life.armDuration(callee.leg, now);
    if (token !== undefined) {
      this.#life.tell(caller.record.id, { kind: 'connected', token, peer: callee.record });
    }
  }

  /**
   * A phone of ours forwards the call (RFC 3261 §21.3): those ring whom it could have called itself, the first of them that
   * there is; its own leg is over. False when nobody is called. Redirections of others are not followed: who is called
   * decides for nobody else what a call may cost.
   */
  redirected(leg: LegId, redirects: readonly Redirect[], now: Instant): boolean {
    const { directory, calendar, country = '' } = this.#ports;
    const attempt = this.attemptFor(leg);
    const terms = attempt?.terms;
    const extensionId = this.#life.ledger.get(leg)?.record.extensionId;
    if (terms === undefined || extensionId === null || extensionId === undefined) return false;
    if (attempt === undefined || attempt.redirectCount >= REDIRECTS_MAX) return false;
    const transferring = { customerId: terms.customerId, source: terms.source, at: calendar(now), country };
    for (const redirect of redirects) {
      const target = targetOf(directory, transferring, redirect);
      if (target.kind !== 'phones') continue;
      const known = attempt.callees.length;
      if (!this.#ringNext(attempt, [target.diallings, ...attempt.later], now)) continue;
      attempt.redirectCount++;
      this.#join(attempt, attempt.callees.slice(known));
      return true;
    }
    return false;
  }

  /** Those who ring for this caller do so for another one from now on; undefined when nobody does, or a flow waits for them. */
  handOver(caller: LegId): Attempt | undefined {
    const attempt = this.#attempts.get(caller);
    if (attempt?.caller !== caller || attempt.wish !== undefined) return undefined;
    this.#settle(attempt);
    this.#silence(attempt);
    return attempt;
  }

  /** A callee is over. When it was the last, the caller is told the best of the refusals (RFC 3261 §16.7 step 6). */
  missed(leg: LegId, cause: Cause, now: Instant): void {
    const attempt = this.#attempts.get(leg);
    if (attempt === undefined) return;
    this.#attempts.delete(leg);
    if (!attempt.drop(leg, cause) || this.#ringLater(attempt, now)) return;
    this.#settle(attempt);
    this.#fail(attempt, attempt.cause, now);
  }

  /** Nobody answered in time. The caller is told at once, whether or not the callees confirm their CANCEL. */
  giveUp(caller: LegId, now: Instant): boolean {
    const attempt = this.#attempts.get(caller);
    if (attempt === undefined) return false;
    const silent = attempt.callees;
    const goesOn = this.#ringLater(attempt, now);
    for (const callee of silent) {
      this.#attempts.delete(callee);
      attempt.drop(callee, 'no-answer');
      this.#life.end(callee, 'no-answer', now);
    }
    if (goesOn) return true;
    this.#settle(attempt);
    this.#fail(attempt, 'no-answer', now);
    return true;
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  /** The flow wants no connection any more, or another. News: disconnected, when there was one or it was being made. */
  disconnect(caller: Call, now: Instant): void {
    const token = this.#tokenOf(caller.leg);
    this.drop(caller.leg, now);
    if (token !== undefined) this.#life.tell(caller.record.id, { kind: 'disconnected', token, cause: 'normal' });
  }

  /** As `disconnect`, without news. */
  drop(caller: LegId, now: Instant): void {
    const attempt = this.#attempts.get(caller);
    if (attempt?.wish !== undefined && attempt.caller === caller) {
      this.#settle(attempt);
      this.#silence(attempt);
      for (const callee of attempt.callees) this.#life.end(callee, 'canceled', now);
    }
    const connection = this.#connections.of(caller);
    if (connection?.token === undefined || connection.caller !== caller) return;
    this.#connections.release(connection);
    this.#ports.media.unbridge(caller);
    this.#life.end(connection.callee, 'normal', now);
  }

  /** Whether nobody could be connected with the caller; true once. */
  takeFailure(caller: LegId): boolean {
    return this.#failed.delete(caller);
  }

  /** A call ends: whoever was connected to it, or rings for it, does not wait until its end is confirmed. */
  part(leg: LegId, cause: Cause, now: Instant): void {
    this.#failed.delete(leg);
    const attempt = this.#attempts.get(leg);
    if (attempt?.caller === leg) {
      this.#settle(attempt);
      for (const callee of attempt.callees) this.#life.end(callee, cause === 'normal' ? 'canceled' : cause, now);
    }
    const connection = this.#connections.of(leg);
    if (connection === undefined) return;
    this.#connections.release(connection);
    const { caller, callee, token } = connection;
    if (token === undefined || leg === caller) {
      this.#life.end(leg === caller ? callee : caller, cause === 'canceled' ? 'normal' : cause, now);
      return;
    }
    const stays = this.#life.ledger.get(caller);
    if (stays?.isGoingOn !== true) return;
    this.#ports.media.unbridge(caller);
    this.#life.tell(stays.record.id, { kind: 'disconnected', token, cause });
  }

  #tokenOf(caller: LegId): number | undefined {
    const attempt = this.#attempts.get(caller);
    if (attempt?.caller === caller) return attempt.wish?.token;
    const connection = this.#connections.of(caller);
    return connection?.caller === caller ? connection.token : undefined;
  }

  #fail(attempt: Attempt, cause: Cause, now: Instant): void {
    if (attempt.wish === undefined) {
      this.#life.end(attempt.caller, cause, now);
      return;
    }
    this.#silence(attempt);
    this.#failed.add(attempt.caller);
    const caller = this.#life.ledger.get(attempt.caller)!;
    this.#life.tell(caller.record.id, { kind: 'disconnected', token: attempt.wish.token, cause });
  }

  /** The caller hears no ringback and no early media any more. */
  #silence(attempt: Attempt): void {
    if (attempt.hears === 'ringback') this.#ports.media.stopPlaying(attempt.caller);
    else if (attempt.hears === 'callee') this.#ports.media.unbridge(attempt.caller);
  }

  /** The attempt is decided: its members go on, or end, each by itself. */
  #settle(attempt: Attempt): void {
    this.#life.disarm('ring', attempt.caller);
    this.#attempts.delete(attempt.caller);
    for (const callee of attempt.callees) this.#attempts.delete(callee);
  }
}

/** Destinations of one connection; those after them are not called. */
const DESTINATIONS_MAX = 100;
/** Phones that forward to each other would do so for ever. */
const REDIRECTS_MAX = 5;
/** How long phones ring before those of a lower q do. */
const GROUP_RING_MS = 20_000;
