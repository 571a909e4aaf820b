import { energyDbov } from './level.ts';

const RATE_HZ = 8000;
/** 20 ms. */
const BLOCK = 160;
const BLOCK_MS = (BLOCK * 1000) / RATE_HZ;

const LEVEL_MIN_DBOV = -40;
/** Of the energy, what is no sine: 21 dB below it. */
const REST_MAX = 0.008;
/** From block to block the same sine changes less than this. */
const DRIFT_HZ = 12;
const DRIFT_DB = 6;
/** 60 ms: anything shorter is the edge of a tone, or nothing. */
const TONE_MIN_BLOCKS = 3;
/** Blocks in between that may be none: a reversal of the phase (ITU-T V.8: ANSam), a lost packet. */
const BROKEN_MAX = 1;

/** Lengths and frequencies of what is told. */
const BEEP_MIN_HZ = 600;
const BEEP_MAX_HZ = 2200;
const BEEP_MIN_MS = 100;
const BEEP_MAX_MS = 2500;
/** ITU-T T.30 §4.1.1: CED, 2,100 ± 15 Hz for 2.6 to 4 s. */
const ANSWER_HZ = 2100;
const ANSWER_OFF_HZ = 15;
const ANSWER_MIN_MS = 600;
/** ITU-T T.30 §4.1.2: CNG, 1,100 ± 38 Hz for 0.5 s ± 15 %. */
const CALLING_HZ = 1100;
const CALLING_OFF_HZ = 38;
const CALLING_MIN_MS = 400;
const CALLING_MAX_MS = 600;
/** What the measure adds to the limits of T.30. */
const MEASURE_HZ = 10;

const WAITING_MAX = 8;

export interface SteadyTone {
  /** `beep`: any other, as answering machines sound before they record. */
  readonly tone: 'beep' | 'fax-calling' | 'fax-answer';
  readonly frequencyHz: number;
  /** So far; of a fax machine that answers it goes on. */
  readonly durationMs: number;
}

/**
 * Hears single sines of any frequency in samples of 8 kHz: what a sine is follows from its last two samples, and what does
 * not is the measure of everything else (least squares over blocks of 20 ms). Two frequencies at once are none.
 */
export class SteadyToneDetector {
  /** Tones lost because nobody took them. */
  dropped = 0;
  readonly #waiting: SteadyTone[] = [];
  #last = 0;
  #before = 0;
  #filled = 0;
  /** Sums over the block: of the middle sample times its neighbours, squares of both, energy. */
  #cross = 0;
  #neighbours = 0;
  #energy = 0;
  /** The tone that is going on; 0 Hz for none. */
  #frequencyHz = 0;
  #levelDbov = 0;
  #blocks = 0;
  #broken = 0;
  #isTold = false;
  /** It came right behind another. */
  #isFollowing = false;
  /** The one that ended last, until it is known what follows; 0 ms for none. */
  #endedHz = 0;
  #endedMs = 0;

  receive(samples: Int16Array, offset: number, count: number): void {
    for (let i = offset; i < offset + count; i++) {
      const sample = samples[i]!;
      const neighbours = sample + this.#before;
      this.#cross += neighbours * this.#last;
      this.#neighbours += neighbours * neighbours;
      this.#energy += this.#last * this.#last;
      this.#before = this.#last;
      this.#last = sample;
      if (++this.#filled === BLOCK) this.#judge();
    }
  }

  /** The next tone that was recognised, or undefined. */
  poll(): SteadyTone | undefined {
    return this.#waiting.shift();
  }

  #judge(): void {
    const energy = this.#energy;
    const levelDbov = energyDbov(energy / BLOCK);
    // Of x(n) + x(n-2) = 2 cos(w) x(n-1), the factor that fits best, and what it leaves.
    const factor = energy > 0 ? this.#cross / energy : 0;
    const rest = this.#neighbours - factor * this.#cross;
    // White noise is changed by that sum in the measure of the squares of its factors.
    const restMax = REST_MAX * energy * (2 + factor * factor);
    const isSine = levelDbov >= LEVEL_MIN_DBOV && rest <= restMax && Math.abs(factor) < 2;
    this.#filled = 0;
    this.#cross = 0;
    this.#neighbours = 0;
    this.#energy = 0;
    if (isSine) this.#takeSine((Math.acos(factor / 2) * RATE_HZ) / (2 * Math.PI), levelDbov);
    else if (this.#frequencyHz > 0 && ++this.#broken > BROKEN_MAX) this.#fallSilent();
  }

  #takeSine(frequencyHz: number, levelDbov: number): void {
    const isSame =
      Math.abs(frequencyHz - this.#frequencyHz) <= DRIFT_HZ && Math.abs(levelDbov - this.#levelDbov) <= DRIFT_DB;
    if (this.#frequencyHz > 0 && !isSame) this.#end();
    if (this.#frequencyHz === 0) this.#frequencyHz = frequencyHz;
    this.#levelDbov = levelDbov;
    this.#blocks += 1 + this.#broken;
    this.#broken = 0;
    if (this.#blocks < TONE_MIN_BLOCKS) return;
    // What was before is no beep, and this neither: a melody, or a special information tone.
    if (this.#endedMs > 0) this.#isFollowing = true;
    this.#endedMs = 0;
    const isAnswer = Math.abs(this.#frequencyHz - ANSWER_HZ) <= ANSWER_OFF_HZ + MEASURE_HZ;
    const durationMs = this.#blocks * BLOCK_MS;
    if (!isAnswer || this.#isTold || durationMs < ANSWER_MIN_MS) return;
    this.#isTold = true;
    this.#tell('fax-answer', this.#frequencyHz, durationMs);
  }

  /** What is left of it, at its edges, is no tone of its own. */
  #end(): void {
    if (this.#blocks >= TONE_MIN_BLOCKS && !this.#isTold) {
      this.#endedHz = this.#frequencyHz;
      this.#endedMs = this.#blocks * BLOCK_MS;
    }
    this.#frequencyHz = 0;
    this.#blocks = 0;
    this.#broken = 0;
    this.#isTold = false;
  }

  #fallSilent(): void {
    this.#end();
    const [hz, durationMs] = [this.#endedHz, this.#endedMs];
    if (!this.#isFollowing && isCalling(hz, durationMs)) this.#tell('fax-calling', hz, durationMs);
    else if (!this.#isFollowing && isBeep(hz, durationMs)) this.#tell('beep', hz, durationMs);
    this.#endedMs = 0;
    this.#isFollowing = false;
  }

  #tell(tone: SteadyTone['tone'], frequencyHz: number, durationMs: number): void {
    if (this.#waiting.length >= WAITING_MAX) this.dropped += 1;
    else this.#waiting.push({ tone, frequencyHz: Math.round(frequencyHz), durationMs });
  }
}

function isCalling(hz: number, durationMs: number): boolean {
  const isTuned = Math.abs(hz - CALLING_HZ) <= CALLING_OFF_HZ + MEASURE_HZ;
  return isTuned && durationMs >= CALLING_MIN_MS && durationMs <= CALLING_MAX_MS;
}

function isBeep(hz: number, durationMs: number): boolean {
  return hz >= BEEP_MIN_HZ && hz <= BEEP_MAX_HZ && durationMs >= BEEP_MIN_MS && durationMs <= BEEP_MAX_MS;
}
