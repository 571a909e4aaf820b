import type { Instant } from '../../core/kernel/time.ts';
import { type Bursts, burstsOf, endBurst, LOSS_ROW, lose } from './losses.ts';
import type { PacketView } from './packet-view.ts';
import { DROPOUT_MAX, MISORDER_MAX, sequenceDistance, timestampDistance } from './sequence.ts';
import { LINE_WORDS, type StreamRows, streamRows } from './stream-rows.ts';

/**
 * What a packet is to its stream. Play it unless it is `duplicate` or `suspect`.
 * - `first`, `sourceChanged`, `restarted`: a new run of numbers begins; nothing before it follows it.
 * - `next`: the newest, with nothing missing before it. `gap`: the newest, behind a gap.
 * - `reordered`: older than the newest and new to us.
 * - `duplicate`: had already. `suspect`: far off; the next packet decides whether the source restarted (RFC 3550 A.1).
 */
export type Arrival = 'first' | 'next' | 'gap' | 'reordered' | 'duplicate' | 'suspect' | 'restarted' | 'sourceChanged';

/** Whether the timestamp tells the sampling instant. Telephone-events repeat theirs, so they say nothing of jitter. */
export type Timing = 'timed' | 'untimed';

/** Sequence numbers remembered to tell a duplicate from a reordered packet, a bit each. */
const HISTORY = 128;
const HISTORY_WORDS = HISTORY / 32;

/** Where the numbers of a stream lie in its row; what each packet touches comes first. */
const SSRC = 0;
const HIGHEST = 1;
const RECEIVED = 2;
const OCTETS = 3;
const LAST_AT = 4;
const JITTER = 5;
const LAST_TRANSIT = 6;
const SEEN = 7;
const SUSPECTED = 9;
const BASE = 10;
const EXPECTED_BEFORE = 11;
const RECEIVED_BEFORE = 12;
const LOST_EARLIER = 13;
const DUPLICATES = 14;
const REORDERED = 15;
const SUSPECTS = 16;
const RESTARTS = 17;
const SOURCE_CHANGES = 18;
const RECEIVED_EARLIER = 19;
const MS_TO_TICKS = 20;
/** Of the timestamp, from one packet to the next, as it was at the last gap. */
const PACKET_TICKS = 21;
/** What the losses are counted by, see `losses.ts`. */
const LOSSES = 22;

/** Length of a row. */
export const RECEIVE_ROW = LOSSES + LOSS_ROW;

/** Longest packet that a gap is measured by. */
const PACKET_MAX_MS = 120;

/** A step of the transit time beyond this is a jump of the source's clock, not jitter. */
const JUMP_MS = 2000;

/**
 * Reception statistics of one stream as its sources come and go (RFC 3550 §6.4.1, A.1, A.3, A.8). The first packet of
 * a source counts at once, without the probation of A.1: who may send here is decided before, by latching.
 */
export class ReceiveStream {
  readonly #row: Float64Array;
  readonly #words: Int32Array;
  readonly #at: number;

  /** The row is the `index`th of `rows`. */
  constructor(clockRateHz: number, { numbers, words } = streamRows(1, RECEIVE_ROW), index = 0) {
    this.#row = numbers;
    this.#words = words;
    this.#at = index * RECEIVE_ROW;
    numbers.fill(0, this.#at, this.#at + RECEIVE_ROW);
    numbers[this.#at + SSRC] = -1;
    numbers[this.#at + LAST_AT] = -Infinity;
    numbers[this.#at + LAST_TRANSIT] = Number.NaN;
    numbers[this.#at + SUSPECTED] = -1;
    numbers[this.#at + MS_TO_TICKS] = clockRateHz / 1000;
  }

  /** See `prefetch.ts`. */
  prefetch(): number {
    const words = this.#words;
    const at = 2 * this.#at;
    return (words[at]! + words[at + LINE_WORDS]! + words[at + 2 * LINE_WORDS]!) | 0;
  }

  /** SSRC of the present source, or -1 before the first packet. */
  get ssrc(): number {
    return this.#row[this.#at + SSRC]!;
  }

  /** Extended highest sequence number received of the present source. */
  get highest(): number {
    return this.#row[this.#at + HIGHEST]!;
  }

  /** Packets of the present source, duplicates excluded. */
  get received(): number {
    return this.#row[this.#at + RECEIVED]!;
  }

  /** Payload bytes of all sources. */
  get octets(): number {
    return this.#row[this.#at + OCTETS]!;
  }

  /** Time of the last packet of any kind, or -Infinity. */
  get lastAt(): Instant {
    return this.#row[this.#at + LAST_AT]!;
  }

  get duplicates(): number {
    return this.#row[this.#at + DUPLICATES]!;
  }

  get reordered(): number {
    return this.#row[this.#at + REORDERED]!;
  }

  get suspects(): number {
    return this.#row[this.#at + SUSPECTS]!;
  }

  get restarts(): number {
    return this.#row[this.#at + RESTARTS]!;
  }

  get sourceChanges(): number {
    return this.#row[this.#at + SOURCE_CHANGES]!;
  }

  /** The peer's timestamps count at another rate from here on: its jitter is measured anew. */
  useClock(clockRateHz: number): void {
    this.#row[this.#at + MS_TO_TICKS] = clockRateHz / 1000;
    this.#row[this.#at + JITTER] = 0;
    this.#row[this.#at + LAST_TRANSIT] = Number.NaN;
  }

  /** Takes note of a packet that arrived at `now`. */
  receive(view: PacketView, now: Instant, timing: Timing): Arrival {
    const row = this.#row;
    const at = this.#at;
    const arrival = this.#place(view);
    row[at + LAST_AT] = now;
    if (arrival === 'duplicate' || arrival === 'suspect') return arrival;
    row[at + RECEIVED]! += 1;
    row[at + OCTETS]! += view.payloadEnd - view.payloadStart;
    if (timing === 'timed') this.#measureJitter(view.timestamp, now);
    return arrival;
  }

  /** Interarrival jitter in timestamp units (RFC 3550 A.8). */
  get jitter(): number {
    return this.#row[this.#at + JITTER]!;
  }

  /** The same in whole units, as reports have it. */
  get jitterUnits(): number {
    return this.#row[this.#at + JITTER]! | 0;
  }

  get jitterMs(): number {
    return this.jitter / this.#row[this.#at + MS_TO_TICKS]!;
  }

  /** Packets expected of the present source. */
  get expected(): number {
    return this.ssrc < 0 ? 0 : this.highest - this.#row[this.#at + BASE]! + 1;
  }

  /** Packets of the present source that never came (RFC 3550 A.3). */
  get lost(): number {
    return Math.max(0, this.expected - this.received);
  }

  /** Packets lost of all sources since the stream was opened. */
  get lostTotal(): number {
    return this.#row[this.#at + LOST_EARLIER]! + this.lost;
  }

  /** Packets of all sources since the stream was opened, duplicates excluded. */
  get receivedTotal(): number {
    return this.#row[this.#at + RECEIVED_EARLIER]! + this.received;
  }

  /** Fraction lost since the last call, 0 … 255 of 256 (RFC 3550 A.3). Call once per report. */
  takeFractionLost(): number {
    const row = this.#row;
    const at = this.#at;
    const expected = this.expected - row[at + EXPECTED_BEFORE]!;
    const lost = expected - (this.received - row[at + RECEIVED_BEFORE]!);
    row[at + EXPECTED_BEFORE] = this.expected;
    row[at + RECEIVED_BEFORE] = this.received;
    return expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected));
  }

  #place(view: PacketView): Arrival {
    const row = this.#row;
    const at = this.#at;
    const { ssrc, sequence } = view;
    if (ssrc !== row[at + SSRC]) {
      const isFirst = row[at + SSRC]! < 0;
      this.#endSource();
      if (!isFirst) row[at + SOURCE_CHANGES]! += 1;
      row[at + SSRC] = ssrc;
      this.#begin(sequence);
      return isFirst ? 'first' : 'sourceChanged';
    }
    const ahead = sequenceDistance(row[at + HIGHEST]! & 0xffff, sequence);
    if (ahead > -MISORDER_MAX && ahead < DROPOUT_MAX) return this.#placeNear(ahead, view.timestamp);
    if (sequence === row[at + SUSPECTED]) {
      this.#endSource();
      row[at + RESTARTS]! += 1;
      this.#begin(sequence);
      return 'restarted';
    }
    row[at + SUSPECTS]! += 1;
    row[at + SUSPECTED] = (sequence + 1) & 0xffff;
    return 'suspect';
  }

  #placeNear(ahead: number, timestamp: number): Arrival {
    const row = this.#row;
    const at = this.#at;
    const extended = row[at + HIGHEST]! + ahead;
    if (ahead > 0) {
      this.#forget(row[at + HIGHEST]! + 1, ahead);
      row[at + HIGHEST] = extended;
      this.#see(extended);
      if (ahead === 1) return 'next';
      this.#measurePacket(timestamp, ahead);
      return 'gap';
    }
    if (this.#see(extended)) {
      row[at + DUPLICATES]! += 1;
      return 'duplicate';
    }
    row[at + REORDERED]! += 1;
    if (extended < row[at + BASE]!) row[at + BASE] = extended;
    return 'reordered';
  }

  #begin(sequence: number): void {
    const row = this.#row;
    const at = this.#at;
    row[at + HIGHEST] = sequence;
    row[at + RECEIVED] = 0;
    row[at + BASE] = sequence;
    row[at + SUSPECTED] = -1;
    row[at + LAST_TRANSIT] = Number.NaN;
    row[at + EXPECTED_BEFORE] = 0;
    row[at + RECEIVED_BEFORE] = 0;
    this.#words.fill(0, 2 * (at + SEEN), 2 * (at + SEEN) + HISTORY_WORDS);
    this.#see(sequence);
  }

  /** What is missing of a source that ends, or begins anew, is missing for good. */
  #endSource(): void {
    const row = this.#row;
    const at = this.#at;
    row[at + LOST_EARLIER]! += this.lost;
    row[at + RECEIVED_EARLIER]! += this.received;
    if (this.ssrc >= 0) settleLosses(row, this.#words, at);
  }

  /** Notes a number of the history; whether it was there before. */
  #see(extended: number): boolean {
    const word = 2 * (this.#at + SEEN) + ((extended >> 5) & (HISTORY_WORDS - 1));
    const bit = 1 << (extended & 31);
    const before = this.#words[word]!;
    this.#words[word] = before | bit;
    return (before & bit) !== 0;
  }

  /**
   * Numbers that enter the history take the place of those that leave it. What has not come by then is lost: a packet
   * later than that would not be taken.
   */
  #forget(first: number, count: number): void {
    const words = this.#words;
    const at = this.#at;
    const start = 2 * (at + SEEN);
    const entering = Math.min(count, HISTORY);
    for (let i = 0; i < entering; i++) {
      const word = start + (((first + i) >> 5) & (HISTORY_WORDS - 1));
      const bit = 1 << ((first + i) & 31);
      if ((words[word]! & bit) !== 0) words[word] = words[word]! & ~bit;
      else if (first + i - HISTORY >= this.#row[at + BASE]!) lose(this.#row, at + LOSSES, first + i - HISTORY, 1);
    }
    if (count > HISTORY) lose(this.#row, at + LOSSES, first, count - HISTORY);
  }

  /** How long a packet is: the step over a gap tells, unless the talker paused in it. */
  #measurePacket(timestamp: number, ahead: number): void {
    const row = this.#row;
    const at = this.#at;
    const msToTicks = row[at + MS_TO_TICKS]!;
    const transit = row[at + LAST_TRANSIT]!;
    if (Number.isNaN(transit)) return;
    const before = Math.floor(row[at + LAST_AT]! * msToTicks) - transit;
    const ticks = timestampDistance(before, timestamp) / ahead;
    if (ticks > 0 && ticks <= PACKET_MAX_MS * msToTicks) row[at + PACKET_TICKS] = ticks;
  }

  #measureJitter(timestamp: number, now: Instant): void {
    const row = this.#row;
    const at = this.#at;
    const last = row[at + LAST_TRANSIT]!;
    const msToTicks = row[at + MS_TO_TICKS]!;
    const transit = timestampDistance(timestamp, Math.floor(now * msToTicks) % 4294967296);
    row[at + LAST_TRANSIT] = transit;
    if (Number.isNaN(last)) return;
    const step = Math.abs(timestampDistance(last, transit));
    if (step <= JUMP_MS * msToTicks) row[at + JITTER]! += (step - row[at + JITTER]!) / 16;
  }
}

/** The reception of one stream in numbers. */
export interface Received {
  /** Of all sources, duplicates excluded. */
  readonly packets: number;
  readonly octets: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly jitterMs: number;
  readonly bursts: Bursts;
}

/** What a row tells, read by whoever shares its memory: the row stays as it is. */
export function receivedOf({ numbers }: StreamRows, index: number): Received {
  const row = numbers.slice(index * RECEIVE_ROW, (index + 1) * RECEIVE_ROW);
  const lostNow = row[SSRC]! < 0 ? 0 : Math.max(0, row[HIGHEST]! - row[BASE]! + 1 - row[RECEIVED]!);
  if (row[SSRC]! >= 0) settleLosses(row, new Int32Array(row.buffer), 0);
  const packets = row[RECEIVED_EARLIER]! + row[RECEIVED]!;
  const lost = row[LOST_EARLIER]! + lostNow;
  return {
    packets,
    octets: row[OCTETS]!,
    lost,
    duplicates: row[DUPLICATES]!,
    reordered: row[REORDERED]!,
    jitterMs: row[JITTER]! / row[MS_TO_TICKS]!,
    bursts: burstsOf(row, LOSSES, packets + lost, row[PACKET_TICKS]! / row[MS_TO_TICKS]!),
  };
}

/** Takes what is still missing in the history as lost. */
function settleLosses(row: Float64Array, words: Int32Array, at: number): void {
  const highest = row[at + HIGHEST]!;
  for (let number = Math.max(row[at + BASE]!, highest - HISTORY + 1); number <= highest; number++) {
    const word = 2 * (at + SEEN) + ((number >> 5) & (HISTORY_WORDS - 1));
    if ((words[word]! & (1 << (number & 31))) === 0) lose(row, at + LOSSES, number, 1);
  }
  endBurst(row, at + LOSSES);
}
