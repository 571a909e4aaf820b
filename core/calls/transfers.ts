import type { Directory } from '../directory/directory.ts';
import type { Flow } from '../directory/records.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type ActiveflowId, type LegId, timeOrderedUuid } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows, MediaPlane, Signaling, SignalingEvent } from '../ports.ts';
import type { Dialling } from '../routing/destination.ts';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import { flowStartOf } from './call-flow.ts';
import type { CallLife } from './call-life.ts';
import { CAUSES, type Cause } from './cause.ts';
import type { Connecting } from './connecting.ts';
import { type Connection, type Connections, otherOf, tokenFor } from './connections.ts';
import type { Dialler, DialTerms } from './dialler.ts';
import type { HoldMusic } from './hold-music.ts';
import { addressOf, isOurs, isSameParty, targetOf } from './transfer-target.ts';

export interface TransferPorts {
  readonly directory: Directory;
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  readonly flows: Flows;
  readonly calendar: Calendar;
  readonly random: Random;
  /** ISO 3166-1 alpha-2, for national forms of numbers; '' for none. */
  readonly country: string;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
}

export interface TransferParts {
  readonly life: CallLife;
  readonly dialler: Dialler;
  readonly connecting: Connecting;
  readonly connections: Connections;
  readonly music: HoldMusic;
}

type Referred = Extract<SignalingEvent, { kind: 'referred' }>;

/** Two who talk, of whom the one brings the other together with somebody else. */
export interface Pair {
  readonly transferor: Call;
  readonly transferee: Call;
  readonly connection: Connection;
}

/** A call on its way from one party to another. */
interface Transfer {
  /** Undefined when no phone, but a command asked for it. */
  readonly referral: number | undefined;
  /** Whom the transferee talks to until somebody else answers; undefined when they have hung up. */
  transferor: LegId | undefined;
  /** As it was, for when nobody answers. */
  readonly connection: Connection;
  /** The transferee's, as that of a caller, and those who ring for it. */
  readonly attempt: Attempt;
}

const RINGING = 180;
const OK = 200;

/**
 * Calls that change their parties while they last: a phone transfers whom it talks to (RFC 5589), or a command does. A
 * transferee talks to the transferor until somebody else answers, or hears ringback when the transferor has hung up;
 * when nobody does, both talk on.
 */
export class Transfers {
  readonly #ports: TransferPorts;
  readonly #parts: TransferParts;
  readonly #life: CallLife;
  /** By the legs of transferor, transferee and each of those who ring. */
  readonly #transfers = new LiveMap<LegId, Transfer>();
  /** Transferors who are being told that it is done. */
  readonly #leaving = new Map<number, LegId>();

  constructor(ports: TransferPorts, parts: TransferParts) {
    this.#ports = ports;
    this.#parts = parts;
    this.#life = parts.life;
  }

  /** Legs that belong to a transfer which is not over. */
  get size(): number {
    return this.#transfers.size + this.#leaving.size;
  }

  isTarget(leg: LegId): boolean {
    return this.attemptFor(leg) !== undefined;
  }

  /** The attempt that this callee rings for. */
  attemptFor(callee: LegId): Attempt | undefined {
    const attempt = this.#transfers.get(callee)?.attempt;
    return attempt?.callees.includes(callee) === true ? attempt : undefined;
  }

  /** Whom the party of this leg still talks to, while others ring. */
  farOf(leg: LegId): LegId | undefined {
    const transfer = this.#transfers.get(leg);
    if (transfer === undefined) return undefined;
    if (leg === transfer.attempt.caller) return transfer.transferor;
    return leg === transfer.transferor ? transfer.attempt.caller : undefined;
  }

  /** The party of this leg and whom it talks to; undefined when there is nobody to be transferred. */
  pairOf(leg: LegId): Pair | undefined {
    const { ledger } = this.#life;
    const transferor = ledger.get(leg);
    const connection = this.#parts.connections.of(leg);
    const transferee = connection && ledger.get(otherOf(connection, leg));
    if (connection === undefined || transferor?.isGoingOn !== true || transferee?.isGoingOn !== true) return undefined;
    return { transferor, transferee, connection };
  }

  // ── Asked for by a phone ──────────────────────────────────────────────────────────────────────────────────

  /** Phones and trunks of ours may transfer whom they talk to, and within a call of theirs alone. */
  referred(referred: Referred, now: Instant): void {
    const { leg, referral, replaces } = referred;
    const pair = this.pairOf(leg);
    if (pair === undefined || !isOurs(pair.transferor.record)) {
      this.#ports.signaling.answerReferral(referral, 'declined');
      return;
    }
    if (replaces === undefined) this.#transfer(pair, referred, now);
    else if (!this.#join(pair, referral, replaces, now) && !this.#joinRinging(pair, referral, replaces, now)) {
      this.#ports.signaling.answerReferral(referral, 'declined');
    }
  }

  /** Attended (RFC 5359 §2.5): the two whom the transferor talks to go on with each other. False when it cannot be. */
  #join({ transferor, transferee, connection }: Pair, referral: number, replaces: LegId, now: Instant): boolean {
    const { connections } = this.#parts;
    const second = this.pairOf(replaces);
    if (second === undefined || second.connection === connection) return false;
    const { transferee: target, connection: other } = second;
    const tokens = [tokenFor(connection, transferee.leg), tokenFor(other, target.leg)] as const;
    // Two flows would each wait for the end of its own connection.
    const isBetweenFlows = tokens[0] !== undefined && tokens[1] !== undefined;
    if (!isSameParty(transferor.record, second.transferor.record) || isBetweenFlows) return false;
    this.#ports.signaling.answerReferral(referral, undefined);
    connections.release(connection);
    connections.release(other);
    const [caller, callee] = tokens[1] === undefined ? [transferee, target] : [target, transferee];
    this.#ports.media.bridge(transferee.leg, target.leg);
    connections.tie({ caller: caller.leg, callee: callee.leg, token: tokens[0] ?? tokens[1] });
    this.letGo(referral, transferor.leg, now);
    this.#life.end(second.transferor.leg, 'normal', now);
    return true;
  }

  /**
   * Attended, before the target has answered (RFC 5589 §7.2, the dialog is still early): it rings on, for the transferee
   * from now on, as if the transferor had not called it before. False when nobody rings for the transferor.
   */
  #joinRinging({ transferor, transferee, connection }: Pair, referral: number, ringing: LegId, now: Instant): boolean {
    const second = this.#life.ledger.get(ringing);
    if (second === undefined || !isSameParty(transferor.record, second.record)) return false;
    const handed = this.#parts.connecting.handOver(ringing);
    if (handed === undefined) return false;
    this.#ports.signaling.answerReferral(referral, undefined);
    const attempt = new Attempt(transferee.leg, handed.callees);
    for (const callee of attempt.callees) this.#follow(callee, transferee, now);
    this.#begin({ referral, transferor: transferor.leg, connection, attempt }, transferee, now);
    const isHeard = attempt.callees.some((callee) => this.#life.ledger.get(callee)!.status === 'ringing');
    if (isHeard) this.#report(referral, RINGING);
    this.#life.end(ringing, 'answered-elsewhere', now);
    return true;
  }

  /** A callee belongs to another call from now on. */
  #follow(callee: LegId, { record }: Call, now: Instant): void {
    const { ledger } = this.#life;
    const call = ledger.get(callee)!;
    call.change({ masterCallId: record.id }, this.#ports.calendar(now));
    ledger.publish('call_updated', call, now);
  }

  /** Unattended (RFC 5359 §2.4): somebody is called for the transferee, in the transferor's right. */
  #transfer(pair: Pair, referred: Referred, now: Instant): void {
    const { signaling, directory, calendar, country } = this.#ports;
    const { referral, referredBy } = referred;
    const { transferor, transferee, connection } = pair;
    signaling.answerReferral(referral, undefined);
    const asking = { customerId: transferor.record.customerId, at: calendar(now), country };
    const target = targetOf(directory, { ...asking, source: addressOf(transferor.record) }, referred);
    // A call runs one flow at a time.
    const isBusy = target.kind === 'flow' && transferee.record.activeflowId !== null;
    if (target.kind === 'nobody' || isBusy) {
      this.#report(referral, CAUSES[target.kind === 'nobody' ? target.cause : 'declined'].sipStatus);
      return;
    }
    if (target.kind === 'flow') {
      this.#parts.connections.release(connection);
      this.#run(transferee, target.flow, now);
      this.letGo(referral, transferor.leg, now);
      return;
    }
    const attempt = this.dial(pair, transferee, target.diallings, referredBy, now);
    if (attempt.callees.length === 0) this.#report(referral, CAUSES[attempt.cause].sipStatus);
    else this.#begin({ referral, transferor: transferor.leg, connection, attempt }, transferee, now);
  }

  /** Those who can be called, in the transferor's right, for this party of the two. */
  dial(
    { transferor }: Pair,
    caller: Call,
    diallings: readonly Dialling[],
    referredBy: string | undefined,
    now: Instant,
  ): Attempt {
    const terms: DialTerms = {
      customerId: transferor.record.customerId,
      source: addressOf(caller.record),
      master: caller,
      isAnonymous: false,
      ...(referredBy === undefined ? {} : { referredBy }),
    };
    const attempt = new Attempt(caller.leg, []);
    for (const dialling of diallings) {
      const callee = this.#parts.dialler.dial(dialling, terms, now);
      if (typeof callee === 'string') attempt.miss(callee);
      else attempt.add(callee.leg);
    }
    return attempt;
  }

  #begin(transfer: Transfer, transferee: Call, now: Instant): void {
    const { attempt, transferor, connection } = transfer;
    this.#transfers.set(transferee.leg, transfer);
    if (transferor !== undefined) this.#transfers.set(transferor, transfer);
    for (const callee of attempt.callees) this.#transfers.set(callee, transfer);
    if (transferor !== undefined) this.#parts.connections.release(connection);
    transferee.chain(attempt.callees.map((callee) => this.#life.ledger.get(callee)!.record.id));
    this.#life.arm('ring', transferee.leg, now + this.#ports.ringTimeoutMs);
  }

  #run(call: Call, flow: Flow, now: Instant): void {
    const { calendar, random, media, flows } = this.#ports;
    const at = calendar(now);
    media.unbridge(call.leg);
    call.change({ flowId: flow.id, activeflowId: timeOrderedUuid(random, at) as ActiveflowId }, at);
    this.#life.ledger.publish('call_updated', call, now);
    flows.start(flowStartOf(call.record, flow));
  }

  #report(referral: number | undefined, status: number): void {
    if (referral !== undefined) this.#ports.signaling.reportReferral(referral, status);
  }

  /** It is done: the transferor is told, and then let go. */
  letGo(referral: number | undefined, transferor: LegId | undefined, now: Instant): void {
    this.#report(referral, OK);
    if (transferor === undefined) return;
    this.#ports.media.unbridge(transferor);
    if (referral === undefined) this.#life.end(transferor, 'normal', now);
    else this.#leaving.set(referral, transferor);
  }

  /** A transferor knows what came of it. */
  told(referral: number, now: Instant): void {
    const leg = this.#leaving.get(referral);
    this.#leaving.delete(referral);
    if (leg !== undefined) this.#life.end(leg, 'normal', now);
  }

  // ── Asked for by a command ────────────────────────────────────────────────────────────────────────────────

  /**
   * The transferor is let go at once, or has gone; the transferee hears ringback until one of these answers, and ends when
   * none does.
   */
  sendOff({ transferor, transferee, connection }: Pair, attempt: Attempt, now: Instant): void {
    const isThere = transferor.isGoingOn;
    if (!isThere) attempt.hears = 'ringback';
    const leaving = isThere ? transferor.leg : undefined;
    this.#begin({ referral: undefined, transferor: leaving, connection, attempt }, transferee, now);
    if (isThere) this.#life.end(transferor.leg, 'normal', now);
  }

  // ── Those who ring ────────────────────────────────────────────────────────────────────────────────────────

  ringing(callee: Call, early: Uint8Array | undefined, now: Instant): void {
    const { media } = this.#ports;
    const { attempt, transferor, referral } = this.#transfers.get(callee.leg)!;
    this.#life.markRinging(callee, now);
    this.#report(referral, RINGING);
    if (early === undefined || attempt.isForked || transferor !== undefined) return;
    if (!this.#life.acceptEarly(callee, early)) return;
    attempt.hears = 'callee';
    media.bridge(attempt.caller, callee.leg);
  }

  answered(callee: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    if (this.#life.accept(callee, body, dialog, now)) {
      this.#life.markAnswered(callee, now);
      this.complete(callee, callee.leg, now);
    }
  }

  /** Somebody who is answered goes on with the transferee for whom `place` rings: that callee, or who picks up for it. */
  complete(callee: Call, place: LegId, now: Instant): void {
    const transfer = this.#transfers.get(place)!;
    const { attempt, connection, transferor, referral } = transfer;
    this.#settle(transfer);
    for (const other of attempt.callees) if (other !== callee.leg) this.#life.end(other, 'answered-elsewhere', now);
    this.#ports.media.bridge(attempt.caller, callee.leg);
    const token = tokenFor(connection, attempt.caller);
    this.#parts.connections.tie({ caller: attempt.caller, callee: callee.leg, token });
    this.#life.armDuration(callee.leg, now);
    this.letGo(referral, transferor, now);
  }

  /** One who rang is over. When it was the last, the transferor is told, and takes the call back. */
  missed(leg: LegId, cause: Cause, now: Instant): void {
    const transfer = this.#transfers.get(leg);
    if (transfer === undefined || !transfer.attempt.callees.includes(leg)) return;
    this.#transfers.delete(leg);
    if (!transfer.attempt.drop(leg, cause)) return;
    this.#settle(transfer);
    this.#fail(transfer, transfer.attempt.cause, now);
  }

  /** Nobody answered in time. False when the leg is no transferee. */
  giveUp(transferee: LegId, now: Instant): boolean {
    const transfer = this.#transfers.get(transferee);
    if (transfer === undefined) return false;
    this.#settle(transfer);
    for (const callee of transfer.attempt.callees) this.#life.end(callee, 'no-answer', now);
    this.#fail(transfer, 'no-answer', now);
    return true;
  }

  #fail({ referral, transferor, connection, attempt }: Transfer, cause: Cause, now: Instant): void {
    this.#report(referral, CAUSES[cause].sipStatus);
    if (transferor !== undefined) {
      this.#parts.connections.tie(connection);
      return;
    }
    const { media } = this.#ports;
    if (attempt.hears === 'ringback') media.stopPlaying(attempt.caller);
    else media.unbridge(attempt.caller);
    this.#life.disconnect(attempt.caller, tokenFor(connection, attempt.caller), cause, now);
  }

  // ── Somebody leaves ───────────────────────────────────────────────────────────────────────────────────────

  /** A call ends: a transferor who did their part, or a transferee who waits no longer. */
  part(leg: LegId, cause: Cause, now: Instant): void {
    const transfer = this.#transfers.get(leg);
    if (transfer === undefined) return;
    const { attempt } = transfer;
    if (leg === transfer.transferor) {
      this.#transfers.delete(leg);
      transfer.transferor = undefined;
      attempt.hears = 'ringback';
      this.#parts.music.moved(attempt.caller);
      this.#ports.media.unbridge(attempt.caller);
      this.#ports.media.play(attempt.caller, this.#life.ringbackOf(attempt.callees));
    } else if (leg === attempt.caller) this.#abandon(transfer, cause, now);
  }

  /** The flow of a transferee wants something else of it. */
  drop(transferee: LegId, now: Instant): void {
    const transfer = this.#transfers.get(transferee);
    if (transfer?.attempt.caller === transferee) this.#abandon(transfer, 'canceled', now);
  }

  #abandon(transfer: Transfer, cause: Cause, now: Instant): void {
    const { attempt, transferor, referral } = transfer;
    this.#settle(transfer);
    for (const callee of attempt.callees) this.#life.end(callee, 'canceled', now);
    this.#report(referral, CAUSES.canceled.sipStatus);
    if (transferor !== undefined) this.#life.end(transferor, cause === 'canceled' ? 'normal' : cause, now);
  }

  #settle({ attempt, transferor }: Transfer): void {
    this.#life.disarm('ring', attempt.caller);
    this.#transfers.delete(attempt.caller);
    if (transferor !== undefined) this.#transfers.delete(transferor);
    for (const callee of attempt.callees) this.#transfers.delete(callee);
  }
}
