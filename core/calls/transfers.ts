import type { Directory } from '../directory/directory.ts';
import type { Flow } from '../directory/records.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type ActiveflowId, type LegId, timeOrderedUuid } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Caller, Flows, MediaPlane, Signaling, SignalingEvent } from '../ports.ts';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import { flowStartOf } from './call-flow.ts';
import type { CallLife } from './call-life.ts';
import { CAUSES, type Cause } from './cause.ts';
import type { Connecting, Connection } from './connecting.ts';
import type { Dialler, DialTerms } from './dialler.ts';
import { addressOf, targetOf } from './transfer-target.ts';

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

type Referred = Extract<SignalingEvent, { kind: 'referred' }>;

/** A call on its way from one party to another. */
interface Transfer {
  readonly referral: number;
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
 * Calls that change their parties while they last: a phone transfers whom it talks to (RFC 5589), and another takes the
 * place of one that talks or rings (RFC 3891). A transferee talks to the transferor until somebody else answers, or
 * hears ringback when the transferor has hung up; when nobody does, both talk on.
 */
export class Transfers {
  readonly #ports: TransferPorts;
  readonly #life: CallLife;
  readonly #dialler: Dialler;
  readonly #connecting: Connecting;
  /** By the legs of transferor, transferee and each of those who ring. */
  readonly #transfers = new Map<LegId, Transfer>();

  /** Transferors who are being told that it is done. */
  readonly #leaving = new Map<number, LegId>();

  constructor(ports: TransferPorts, life: CallLife, dialler: Dialler, connecting: Connecting) {
    this.#ports = ports;
    this.#life = life;
    this.#dialler = dialler;
    this.#connecting = connecting;
  }

  /** Legs that belong to a transfer which is not over. */
  get size(): number {
    return this.#transfers.size + this.#leaving.size;
  }

  isTarget(leg: LegId): boolean {
    return this.#transfers.get(leg)?.attempt.callees.includes(leg) === true;
  }

  // ── Transfer ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Phones and trunks of ours may transfer whom they talk to, and within a call of theirs alone. */
  referred(referred: Referred, now: Instant): void {
    const { leg, referral, replaces } = referred;
    const { ledger } = this.#life;
    const transferor = ledger.get(leg);
    const connection = this.#connecting.connectionOf(leg);
    const transferee = connection && ledger.get(otherOf(connection, leg));
    if (
      connection === undefined ||
      transferor?.isGoingOn !== true ||
      transferee?.isGoingOn !== true ||
      !isOurs(transferor)
    ) {
      this.#ports.signaling.answerReferral(referral, 'declined');
      return;
    }
    if (replaces !== undefined) this.#join(transferor, transferee, connection, { referral, replaces }, now);
    else this.#transfer(transferor, transferee, connection, referred, now);
  }

  /** Attended (RFC 5359 §2.5): the two whom the transferor talks to go on with each other. */
  #join(
    transferor: Call,
    transferee: Call,
    connection: Connection,
    { referral, replaces }: { readonly referral: number; readonly replaces: LegId },
    now: Instant,
  ): void {
    const { signaling } = this.#ports;
    const { ledger } = this.#life;
    const second = ledger.get(replaces);
    const other = this.#connecting.connectionOf(replaces);
    const target = other && ledger.get(otherOf(other, replaces));
    const isRefused =
      second === undefined ||
      other === undefined ||
      other === connection ||
      !isSameParty(transferor, second) ||
      // Two flows, each of which waits for the end of its own connection.
      (tokenFor(connection, transferee) !== undefined && tokenFor(other, target!) !== undefined);
    if (isRefused || target?.isGoingOn !== true) {
      signaling.answerReferral(referral, 'declined');
      return;
    }
    signaling.answerReferral(referral, undefined);
    this.#connecting.release(connection);
    this.#connecting.release(other);
    const keepsTarget = tokenFor(other, target) !== undefined;
    const [caller, callee] = keepsTarget ? [target, transferee] : [transferee, target];
    const token = tokenFor(connection, transferee) ?? tokenFor(other, target);
    this.#ports.media.bridge(transferee.leg, target.leg);
    this.#connecting.tie({ caller: caller.leg, callee: callee.leg, token });
    this.#letGo(referral, transferor.leg);
    this.#life.end(second.leg, 'normal', now);
  }

  /** It is done: the transferor is told, and then let go. */
  #letGo(referral: number, transferor: LegId | undefined): void {
    this.#ports.signaling.reportReferral(referral, OK);
    if (transferor === undefined) return;
    this.#ports.media.unbridge(transferor);
    this.#leaving.set(referral, transferor);
  }

  /** A transferor knows what came of it. */
  told(referral: number, now: Instant): void {
    const leg = this.#leaving.get(referral);
    this.#leaving.delete(referral);
    if (leg !== undefined) this.#life.end(leg, 'normal', now);
  }

  /** Unattended (RFC 5359 §2.4): somebody is called for the transferee, in the transferor's right. */
  #transfer(transferor: Call, transferee: Call, connection: Connection, referred: Referred, now: Instant): void {
    const { signaling, directory, calendar, country } = this.#ports;
    const { referral, referredBy } = referred;
    signaling.answerReferral(referral, undefined);
    const asking = { customerId: transferor.record.customerId, at: calendar(now), country };
    const target = targetOf(directory, { ...asking, source: addressOf(transferor.record) }, referred);
    // A call runs one flow at a time.
    const isBusy = target.kind === 'flow' && transferee.record.activeflowId !== null;
    if (target.kind === 'nobody' || isBusy) {
      signaling.reportReferral(referral, CAUSES[target.kind === 'nobody' ? target.cause : 'declined'].sipStatus);
      return;
    }
    if (target.kind === 'flow') {
      this.#connecting.release(connection);
      this.#run(transferee, target.flow, now);
      this.#letGo(referral, transferor.leg);
      return;
    }
    const { customerId } = transferor.record;
    const by = referredBy === undefined ? {} : { referredBy };
    const terms: DialTerms = {
      customerId,
      source: addressOf(transferee.record),
      master: transferee,
      isAnonymous: false,
      ...by,
    };
    const attempt = new Attempt(transferee.leg, []);
    for (const dialling of target.diallings) {
      const callee = this.#dialler.dial(dialling, terms, now);
      if (typeof callee === 'string') attempt.miss(callee);
      else attempt.add(callee.leg);
    }
    if (attempt.callees.length === 0) {
      signaling.reportReferral(referral, CAUSES[attempt.cause].sipStatus);
      return;
    }
    this.#begin({ referral, transferor: transferor.leg, connection, attempt }, transferee, now);
  }

  #begin(transfer: Transfer, transferee: Call, now: Instant): void {
    const { attempt, transferor, connection } = transfer;
    this.#connecting.release(connection);
    transferee.chain(attempt.callees.map((callee) => this.#life.ledger.get(callee)!.record.id));
    this.#transfers.set(transferor!, transfer).set(transferee.leg, transfer);
    for (const callee of attempt.callees) this.#transfers.set(callee, transfer);
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

  // ── Those who ring ────────────────────────────────────────────────────────────────────────────────────────

  ringing(callee: Call, early: Uint8Array | undefined, now: Instant): void {
    const { media, signaling } = this.#ports;
    const { attempt, transferor, referral } = this.#transfers.get(callee.leg)!;
    this.#life.markRinging(callee, now);
    signaling.reportReferral(referral, RINGING);
    if (early === undefined || attempt.isForked || transferor !== undefined) return;
    if (media.accept(callee.leg, early).kind === 'refused') return;
    attempt.hears = 'callee';
    media.bridge(attempt.caller, callee.leg);
  }

  answered(callee: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    if (this.#life.accept(callee, body, dialog, now)) {
      this.#life.markAnswered(callee, now);
      this.#complete(this.#transfers.get(callee.leg)!, callee, now);
    }
  }

  #complete(transfer: Transfer, callee: Call, now: Instant): void {
    const { attempt, connection, transferor, referral } = transfer;
    this.#settle(transfer);
    for (const other of attempt.callees) if (other !== callee.leg) this.#life.end(other, 'answered-elsewhere', now);
    this.#ports.media.bridge(attempt.caller, callee.leg);
    const token = connection.caller === attempt.caller ? connection.token : undefined;
    this.#connecting.tie({ caller: attempt.caller, callee: callee.leg, token });
    this.#life.armDuration(callee.leg, now);
    this.#letGo(referral, transferor);
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
    this.#ports.signaling.reportReferral(referral, CAUSES[cause].sipStatus);
    if (transferor !== undefined) {
      this.#connecting.tie(connection);
      return;
    }
    const { media } = this.#ports;
    if (attempt.hears === 'ringback') media.stopPlaying(attempt.caller);
    else media.unbridge(attempt.caller);
    const token = connection.caller === attempt.caller ? connection.token : undefined;
    if (token === undefined) this.#life.end(attempt.caller, cause, now);
    else this.#life.tell(this.#life.ledger.get(attempt.caller)!.record.id, { kind: 'disconnected', token, cause });
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
      this.#ports.media.unbridge(attempt.caller);
      this.#ports.media.play(attempt.caller, { kind: 'tone', tone: 'ringback' });
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
    this.#ports.signaling.reportReferral(referral, CAUSES.canceled.sipStatus);
    if (transferor !== undefined) this.#life.end(transferor, cause === 'canceled' ? 'normal' : cause, now);
  }

  #settle({ attempt, transferor }: Transfer): void {
    this.#life.disarm('ring', attempt.caller);
    this.#transfers.delete(attempt.caller);
    if (transferor !== undefined) this.#transfers.delete(transferor);
    for (const callee of attempt.callees) this.#transfers.delete(callee);
  }

  // ── Replacement ───────────────────────────────────────────────────────────────────────────────────────────

  /** Whom the party at this leg talks to or rings for, if this caller may take its place: else why not. */
  farFrom(replaced: LegId, caller: Caller): Call | Cause {
    const { ledger } = this.#life;
    const call = ledger.get(replaced);
    if (call?.isGoingOn !== true || caller.kind === 'provider' || caller.customerId !== call.record.customerId) {
      return 'forbidden';
    }
    const connection = this.#connecting.connectionOf(replaced);
    const waiting = this.isTarget(replaced)
      ? this.#transfers.get(replaced)!.attempt
      : this.#connecting.attemptFor(replaced);
    const leg = connection === undefined ? waiting?.caller : otherOf(connection, replaced);
    const far = leg === undefined ? undefined : ledger.get(leg);
    return far?.isGoingOn === true ? far : 'declined';
  }

  /** A caller takes the place of a leg that talks, or picks up for one that rings; what it replaces ends. */
  replace(caller: Call, replaced: LegId, far: Call, now: Instant): void {
    far.chain([caller.record.id]);
    this.#life.answer(caller, far.leg, now);
    const connection = this.#connecting.connectionOf(replaced);
    if (connection === undefined) {
      this.#pickUp(caller, replaced, now);
      return;
    }
    this.#connecting.release(connection);
    this.#ports.media.bridge(far.leg, caller.leg);
    this.#connecting.tie({ caller: far.leg, callee: caller.leg, token: tokenFor(connection, far) });
    this.#life.armDuration(caller.leg, now);
    this.#life.end(replaced, 'normal', now);
  }

  #pickUp(caller: Call, replaced: LegId, now: Instant): void {
    const transfer = this.#transfers.get(replaced);
    if (transfer === undefined) this.#connecting.complete(caller, replaced, now);
    else this.#complete(transfer, caller, now);
  }
}

function otherOf({ caller, callee }: Connection, leg: LegId): LegId {
  return leg === caller ? callee : caller;
}

/** Of the flow that waits for the end of this party's connection. */
function tokenFor({ caller, token }: Connection, { leg }: Call): number | undefined {
  return leg === caller ? token : undefined;
}

/** A phone's or a trunk's call: neither a provider's, nor one to somebody outside. */
function isOurs({ record }: Call): boolean {
  return record.extensionId !== null || (record.trunkId ?? null) !== null;
}

function isSameParty(one: Call, other: Call): boolean {
  const [a, b] = [one.record, other.record];
  return a.customerId === b.customerId && a.extensionId === b.extensionId && a.trunkId === b.trunkId;
}
