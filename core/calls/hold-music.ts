import type { LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane } from '../ports.ts';

export interface HoldMusicPorts {
  readonly media: Pick<MediaPlane, 'play' | 'stopPlaying'>;
  /** The file that is played, again and again. */
  readonly path: string;
  /** The other side, as long as they talk with each other. */
  readonly farOf: (leg: LegId) => LegId | undefined;
  /** Whether a list of sounds is played to the leg: the music waits for its end. */
  readonly isPlayingTo: (leg: LegId) => boolean;
  /** The music could not be played. */
  readonly failed: (leg: LegId, detail: string, now: Instant) => void;
}

/**
 * Music for those who wait (RFC 5359 §2.3): whose other side holds them and who do not hold themselves, who are kept
 * waiting while others consult, and who are to hear it by command. It is played in place of what the other side says.
 */
export class HoldMusic {
  readonly #ports: HoldMusicPorts;
  /** Legs whose peers hold us. */
  readonly #holders = new Set<LegId>();
  readonly #ordered = new Set<LegId>();
  readonly #waiting = new Set<LegId>();
  readonly #hearers = new Set<LegId>();

  constructor(ports: HoldMusicPorts) {
    this.#ports = ports;
  }

  /** Legs that hear music. */
  get hearerCount(): number {
    return this.#hearers.size;
  }

  /** The peer holds us, or does not any more. */
  peerHolds(leg: LegId, mode: 'held' | 'active'): void {
    if (!put(this.#holders, leg, mode === 'held')) return;
    this.moved(leg);
    const far = this.#ports.farOf(leg);
    if (far !== undefined) this.moved(far);
  }

  /** Somebody wants the party of this leg to hear music, or not any more. */
  order(leg: LegId, mode: 'on' | 'off'): void {
    if (put(this.#ordered, leg, mode === 'on')) this.moved(leg);
  }

  /** The party waits while others talk about it, or does not any more. */
  wait(leg: LegId, mode: 'on' | 'off'): void {
    if (put(this.#waiting, leg, mode === 'on')) this.moved(leg);
  }

  /** Who talks with the leg may have changed: it hears music from now on, or does not any more. */
  moved(leg: LegId): void {
    const wants = this.#wants(leg);
    if (!put(this.#hearers, leg, wants)) return;
    const { media, isPlayingTo, path } = this.#ports;
    if (isPlayingTo(leg)) return;
    if (wants) media.play(leg, { kind: 'file', path, times: 'endlessly' });
    else media.stopPlaying(leg);
  }

  /** The leg was bridged: whatever was played to it is over. */
  bridged(leg: LegId): void {
    this.#hearers.delete(leg);
    this.moved(leg);
  }

  /** A list of sounds has ended: the music is played again, unless that is what could not be. */
  played(leg: LegId, outcome: 'finished' | 'failed', detail: string, now: Instant): void {
    if (!this.#hearers.has(leg) || this.#ports.isPlayingTo(leg)) return;
    if (outcome === 'failed') {
      this.#hearers.delete(leg);
      this.#ports.failed(leg, detail, now);
    } else this.#ports.media.play(leg, { kind: 'file', path: this.#ports.path, times: 'endlessly' });
  }

  /** The leg is over. */
  over(leg: LegId): void {
    this.#holders.delete(leg);
    this.#ordered.delete(leg);
    this.#waiting.delete(leg);
    this.#hearers.delete(leg);
  }

  #wants(leg: LegId): boolean {
    if (this.#ordered.has(leg) || this.#waiting.has(leg)) return true;
    if (this.#holders.size === 0 || this.#holders.has(leg)) return false;
    const far = this.#ports.farOf(leg);
    return far !== undefined && this.#holders.has(far);
  }
}

/** True when the set has changed. */
function put(legs: Set<LegId>, leg: LegId, isIn: boolean): boolean {
  if (isIn === legs.has(leg)) return false;
  if (isIn) legs.add(leg);
  else legs.delete(leg);
  return true;
}
