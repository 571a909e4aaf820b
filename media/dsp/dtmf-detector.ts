import type { Digit } from '../rtp/telephone-event.ts';
import { COLUMNS_HZ, DTMF_KEYS, ROWS_HZ } from './dtmf.ts';
import { dbm0ToDbov, sineAmplitude } from './level.ts';

const CLOCK_RATE_HZ = 8000;
/** 12.75 ms: resolves 697 from 770 Hz, and three of them are shorter than the shortest key of 40 ms. */
const BLOCK = 102;
const BLOCK_MS = (BLOCK * 1000) / CLOCK_RATE_HZ;

/** Each tone is at least so loud. Q.24: operates from -25 dBm0, rejects below -55. */
const LEVEL_MIN_DBM0 = -42;
/** The column may be so much weaker than the row, or stronger (Q.24: 8 and 4 dB; the louder tone blurs the other by 2). */
const WEAK_COLUMN = 10 ** (-11 / 10);
const STRONG_COLUMN = 10 ** (6 / 10);
/** The strongest of its group by 8 dB, a column by 6, which the row blurs. */
const PEAK_ROW = 10 ** 0.8;
const PEAK_COLUMN = 10 ** 0.6;
/** Of all energy in the block, what the two tones have: 0.7 is a signal 4 dB above everything else. */
const SHARE_MIN = 0.7;

/** How far a frequency may be off (Q.24: 1.5 % is a key, 3.5 % none), told by the turn of its phase from block to block. */
const OFF_MAX_ROW = 0.025;
const OFF_MAX_COLUMN = 0.022;

/** A key lasts at least this (Q.24: 40 ms is one, 23 ms is none). */
const KEY_MIN_MS = 30;
/** A key is over after such a pause (Q.24: 10 ms is none, 40 ms is one). */
const PAUSE_MIN_MS = 20;
const KEY_MIN_BLOCKS = KEY_MIN_MS / BLOCK_MS;
const PAUSE_MIN_BLOCKS = PAUSE_MIN_MS / BLOCK_MS;
/** A block that is filled to this has no pause in it. */
const FILLED = 0.85;

const WAITING_MAX = 32;
const NONE = -1;

/** Squared magnitude of the weakest tone in a block. */
const POWER_MIN = ((sineAmplitude(dbm0ToDbov(LEVEL_MIN_DBM0)) * BLOCK) / 2) ** 2;
/** Less energy than this in a block holds no two tones. */
const ENERGY_MIN = (POWER_MIN * 2 * 2) / BLOCK;

const FREQUENCIES_HZ = [...ROWS_HZ, ...COLUMNS_HZ];
const OMEGA = Float64Array.from(FREQUENCIES_HZ, (hz) => (2 * Math.PI * hz) / CLOCK_RATE_HZ);
const COSINE = OMEGA.map(Math.cos);
const SINE = OMEGA.map(Math.sin);
/** Turn of the phase in a block. */
const TURN_COSINE = OMEGA.map((omega) => Math.cos(omega * BLOCK));
const TURN_SINE = OMEGA.map((omega) => Math.sin(omega * BLOCK));
/** Cosine of the greatest turn beyond it. */
const OFF_COSINE = OMEGA.map((omega, i) => Math.cos(omega * BLOCK * (i < 4 ? OFF_MAX_ROW : OFF_MAX_COLUMN)));

/**
 * Hears keys of DTMF in samples of 8 kHz, by the criteria of ITU-T Q.24 and of the Mitel tape: a bank of Goertzel filters
 * over blocks of 12.75 ms, the turn of both phases from block to block as a second witness of both frequencies, and
 * the length of keys and pauses from how much of each block the tones fill. Allocates nothing but the digits it reports.
 */
export class DtmfDetector {
  /** Digits lost because nobody took them. */
  dropped = 0;

  readonly #block = new Float64Array(BLOCK);
  #filled = 0;
  /** What the filters of the present and of the last block say, by frequency. */
  readonly #re = new Float64Array(8);
  readonly #im = new Float64Array(8);
  readonly #power = new Float64Array(8);
  readonly #powerBefore = new Float64Array(8);
  readonly #waiting: Digit[] = [];

  /** The key that the last block held, in view of no other block, and the phases of its tones there. */
  #hit = NONE;
  #rowRe = 0;
  #rowIm = 0;
  #columnRe = 0;
  #columnIm = 0;
  /** A key that may have begun: blocks heard of it, and its strength where it filled a block. */
  #candidate = NONE;
  #candidateHits = 0;
  #candidateBlocks = 0;
  #candidateRow = 0;
  #candidateColumn = 0;
  /** The key that is held. */
  #key = NONE;
  #keyBlocks = 0;
  #pauseBlocks = 0;
  #keyRow = 0;
  #keyColumn = 0;

  /** A key is held, or what may be the beginning of one: known at the latest 23 ms after it began. */
  get isSuspicious(): boolean {
    return this.#key !== NONE || this.#hit !== NONE;
  }

  /** A key is held, beyond doubt. */
  get isHeld(): boolean {
    return this.#key !== NONE;
  }

  receive(samples: Int16Array, offset: number, count: number): void {
    const block = this.#block;
    let filled = this.#filled;
    for (let i = offset; i < offset + count; i++) {
      block[filled++] = samples[i]!;
      if (filled < BLOCK) continue;
      filled = 0;
      this.#takeBlock();
    }
    this.#filled = filled;
  }

  /** Nothing more comes for now: what is held is over. */
  finish(): void {
    this.#endKey();
    this.#hit = NONE;
    this.#candidate = NONE;
    this.#filled = 0;
    this.#power.fill(0);
  }

  /** The next key that is over, or undefined. */
  poll(): Digit | undefined {
    return this.#waiting.shift();
  }

  #takeBlock(): void {
    const isQuiet = this.#energy() < ENERGY_MIN;
    if (isQuiet && this.#key === NONE && this.#candidate === NONE) {
      this.#hit = NONE;
      this.#power.fill(0);
      return;
    }
    this.#powerBefore.set(this.#power);
    const hit = this.#analyse(isQuiet);
    const isSteady = hit !== NONE && hit === this.#hit && this.#isInTune(hit);
    if (this.#key !== NONE) this.#holdKey(hit);
    if (hit !== NONE && hit === this.#key) this.#candidate = NONE;
    else this.#tryCandidate(hit, isSteady);
    this.#remember(hit);
  }

  #energy(): number {
    const block = this.#block;
    let energy = 0;
    for (let i = 0; i < BLOCK; i++) energy += block[i]! * block[i]!;
    return energy;
  }

  /** The key in this block alone, or NONE. Columns are looked at only where a row stands out, or a key is followed. */
  #analyse(isQuiet: boolean): number {
    const power = this.#power;
    if (isQuiet) {
      power.fill(0);
      return NONE;
    }
    const isFollowing = this.#key !== NONE || this.#candidate !== NONE;
    this.#filter(0);
    const row = strongest(power, 0);
    if (row === NONE && !isFollowing) {
      power.fill(0, 4);
      return NONE;
    }
    this.#filter(4);
    const column = strongest(power, 4);
    if (row === NONE || column === NONE) return NONE;
    const rowPower = power[row]!;
    const columnPower = power[column]!;
    const isLoud = rowPower >= POWER_MIN && columnPower >= POWER_MIN;
    const isBalanced = columnPower >= rowPower * WEAK_COLUMN && columnPower <= rowPower * STRONG_COLUMN;
    const isAlone = (rowPower + columnPower) * 2 >= SHARE_MIN * BLOCK * this.#energy();
    return isLoud && isBalanced && isAlone ? row * 4 + column - 4 : NONE;
  }

  /** Four filters side by side, from this frequency on. */
  #filter(first: number): void {
    const block = this.#block;
    const c0 = 2 * COSINE[first]!;
    const c1 = 2 * COSINE[first + 1]!;
    const c2 = 2 * COSINE[first + 2]!;
    const c3 = 2 * COSINE[first + 3]!;
    // The newest value of each filter and the one before, in turns.
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let i = 0; i < BLOCK; i += 2) {
      const x = block[i]!;
      b0 = x + c0 * a0 - b0;
      b1 = x + c1 * a1 - b1;
      b2 = x + c2 * a2 - b2;
      b3 = x + c3 * a3 - b3;
      const y = block[i + 1]!;
      a0 = y + c0 * b0 - a0;
      a1 = y + c1 * b1 - a1;
      a2 = y + c2 * b2 - a2;
      a3 = y + c3 * b3 - a3;
    }
    this.#note(first, a0, b0);
    this.#note(first + 1, a1, b1);
    this.#note(first + 2, a2, b2);
    this.#note(first + 3, a3, b3);
  }

  #note(frequency: number, last: number, before: number): void {
    const re = last - before * COSINE[frequency]!;
    const im = before * SINE[frequency]!;
    this.#re[frequency] = re;
    this.#im[frequency] = im;
    this.#power[frequency] = re * re + im * im;
  }

  /** Both phases went on since the last block as those of the true frequencies do. */
  #isInTune(key: number): boolean {
    const row = key >> 2;
    const column = 4 + (key & 3);
    return (
      isInTune(row, this.#re[row]!, this.#im[row]!, this.#rowRe, this.#rowIm) &&
      isInTune(column, this.#re[column]!, this.#im[column]!, this.#columnRe, this.#columnIm)
    );
  }

  #remember(hit: number): void {
    this.#hit = hit;
    if (hit === NONE) return;
    const row = hit >> 2;
    const column = 4 + (hit & 3);
    this.#rowRe = this.#re[row]!;
    this.#rowIm = this.#im[row]!;
    this.#columnRe = this.#re[column]!;
    this.#columnIm = this.#im[column]!;
  }

  /** How much of this block the tones of the key fill, whose strength in a whole block is known. */
  #fill(key: number, row: number, column: number): number {
    const power = this.#power;
    return Math.min(1, Math.sqrt(Math.min(power[key >> 2]! / row, power[4 + (key & 3)]! / column)));
  }

  #tryCandidate(hit: number, isSteady: boolean): void {
    if (hit === NONE) {
      // The last, not quite filled block of a short key may be what makes it one.
      if (this.#candidate !== NONE && this.#candidateHits >= 2) {
        this.#candidateBlocks += this.#fill(this.#candidate, this.#candidateRow, this.#candidateColumn);
        this.#confirm();
      }
      this.#candidate = NONE;
      return;
    }
    const row = this.#power[hit >> 2]!;
    const column = this.#power[4 + (hit & 3)]!;
    if (!isSteady || hit !== this.#candidate) {
      this.#candidate = hit;
      this.#candidateHits = 1;
      this.#candidateRow = row;
      this.#candidateColumn = column;
      this.#candidateBlocks = 1 + Math.min(1, Math.sqrt(this.#powerBefore[hit >> 2]! / row));
      return;
    }
    this.#candidateHits++;
    // A block that is not filled is weaker: the first one is counted by what the second shows.
    if (this.#candidateHits === 2 && row > this.#candidateRow) {
      this.#candidateBlocks *= Math.sqrt(this.#candidateRow / row);
    }
    this.#candidateRow = Math.max(row, this.#candidateRow);
    this.#candidateColumn = Math.max(column, this.#candidateColumn);
    this.#candidateBlocks += this.#fill(hit, this.#candidateRow, this.#candidateColumn);
    this.#confirm();
  }

  /** A candidate that was heard for long enough is the key. */
  #confirm(): void {
    if (this.#candidateBlocks < KEY_MIN_BLOCKS) return;
    this.#endKey();
    this.#key = this.#candidate;
    this.#keyBlocks = this.#candidateBlocks;
    this.#keyRow = this.#candidateRow;
    this.#keyColumn = this.#candidateColumn;
    const fill = this.#fill(this.#key, this.#keyRow, this.#keyColumn);
    this.#pauseBlocks = fill >= FILLED ? 0 : 1 - fill;
    this.#candidate = NONE;
  }

  #holdKey(hit: number): void {
    const fill = this.#fill(this.#key, this.#keyRow, this.#keyColumn);
    if (hit === this.#key && fill >= FILLED) {
      // An interruption that was no pause belongs to the key.
      this.#keyBlocks += 1 + this.#pauseBlocks;
      this.#pauseBlocks = 0;
      return;
    }
    this.#keyBlocks += fill;
    this.#pauseBlocks += 1 - fill;
    if (this.#pauseBlocks >= PAUSE_MIN_BLOCKS) this.#endKey();
  }

  #endKey(): void {
    if (this.#key === NONE) return;
    const digit = DTMF_KEYS[this.#key]!;
    this.#key = NONE;
    if (this.#waiting.length >= WAITING_MAX) this.dropped += 1;
    else this.#waiting.push({ digit, durationMs: Math.round(this.#keyBlocks * BLOCK_MS) });
  }
}

/** The strongest of four frequencies when it stands out, else NONE. */
function strongest(power: Float64Array, first: number): number {
  let best = first;
  for (let i = first + 1; i < first + 4; i++) if (power[i]! > power[best]!) best = i;
  const peak = first === 0 ? PEAK_ROW : PEAK_COLUMN;
  for (let i = first; i < first + 4; i++) if (i !== best && power[i]! * peak > power[best]!) return NONE;
  return power[best]! > 0 ? best : NONE;
}

function isInTune(frequency: number, re: number, im: number, reBefore: number, imBefore: number): boolean {
  const turnRe = re * reBefore + im * imBefore;
  const turnIm = im * reBefore - re * imBefore;
  const length = Math.sqrt((re * re + im * im) * (reBefore * reBefore + imBefore * imBefore));
  const along = turnRe * TURN_COSINE[frequency]! + turnIm * TURN_SINE[frequency]!;
  return along >= OFF_COSINE[frequency]! * length;
}
