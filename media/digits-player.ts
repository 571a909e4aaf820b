import { dtmfFrequenciesHz } from './dsp/dtmf.ts';
import { dbm0ToDbov } from './dsp/level.ts';
import { type Burst, ToneGenerator } from './dsp/tone.ts';
import type { Player } from './player.ts';

const CLOCK_RATE_HZ = 8000;
/** The column is 2 dB louder, because lines weaken it more (ETSI ES 201 235-2 §4.2.4). */
const LEVELS_DBOV = [dbm0ToDbov(-9), dbm0ToDbov(-7)];
/** The shortest key and pause to be sent (ETSI ES 201 235-2 §4.2.4), and the longest. */
const KEY_MIN_MS = 65;
const PAUSE_MIN_MS = 65;
const KEY_MAX_MS = 8000;
const PAUSE_MAX_MS = 10_000;
const WAITING_MAX = 64;

/** Keys as sound, for a far end that takes no telephone-events; what was being played goes on behind them. */
export class DigitsPlayer implements Player {
  /** Goes on when the keys are over. */
  behind: Player | undefined;
  readonly #waiting: Burst[] = [];
  #sounding: ToneGenerator | undefined;
  /** Samples left of the key and its pause. */
  #remaining = 0;

  constructor(behind: Player | undefined) {
    this.behind = behind;
  }

  get finished(): boolean {
    return !this.isDialling && (this.behind === undefined || this.behind.finished);
  }

  get isDialling(): boolean {
    return this.#remaining > 0 || this.#waiting.length > 0;
  }

  /** Queues digits (`0`–`9`, `*`, `#`, `A`–`D`); returns how many were taken. Others, and what does not fit, are not. */
  send(digits: string, durationMs: number, intervalMs: number): number {
    let taken = 0;
    for (const digit of digits.toUpperCase()) {
      const frequencies = dtmfFrequenciesHz(digit);
      if (frequencies === undefined || this.#waiting.length >= WAITING_MAX) continue;
      this.#waiting.push({
        frequenciesHz: frequencies,
        levelsDbov: LEVELS_DBOV,
        onMs: Math.min(KEY_MAX_MS, Math.max(KEY_MIN_MS, durationMs)),
        offMs: Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, intervalMs)),
      });
      taken++;
    }
    return taken;
  }

  take(into: Int16Array): void {
    if (!this.isDialling) {
      if (this.behind === undefined) into.fill(0);
      else this.behind.take(into);
      return;
    }
    for (let done = 0; done < into.length; ) {
      if (this.#remaining === 0 && !this.#begin()) {
        into.fill(0, done);
        return;
      }
      const count = Math.min(into.length - done, this.#remaining);
      this.#sounding!.fill(into, done, count);
      done += count;
      this.#remaining -= count;
    }
  }

  #begin(): boolean {
    const key = this.#waiting.shift();
    if (key === undefined) return false;
    this.#sounding = new ToneGenerator([key], CLOCK_RATE_HZ);
    this.#remaining = Math.round(((key.onMs + key.offMs) * CLOCK_RATE_HZ) / 1000);
    return true;
  }
}
