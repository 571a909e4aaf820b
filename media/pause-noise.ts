import { ComfortNoise } from './dsp/comfort-noise.ts';

/** Noise that nobody describes again for a minute is over: its peer has gone, or means silence. */
const TICKS_MAX = 60 * 50;

/**
 * What fills the pauses of a talker who describes it (RFC 3389): laid over each frame of a pause, and ended under the
 * first that is said next.
 */
export class PauseNoise {
  readonly #noise: ComfortNoise;
  #ticks = 0;
  #frame: Int16Array = new Int16Array(0);

  constructor(rateHz: number) {
    this.#noise = new ComfortNoise(rateHz);
  }

  get isOn(): boolean {
    return this.#noise.isOn;
  }

  describe(bytes: Uint8Array, start: number, end: number): void {
    this.#noise.describe(bytes, start, end);
    this.#ticks = 0;
  }

  /** The frame of a tick with the noise in it; the same memory each time. Only while it is on. */
  over(frame: Int16Array, isSaid: boolean): Int16Array {
    if (this.#frame.length !== frame.length) this.#frame = new Int16Array(frame.length);
    const whole = this.#frame;
    whole.set(frame);
    this.#ticks += 1;
    if (isSaid || this.#ticks > TICKS_MAX) this.#noise.end(whole, 0, whole.length);
    else this.#noise.add(whole, 0, whole.length);
    return whole;
  }
}
