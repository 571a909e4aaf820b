import type { LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane } from '../ports.ts';
import type { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { Cause } from './cause.ts';
import { type Connection, type Connections, tokenFor } from './connections.ts';
import type { HoldMusic } from './hold-music.ts';
import type { Referring } from './referring.ts';
import type { Pair } from './transfers.ts';

export interface ConsultationPorts {
  readonly media: MediaPlane;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
}

export interface ConsultationParts {
  readonly life: CallLife;
  readonly connections: Connections;
  readonly music: HoldMusic;
  readonly referring: Referring;
}

/** One who asks somebody else before they bring together with them whom they talk to. */
interface Consultation {
  readonly transferor: LegId;
  readonly transferee: LegId;
  /** As it was. */
  readonly connection: Connection;
  /** Who connects the two in the end. */
  readonly method: 'bridge' | 'refer';
  /** The transferor's, and those who ring for it. */
  readonly attempt: Attempt;
  /** Whom the transferor talks to; undefined while they ring. */
  consulted: LegId | undefined;
}

/**
 * Attended transfers by command (platform §5.6). The transferee hears music while the transferor calls the target and
 * talks to it. When the transferor hangs up, those two go on with each other; when the target does not answer, or hangs
 * up, the transferor has the transferee back. Who hangs up before the target has answered takes everybody along.
 */
export class Consultations {
  readonly #ports: ConsultationPorts;
  readonly #parts: ConsultationParts;
  /** By the legs of transferor, transferee and each of those who are called. */
  readonly #consultations = new LiveMap<LegId, Consultation>();

  constructor(ports: ConsultationPorts, parts: ConsultationParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  /** Legs that belong to a consultation. */
  get size(): number {
    return this.#consultations.size;
  }

  isTarget(leg: LegId): boolean {
    return this.#consultations.get(leg)?.attempt.callees.includes(leg) === true;
  }

  /** Whom the party of this leg talks to meanwhile. */
  farOf(leg: LegId): LegId | undefined {
    const consultation = this.#consultations.get(leg);
    if (consultation?.consulted === undefined) return undefined;
    const { transferor, consulted } = consultation;
    return leg === transferor ? consulted : leg === consulted ? transferor : undefined;
  }

  /** Those of the attempt, who are being called for the transferor, are asked. */
  begin(
    { transferor, transferee, connection }: Pair,
    attempt: Attempt,
    method: Consultation['method'],
    now: Instant,
  ): void {
    const { life, connections, music } = this.#parts;
    const { media, ringTimeoutMs } = this.#ports;
    const consultation: Consultation = {
      transferor: transferor.leg,
      transferee: transferee.leg,
      connection,
      method,
      attempt,
      consulted: undefined,
    };
    for (const leg of membersOf(consultation)) this.#consultations.set(leg, consultation);
    connections.release(connection);
    media.unbridge(transferor.leg);
    attempt.hears = 'ringback';
    media.play(transferor.leg, life.ringbackOf(attempt.callees));
    music.wait(transferee.leg, 'on');
    transferor.chain(attempt.callees.map((callee) => life.ledger.get(callee)!.record.id));
    life.arm('ring', transferor.leg, now + ringTimeoutMs);
  }

  // ── Those who ring ────────────────────────────────────────────────────────────────────────────────────────

  ringing(callee: Call, early: Uint8Array | undefined, now: Instant): void {
    const { media } = this.#ports;
    const { attempt } = this.#consultations.get(callee.leg)!;
    this.#parts.life.markRinging(callee, now);
    if (early === undefined || attempt.isForked || !this.#parts.life.acceptEarly(callee, early)) return;
    attempt.hears = 'callee';
    media.bridge(attempt.caller, callee.leg);
  }

  answered(callee: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const { life, music } = this.#parts;
    if (!life.accept(callee, body, dialog, now)) return;
    life.markAnswered(callee, now);
    const consultation = this.#consultations.get(callee.leg)!;
    const { attempt, transferor } = consultation;
    life.disarm('ring', transferor);
    consultation.consulted = callee.leg;
    for (const other of attempt.callees) {
      if (other === callee.leg) continue;
      attempt.drop(other, 'answered-elsewhere');
      this.#consultations.delete(other);
      life.end(other, 'answered-elsewhere', now);
    }
    this.#ports.media.bridge(transferor, callee.leg);
    music.bridged(transferor);
    music.bridged(callee.leg);
    life.armDuration(callee.leg, now);
  }

  /** One who rang is over. After the last the transferor has the transferee back. */
  missed(leg: LegId, cause: Cause): void {
    const consultation = this.#consultations.get(leg);
    if (consultation === undefined || consultation.consulted !== undefined || !this.isTarget(leg)) return;
    this.#consultations.delete(leg);
    if (consultation.attempt.drop(leg, cause)) this.#restore(consultation);
  }

  /** Nobody answered in time. False when the leg consults nobody. */
  giveUp(transferor: LegId, now: Instant): boolean {
    const consultation = this.#consultations.get(transferor);
    if (consultation === undefined) return false;
    this.#restore(consultation);
    for (const callee of consultation.attempt.callees) this.#parts.life.end(callee, 'no-answer', now);
    return true;
  }

  // ── Somebody leaves ───────────────────────────────────────────────────────────────────────────────────────

  part(leg: LegId, cause: Cause, now: Instant): void {
    const consultation = this.#consultations.get(leg);
    if (consultation === undefined) return;
    const { transferor, transferee, connection, consulted, method } = consultation;
    if (consulted === undefined) {
      if (leg === transferor || leg === transferee) this.#abandon(consultation, leg, cause, now);
    } else if (leg === consulted) this.#restore(consultation);
    else {
      this.#settle(consultation);
      const stays = leg === transferor ? transferee : transferor;
      if (leg === transferor) this.#ports.media.bridge(stays, consulted);
      this.#parts.connections.tie({ caller: stays, callee: consulted, token: tokenFor(connection, stays) });
      if (leg === transferor && method === 'refer') this.#parts.referring.join(stays);
    }
  }

  /** The flow of one of them wants something else of it: it is as if it had hung up. */
  drop(leg: LegId, now: Instant): void {
    const consultation = this.#consultations.get(leg);
    if (consultation === undefined) return;
    if (leg === consultation.consulted) this.#restore(consultation);
    else if (leg === consultation.transferee && consultation.consulted !== undefined) this.part(leg, 'normal', now);
    else {
      this.#abandon(consultation, leg, 'canceled', now);
      this.#ports.media.unbridge(leg);
    }
  }

  /** One of the two has gone, and whom they called goes too: the other loses whom it was connected to. */
  #abandon(consultation: Consultation, gone: LegId, cause: Cause, now: Instant): void {
    const { life } = this.#parts;
    const { transferor, transferee, connection, attempt, consulted } = consultation;
    this.#settle(consultation);
    const endOfCallee = consulted === undefined ? 'canceled' : 'normal';
    for (const callee of attempt.callees) life.end(callee, endOfCallee, now);
    const left = gone === transferor ? transferee : transferor;
    if (left === transferor) this.#silence(attempt);
    life.disconnect(left, tokenFor(connection, left), cause === 'canceled' ? 'normal' : cause, now);
  }

  /** Both talk to each other as before. */
  #restore(consultation: Consultation): void {
    const { transferor, transferee, connection } = consultation;
    this.#settle(consultation);
    this.#ports.media.bridge(transferor, transferee);
    this.#parts.connections.tie(connection);
  }

  /** The transferor hears no ringback and no early media any more. */
  #silence({ caller, hears }: Attempt): void {
    if (hears === 'ringback') this.#ports.media.stopPlaying(caller);
    else this.#ports.media.unbridge(caller);
  }

  #settle(consultation: Consultation): void {
    this.#parts.life.disarm('ring', consultation.transferor);
    for (const leg of membersOf(consultation)) this.#consultations.delete(leg);
    this.#parts.music.wait(consultation.transferee, 'off');
  }
}

function membersOf({ transferor, transferee, attempt }: Consultation): readonly LegId[] {
  return [transferor, transferee, ...attempt.callees];
}
