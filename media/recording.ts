import type { RecordingNumber } from '../core/kernel/ids.ts';
import { meanSquare } from './mixer.ts';
import { NARROW_SAMPLES } from './narrow-band.ts';
import { PcmRing } from './ring.ts';

/** Why a ring of a recording was closed, as its reader is told. */
export const RING_REASON = { stopped: 1, duration: 2, silence: 3, failed: 4 } as const;

export type RingReason = keyof typeof RING_REASON;

const TICK_MS = 20;
/** -50 dBFS: below it nobody speaks. */
const SILENT_MEAN_SQUARE = (32768 * 10 ** (-50 / 20)) ** 2;
const SILENCE = new Int16Array(NARROW_SAMPLES);

export interface RecordingOrder {
  readonly recording: RecordingNumber;
  readonly inRing: SharedArrayBuffer;
  readonly outRing: SharedArrayBuffer | undefined;
  /** 0 for no limit. */
  readonly durationMs: number;
  readonly silenceMs: number;
}

/**
 * A recording on the media thread: one frame a tick into a ring, or into two beside each other, with silence for what is
 * missing, so that it is as long as what it records.
 */
export class Recording {
  readonly number: RecordingNumber;
  readonly #in: PcmRing;
  readonly #out: PcmRing | undefined;
  readonly #ticksMax: number;
  readonly #silentTicksMax: number;
  #ticks = 0;
  #silentTicks = 0;
  /** What is said meanwhile is left out, and counts for no limit. */
  isPaused = false;
  isOver = false;

  constructor({ recording, inRing, outRing, durationMs, silenceMs }: RecordingOrder) {
    this.number = recording;
    this.#in = new PcmRing(inRing);
    this.#out = outRing === undefined ? undefined : new PcmRing(outRing);
    this.#ticksMax = durationMs > 0 ? Math.ceil(durationMs / TICK_MS) : Number.POSITIVE_INFINITY;
    this.#silentTicksMax = silenceMs > 0 ? Math.ceil(silenceMs / TICK_MS) : Number.POSITIVE_INFINITY;
  }

  /**
   * One frame of each side, undefined for silence; returns the samples that did not fit. Ends by itself at its limits:
   * then `isOver`.
   */
  tick(heard: Int16Array | undefined, told: Int16Array | undefined): number {
    if (this.isPaused) return 0;
    let lost = this.#in.write(heard ?? SILENCE, NARROW_SAMPLES) ? 0 : NARROW_SAMPLES;
    if (this.#out !== undefined && !this.#out.write(told ?? SILENCE, NARROW_SAMPLES)) lost += NARROW_SAMPLES;
    this.#ticks++;
    if (this.#silentTicksMax !== Number.POSITIVE_INFINITY) {
      const isSilent = heard === undefined || meanSquare(heard) < SILENT_MEAN_SQUARE;
      this.#silentTicks = isSilent ? this.#silentTicks + 1 : 0;
    }
    if (this.#ticks >= this.#ticksMax) this.close('duration');
    else if (this.#silentTicks >= this.#silentTicksMax) this.close('silence');
    return lost;
  }

  close(reason: RingReason): void {
    this.isOver = true;
    this.#in.close(RING_REASON[reason]);
    this.#out?.close(RING_REASON[reason]);
  }
}

/** Takes those that have ended by themselves out of where they were fed, and out of the register. */
export function dropOver(recordings: Recording[], register: Map<RecordingNumber, unknown>): void {
  for (let i = recordings.length - 1; i >= 0; i--) {
    const { isOver, number } = recordings[i]!;
    if (!isOver) continue;
    recordings.splice(i, 1);
    register.delete(number);
  }
}
