import { type Deadline, DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { Body, MediaPlane, Signaling, SignalingEvent } from '../ports.ts';
import type { MuteDirection } from './call-record.ts';
import type { HoldMusic } from './hold-music.ts';

export interface HoldingPorts {
  readonly signaling: Signaling;
  readonly media: MediaPlane;
}

type Mode = 'held' | 'active';

/** One party whom we hold, or take back. */
interface Hold {
  /** What was asked for last. */
  wanted: Mode;
  /** What our offer on its way says; undefined when none is. */
  offered: Mode | undefined;
  retries: number;
  timer: Deadline<LegId> | undefined;
}

/** Our offer met another exchange in the dialog: it is made again after so long, so many times. */
const RETRY_MS = 500;
const RETRIES_MAX = 20;
/** RFC 3261 §14.1: an exchange of offer and answer is under way. */
const REQUEST_PENDING = 491;

/**
 * Calls held by us. One offer at a time for each leg: what is asked for meanwhile is offered when the answer is there. A
 * party who refuses to be held is held nevertheless: it is told nothing of it, and hears nothing.
 */
export class Holding {
  readonly #ports: HoldingPorts;
  readonly #music: HoldMusic;
  readonly #holds = new LiveMap<LegId, Hold>();
  readonly #timers = new DeadlineHeap<LegId>();

  constructor(ports: HoldingPorts, music: HoldMusic) {
    this.#ports = ports;
    this.#music = music;
  }

  /** Legs that are held, or being held or taken back. */
  get heldCount(): number {
    return this.#holds.size;
  }

  hold(leg: LegId, mode: Mode): void {
    const hold = this.#holds.get(leg) ?? { wanted: 'active', offered: undefined, retries: 0, timer: undefined };
    if (hold.wanted === mode) return;
    hold.wanted = mode;
    hold.retries = 0;
    this.#holds.set(leg, hold);
    if (hold.offered === undefined && hold.timer === undefined) this.#offer(leg, hold);
  }

  /** The answer to our offer, or why there is none. False when the offer was none of ours: then the session was refreshed. */
  reanswered({ leg, status, body }: Extract<SignalingEvent, { kind: 'reanswered' }>, now: Instant): boolean {
    const hold = this.#holds.get(leg);
    const isAnswer = body !== undefined && status >= 200 && status < 300;
    if (hold?.offered === undefined) {
      if (isAnswer) this.#accept(leg, body);
      return false;
    }
    const { offered } = hold;
    hold.offered = undefined;
    if (status === REQUEST_PENDING && hold.retries < RETRIES_MAX) {
      hold.retries += 1;
      hold.timer = this.#timers.add(now + RETRY_MS, leg);
      return true;
    }
    if (isAnswer) this.#accept(leg, body);
    if (hold.wanted !== offered) this.#offer(leg, hold);
    else if (offered === 'active') this.#holds.delete(leg);
    return true;
  }

  /** The peer's own offer, such as one that holds us; without a body it asks for ours. Answered, or refused by media. */
  reoffered(leg: LegId, offer: Body | undefined): void {
    const { media, signaling } = this.#ports;
    if (offer === undefined) {
      signaling.acceptOffer(leg, media.describe(leg, undefined));
      return;
    }
    const verdict = media.renegotiate(leg, offer);
    if (verdict.kind === 'answer') signaling.acceptOffer(leg, verdict.body);
    else signaling.refuseOffer(leg, verdict.cause);
    this.settled(leg);
  }

  /** The leg has another description by now: its other side hears music when it holds. */
  settled(leg: LegId): void {
    this.#music.peerHolds(leg, this.#ports.media.isHolding(leg) ? 'held' : 'active');
  }

  over(leg: LegId): void {
    const hold = this.#holds.get(leg);
    if (hold?.timer !== undefined) this.#timers.remove(hold.timer);
    this.#holds.delete(leg);
  }

  /** False when nothing is due. */
  expire(now: Instant): boolean {
    const leg = this.#timers.takeDue(now);
    if (leg === undefined) return false;
    const hold = this.#holds.get(leg)!;
    hold.timer = undefined;
    this.#offer(leg, hold);
    return true;
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  #accept(leg: LegId, answer: Body): void {
    this.#ports.media.accept(leg, answer);
    this.settled(leg);
  }

  #offer(leg: LegId, hold: Hold): void {
    hold.offered = hold.wanted;
    this.#ports.signaling.reoffer(leg, this.#ports.media.hold(leg, hold.wanted));
  }
}

/** What is muted when a direction is added to what is muted already, or taken away from it. */
export function mutedBy(
  present: MuteDirection,
  direction: Exclude<MuteDirection, ''>,
  mode: 'mute' | 'unmute',
): MuteDirection {
  const bits = mode === 'mute' ? BITS[present] | BITS[direction] : BITS[present] & ~BITS[direction];
  return DIRECTIONS[bits]!;
}

const BITS: Readonly<Record<MuteDirection, number>> = { '': 0, in: 1, out: 2, both: 3 };
const DIRECTIONS: readonly MuteDirection[] = ['', 'in', 'out', 'both'];
