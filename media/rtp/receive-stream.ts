import type { Instant } from '../../core/kernel/time.ts';
import type { PacketView } from './packet-view.ts';
import { DROPOUT_MAX, extendSequence, MISORDER_MAX, timestampDistance } from './sequence.ts';

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

/** Sequence numbers remembered to tell a duplicate from a reordered packet. */
const HISTORY = 128;

/** A step of the transit time beyond this is a jump of the source's clock, not jitter. */
const JUMP_MS = 2000;

/**
 * Reception statistics of one stream as its sources come and go (RFC 3550 §6.4.1, A.1, A.3, A.8). The first packet of
 * a source counts at once, without the probation of A.1: who may send here is decided before, by latching.
 */
export class ReceiveStream {
  readonly #msToTicks: number;
  readonly #seen = new Float64Array(HISTORY);

  /** SSRC of the present source, or -1 before the first packet. */
  ssrc = -1;
  /** Extended highest sequence number received of the present source. */
  highest = 0;
  /** Packets of the present source, duplicates excluded. */
  received = 0;
  duplicates = 0;
  reordered = 0;
  suspects = 0;
  restarts = 0;
  sourceChanges = 0;
  /** Payload bytes of all sources. */
  octets = 0;
  /** Time of the last packet of any kind, or -Infinity. */
  lastAt: Instant = -Infinity;

  #base = 0;
  #suspected = -1;
  #jitter = 0;
  #lastTransit = Number.NaN;
  #expectedBefore = 0;
  #receivedBefore = 0;
  /** Lost in earlier runs of numbers (other sources, restarts). */
  #lostEarlier = 0;

  constructor(clockRateHz: number) {
    this.#msToTicks = clockRateHz / 1000;
  }

  /** Takes note of a packet that arrived at `now`. */
  receive(view: PacketView, now: Instant, timing: Timing): Arrival {
    this.lastAt = now;
    const arrival = this.#place(view);
    if (arrival === 'duplicate' || arrival === 'suspect') return arrival;
    this.received += 1;
    this.octets += view.payloadEnd - view.payloadStart;
    this.#seen[this.#slot(extendSequence(this.highest, view.sequence))] = extendSequence(this.highest, view.sequence);
    if (timing === 'timed') this.#measureJitter(view.timestamp, now);
    return arrival;
  }

  /** Interarrival jitter in timestamp units (RFC 3550 A.8). */
  get jitter(): number {
    return this.#jitter;
  }

  get jitterMs(): number {
    return this.#jitter / this.#msToTicks;
  }

  /** Packets expected of the present source. */
  get expected(): number {
    return this.ssrc < 0 ? 0 : this.highest - this.#base + 1;
  }

  /** Packets of the present source that never came (RFC 3550 A.3). */
  get lost(): number {
    return Math.max(0, this.expected - this.received);
  }

  /** Packets lost of all sources since the stream was opened. */
  get lostTotal(): number {
    return this.#lostEarlier + this.lost;
  }

  /** Fraction lost since the last call, 0 … 255 of 256 (RFC 3550 A.3). Call once per report. */
  takeFractionLost(): number {
    const expected = this.expected - this.#expectedBefore;
    const lost = expected - (this.received - this.#receivedBefore);
    this.#expectedBefore = this.expected;
    this.#receivedBefore = this.received;
    return expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected));
  }

  #place(view: PacketView): Arrival {
    const { ssrc, sequence } = view;
    if (ssrc !== this.ssrc) {
      const isFirst = this.ssrc < 0;
      this.#lostEarlier += this.lost;
      if (!isFirst) this.sourceChanges += 1;
      this.ssrc = ssrc;
      this.#begin(sequence);
      return isFirst ? 'first' : 'sourceChanged';
    }
    const extended = extendSequence(this.highest, sequence);
    const ahead = extended - this.highest;
    if (ahead > -MISORDER_MAX && ahead < DROPOUT_MAX) return this.#placeNear(extended, ahead);
    if (sequence === this.#suspected) {
      this.#lostEarlier += this.lost;
      this.restarts += 1;
      this.#begin(sequence);
      return 'restarted';
    }
    this.suspects += 1;
    this.#suspected = (sequence + 1) & 0xffff;
    return 'suspect';
  }

  #placeNear(extended: number, ahead: number): Arrival {
    if (this.#seen[this.#slot(extended)] === extended) {
      this.duplicates += 1;
      return 'duplicate';
    }
    if (ahead <= 0) {
      this.reordered += 1;
      if (extended < this.#base) this.#base = extended;
      return 'reordered';
    }
    this.highest = extended;
    return ahead === 1 ? 'next' : 'gap';
  }

  #begin(sequence: number): void {
    this.highest = sequence;
    this.received = 0;
    this.#base = sequence;
    this.#suspected = -1;
    this.#lastTransit = Number.NaN;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#seen.fill(Number.NaN);
  }

  #slot(extended: number): number {
    return extended & (HISTORY - 1);
  }

  #measureJitter(timestamp: number, now: Instant): void {
    const transit = Math.floor(now * this.#msToTicks) % 4294967296;
    const last = this.#lastTransit;
    this.#lastTransit = timestampDistance(timestamp, transit);
    if (Number.isNaN(last)) return;
    const step = Math.abs(timestampDistance(last, this.#lastTransit));
    if (step <= JUMP_MS * this.#msToTicks) this.#jitter += (step - this.#jitter) / 16;
  }
}
