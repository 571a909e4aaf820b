import { energyDbov, SILENCE_DBOV } from './level.ts';

const SAMPLES_PER_MS = 8;
const BLOCK_MS = 10;
const BLOCK = BLOCK_MS * SAMPLES_PER_MS;

/** Quieter than this is nobody, whatever the noise. */
const LEVEL_MIN_DBOV = -50;
/** A voice is so much louder than the noise behind it. */
const ABOVE_NOISE_DB = 9;
/** The quietest that was heard in this time is the noise: in a voice there are pauses, in noise and tones there are none. */
const NOISE_WINDOW_MS = 2000;
const NOISE_PARTS = 8;
/** Until the window is full the noise is taken to be no louder: what is heard first may be a voice. */
const NOISE_START_DBOV = -48;
/** Share of a block in the smoothed energy by which the noise is judged. */
const SMOOTHING = 0.3;

/**
 * Tells voice from silence and noise in samples of 8 kHz, 10 ms at a time, above a noise floor that follows the line.
 * Judges each block for itself; who talks is for `TalkJudge`.
 */
export class VoiceActivity {
  /** Of the last block. */
  levelDbov = SILENCE_DBOV;
  isVoiced = false;
  #filled = 0;
  #energy = 0;
  #smoothed = 0;
  /** The least of each part of the window, in mean squares of samples, and of the part that is going on. */
  readonly #least = new Float64Array(NOISE_PARTS).fill(Number.POSITIVE_INFINITY);
  #part = 0;
  #partBlocks = 0;
  #noiseDbov = NOISE_START_DBOV;

  get noiseDbov(): number {
    return this.#noiseDbov;
  }

  /** Takes at most the samples that complete a block; returns how many it took. `isComplete` tells whether one is. */
  receive(samples: Int16Array, offset: number, count: number): number {
    const taken = Math.min(count, BLOCK - this.#filled);
    let energy = this.#energy;
    for (let i = offset; i < offset + taken; i++) energy += samples[i]! * samples[i]!;
    this.#energy = energy;
    this.#filled += taken;
    if (this.#filled === BLOCK) this.#judge();
    return taken;
  }

  /** The last samples completed a block. */
  get isComplete(): boolean {
    return this.#filled === 0;
  }

  #judge(): void {
    const meanSquare = this.#energy / BLOCK;
    this.#filled = 0;
    this.#energy = 0;
    this.levelDbov = energyDbov(meanSquare);
    this.#smoothed += SMOOTHING * (meanSquare - this.#smoothed);
    this.#followNoise();
    this.isVoiced = this.levelDbov >= Math.max(LEVEL_MIN_DBOV, this.#noiseDbov + ABOVE_NOISE_DB);
  }

  #followNoise(): void {
    const least = this.#least;
    if (this.#smoothed < least[this.#part]!) least[this.#part] = this.#smoothed;
    if (++this.#partBlocks * BLOCK_MS < NOISE_WINDOW_MS / NOISE_PARTS) return;
    this.#partBlocks = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < NOISE_PARTS; i++) lowest = Math.min(lowest, least[i]!);
    const isKnown = least[(this.#part + 1) % NOISE_PARTS] !== Number.POSITIVE_INFINITY;
    const quietest = energyDbov(lowest);
    this.#noiseDbov = isKnown ? quietest : Math.min(NOISE_START_DBOV, quietest);
    this.#part = (this.#part + 1) % NOISE_PARTS;
    least[this.#part] = Number.POSITIVE_INFINITY;
  }
}

/** Length of what `VoiceActivity` judges at a time. */
export const VOICE_BLOCK_MS = BLOCK_MS;
