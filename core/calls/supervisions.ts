import type { Refusal } from '../command.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { LegId, MixId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane } from '../ports.ts';
import { stateInvalid } from '../refusal.ts';
import type { CallLife } from './call-life.ts';
import { type Connection, otherOf } from './connections.ts';
import type { HoldMusic } from './hold-music.ts';
import type { Party } from './party.ts';
import { mixTermsOf, type SupervisorMode } from './who-hears-whom.ts';

export interface SupervisionsPorts {
  readonly media: Pick<MediaPlane, 'bridge' | 'join' | 'leave'>;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly life: Pick<CallLife, 'tell'>;
  readonly music: Pick<HoldMusic, 'bridged'>;
  readonly connectionOf: (leg: LegId) => Connection | undefined;
}

/** Somebody who listens to the call of somebody else, whispers to them, or talks with both. */
interface Supervision {
  readonly supervisor: Party;
  readonly supervised: Party;
  mode: SupervisorMode;
  /** Of the flow that asked for it. */
  readonly token: number | undefined;
}

/** Supervisors of one call at a time. */
const SUPERVISORS_MAX = 8;
/** Mixes of others have numbers from 1 on, and below 0. */
const MIXES_FROM = 2 ** 30;

/**
 * Supervisors of calls. Two who are connected are relayed to each other; while one of them is supervised they meet in a
 * mix with whoever supervises either, and are relayed again afterwards. A supervisor stays with the call when that is
 * connected to others, and waits while it is connected to nobody.
 */
export class Supervisions {
  readonly counters = { begun: 0, ended: 0, refused: 0 };
  readonly #ports: SupervisionsPorts;
  readonly #bySupervisor = new LiveMap<LegId, Supervision>();
  readonly #bySupervised = new LiveMap<LegId, Set<Supervision>>();
  /** By either leg of a connection that is a mix. */
  readonly #mixes = new Map<LegId, MixId>();
  #lastMix = MIXES_FROM;

  constructor(ports: SupervisionsPorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#bySupervisor.size;
  }

  /**
   * From here on, or in another way than before. Both were answered, and the supervisor talks with nobody. News for a
   * token: supervising, then supervisionEnded. Why not, when nothing was changed.
   */
  begin(
    supervisor: Party,
    supervised: Party,
    mode: SupervisorMode,
    token: number | undefined,
    now: Instant,
  ): Refusal | undefined {
    const before = this.#bySupervisor.get(supervisor.leg);
    if (before?.supervised.leg === supervised.leg && token === undefined) {
      before.mode = mode;
      this.#seat(before);
      this.#publish('supervision_updated', before, now);
      return undefined;
    }
    const refusal = this.#refusalOf(supervisor, supervised);
    if (refusal !== undefined) {
      this.counters.refused += 1;
      return refusal;
    }
    if (before !== undefined) this.end(supervisor.leg, now);
    const supervision: Supervision = { supervisor, supervised, mode, token };
    this.#bySupervisor.set(supervisor.leg, supervision);
    const others = this.#bySupervised.get(supervised.leg) ?? new Set();
    this.#bySupervised.set(supervised.leg, others.add(supervision));
    this.counters.begun += 1;
    this.#gather(supervised.leg);
    this.#publish('supervision_started', supervision, now);
    if (token !== undefined) this.#ports.life.tell(supervisor.id, { kind: 'supervising', token });
    return undefined;
  }

  /** The supervisor goes. False when it supervises nobody. */
  end(supervisor: LegId, now: Instant): boolean {
    const supervision = this.#bySupervisor.get(supervisor);
    if (supervision === undefined) return false;
    this.#forget(supervision, now);
    const connection = this.#ports.connectionOf(supervision.supervised.leg);
    if (connection !== undefined && !this.#isSupervised(connection)) this.#relay(connection);
    return true;
  }

  /** A call ends, as a supervisor or supervised. */
  over(leg: LegId, now: Instant): void {
    this.end(leg, now);
    for (const supervision of this.#bySupervised.get(leg) ?? []) this.#forget(supervision, now);
  }

  /** Two were connected. */
  tied(connection: Connection): void {
    if (this.#bySupervised.size > 0 && this.#isSupervised(connection)) this.#gather(connection.caller);
  }

  /** Two are about to be connected no more; they hear each other until whoever connected them sees to it. */
  released(connection: Connection): void {
    if (this.#mixes.has(connection.caller)) this.#relay(connection);
  }

  #refusalOf(supervisor: Party, supervised: Party): Refusal | undefined {
    const { id } = supervised;
    if (supervisor.leg === supervised.leg)
      return stateInvalid(`call ${id} cannot supervise itself`, 'another call', id);
    if (this.#bySupervised.has(supervisor.leg) || this.#bySupervisor.has(supervised.leg)) {
      return stateInvalid('supervisors are not supervised', 'a call without a supervisor', 'supervision');
    }
    const connection = this.#ports.connectionOf(supervisor.leg);
    if (connection !== undefined) {
      return stateInvalid(`call ${supervisor.id} talks with another`, 'a supervisor who is alone', 'connected');
    }
    const count = this.#bySupervised.get(supervised.leg)?.size ?? 0;
    if (count < SUPERVISORS_MAX) return undefined;
    return stateInvalid(`call ${id} has ${count} supervisors`, `fewer than ${SUPERVISORS_MAX}`, String(count));
  }

  #isSupervised({ caller, callee }: Connection): boolean {
    return this.#bySupervised.has(caller) || this.#bySupervised.has(callee);
  }

  /** Whom the leg is connected to, and all who supervise either, meet. */
  #gather(leg: LegId): void {
    const connection = this.#ports.connectionOf(leg);
    if (connection === undefined) return;
    const known = this.#mixes.get(leg);
    const mix = known ?? (++this.#lastMix as MixId);
    for (const each of [leg, otherOf(connection, leg)]) {
      this.#mixes.set(each, mix);
      if (known === undefined) this.#ports.media.join(each, mix);
      for (const supervision of this.#bySupervised.get(each) ?? []) this.#seat(supervision);
    }
  }

  #seat({ supervisor, supervised, mode }: Supervision): void {
    const mix = this.#mixes.get(supervised.leg);
    if (mix === undefined) return;
    const presence = { role: mode, isMuted: false, isDeaf: false, supervises: supervised.leg };
    this.#ports.media.join(supervisor.leg, mix, mixTermsOf(presence));
  }

  /** The two hear each other as those whom nobody supervises. */
  #relay({ caller, callee }: Connection): void {
    const { media, music } = this.#ports;
    for (const leg of [caller, callee]) {
      this.#mixes.delete(leg);
      for (const { supervisor } of this.#bySupervised.get(leg) ?? []) media.leave(supervisor.leg);
    }
    media.bridge(caller, callee);
    music.bridged(caller);
    music.bridged(callee);
  }

  #forget(supervision: Supervision, now: Instant): void {
    const { supervisor, supervised, token } = supervision;
    this.#bySupervisor.delete(supervisor.leg);
    const others = this.#bySupervised.get(supervised.leg)!;
    others.delete(supervision);
    if (others.size === 0) this.#bySupervised.delete(supervised.leg);
    this.#ports.media.leave(supervisor.leg);
    this.counters.ended += 1;
    this.#publish('supervision_ended', supervision, now);
    if (token !== undefined) this.#ports.life.tell(supervisor.id, { kind: 'supervisionEnded', token });
  }

  #publish(
    type: 'supervision_started' | 'supervision_updated' | 'supervision_ended',
    { supervisor, supervised, mode }: Supervision,
    now: Instant,
  ): void {
    const { journal, calendar } = this.#ports;
    const body = { type, supervisorCallId: supervisor.id, supervisedCallId: supervised.id, mode } as const;
    journal.append(supervisor.customerId, body, calendar(now));
  }
}
