import { assert } from '../../core/kernel/assert.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { DelayEstimator } from './delay-estimator.ts';
import { PayloadCopy } from './payload-copy.ts';
import { extendSequence, timestampDistance } from './sequence.ts';

export interface JitterBufferOptions {
  readonly clockRateHz: number;
  /** Samples per packet until the stream has shown otherwise. */
  readonly frameSamples: number;
  /** Packets held at most: a power of two. */
  readonly slotCount: number;
  /** Payload bytes kept of a packet; longer payloads are refused. */
  readonly slotBytes: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
}

export const JITTER_BUFFER_DEFAULTS: JitterBufferOptions = {
  clockRateHz: 8000,
  frameSamples: 160,
  slotCount: 64,
  slotBytes: 960,
  delayMinMs: 20,
  delayMaxMs: 200,
};

/**
 * What a tick gets.
 * - `frame`: the payload at `bytes[frameStart … frameEnd)`, valid until the next `put`.
 * - `missing`: nothing for the next `packetSamples` samples: lost, late, or a pause of the talker. Conceal or be silent.
 * - `empty`: not begun, or nothing has come for the longest delay. Nothing is due.
 */
export type Taken = 'frame' | 'missing' | 'empty';

type State = 'idle' | 'filling' | 'playing';

/** No extended sequence number: those of a stream that begins at zero may go a little below it. */
const NOWHERE = Number.NEGATIVE_INFINITY;

/** Packets of talk between two that are dropped or delayed on purpose, so that it is not heard as a stutter. */
const ADJUST_INTERVAL = 10;

/** Samples per packet beyond this many milliseconds are a jump of the timestamp, not a packet. */
const PACKET_MAX_MS = 120;

/**
 * Turns packets that come when they come into one per call of `take`, in order, at a delay that follows the network
 * between its bounds. Payloads are copied once, into slots allocated at the start.
 *
 * Call `take` whenever the player has used up what it had, with the instant its next sample is due.
 */
export class JitterBuffer {
  readonly #options: JitterBufferOptions;
  readonly #mask: number;
  readonly #msToTicks: number;
  readonly #delay: DelayEstimator;
  readonly #sequences: Float64Array;
  readonly #timestamps: Float64Array;
  readonly #lengths: Int32Array;
  readonly #copy: PayloadCopy;

  /** Slots, one after the other. */
  readonly bytes: Uint8Array;
  frameStart = 0;
  frameEnd = 0;
  /** Timestamp of the frame taken. */
  frameTimestamp = 0;
  /** Samples per packet, as learnt from the stream. */
  packetSamples: number;

  taken = 0;
  late = 0;
  lost = 0;
  duplicate = 0;
  reordered = 0;
  oversized = 0;
  /** Dropped to catch up, and pauses made to fall back. */
  dropped = 0;
  stretched = 0;
  /** Times that everything was let go: a jump in the numbers, or a silence longer than the longest delay. */
  resets = 0;

  #state: State = 'idle';
  /** Whether the numbers below belong to the present source. */
  #knowsNumbers = false;
  /** Nothing below this may be played any more. */
  #floor = Number.NEGATIVE_INFINITY;
  #startAt: Instant = 0;
  /** Extended sequence number to play next, and the newest that came. */
  #next = 0;
  #highest = 0;
  #highestTimestamp = 0;
  /** Timestamp that is due next. */
  #playAt = 0;
  #starved = 0;
  #lateInRow = 0;
  #sinceAdjusted = 0;
  /** Timestamp step between the two newest packets. */
  #lastStep = 0;

  constructor(options: Partial<JitterBufferOptions> = {}) {
    this.#options = { ...JITTER_BUFFER_DEFAULTS, ...options };
    const { slotCount, slotBytes, clockRateHz, delayMinMs, delayMaxMs, frameSamples } = this.#options;
    assert(slotCount >= 4 && (slotCount & (slotCount - 1)) === 0, 'slots are a power of two');
    this.#mask = slotCount - 1;
    this.#msToTicks = clockRateHz / 1000;
    this.#delay = new DelayEstimator(clockRateHz, delayMinMs, delayMaxMs);
    this.#sequences = new Float64Array(slotCount).fill(Number.NaN);
    this.#timestamps = new Float64Array(slotCount);
    this.#lengths = new Int32Array(slotCount);
    this.bytes = new Uint8Array(slotCount * slotBytes);
    this.#copy = new PayloadCopy(this.bytes);
    this.packetSamples = frameSamples;
  }

  /** Delay aimed at, in milliseconds. */
  get targetDelayMs(): number {
    return this.#delay.targetMs;
  }

  /** Packets waiting, lost ones included. */
  get depth(): number {
    return this.#state === 'idle' ? 0 : Math.max(0, this.#highest - this.#next + 1);
  }

  /** Lets everything go: the source changed or restarted. Counters and what is known of the network stay. */
  reset(): void {
    this.#sequences.fill(Number.NaN);
    this.#state = 'idle';
    this.#knowsNumbers = false;
    this.#floor = Number.NEGATIVE_INFINITY;
    this.#lateInRow = 0;
  }

  /** Takes in the payload `from[start … end)` that arrived at `now`; copied unless late, had already, or too long. */
  put(sequence: number, timestamp: number, from: Uint8Array, start: number, end: number, now: Instant): void {
    if (end - start > this.#options.slotBytes) {
      this.oversized += 1;
      return;
    }
    const extended = this.#place(sequence, timestamp, now);
    if (extended === NOWHERE) return;
    this.#lateInRow = 0;
    this.#delay.observe(timestamp, now);
    this.#learnPacketSamples(extended, timestamp);
    if (extended < this.#highest) this.reordered += 1;
    else {
      this.#highest = extended;
      this.#highestTimestamp = timestamp;
    }
    if (extended < this.#next) this.#next = extended;
    this.#store(extended, timestamp, from, start, end);
  }

  /**
   * The next packet for playing at `now`. `talk` tells whether what was played last was speech: in a pause the delay
   * is corrected at once, in speech rarely.
   */
  take(now: Instant, talk: 'speech' | 'pause'): Taken {
    if (this.#state === 'filling' && now >= this.#startAt) this.#startPlaying();
    if (this.#state !== 'playing') return 'empty';
    this.#sinceAdjusted += 1;
    const excess = this.#excessPackets(now);
    if (this.#maySlowDown(excess)) {
      this.stretched += 1;
      this.#sinceAdjusted = 0;
      return 'missing';
    }
    if (this.#mustCatchUp(excess, talk)) this.#skip();
    this.#skipBeyondLongestDelay(now);
    return this.#takeNext();
  }

  /** After `missing`: whether a packet was lost and the one right behind it is here, at `bytes[frameStart … frameEnd)`. */
  seesBehindLoss(): boolean {
    const found = this.#oldest();
    if (found === NOWHERE || found === this.#next) return false;
    const slot = found & this.#mask;
    if (timestampDistance(this.#playAt, this.#timestamps[slot]!) !== 0) return false;
    this.frameStart = slot * this.#options.slotBytes;
    this.frameEnd = this.frameStart + this.#lengths[slot]!;
    return true;
  }

  #takeNext(): Taken {
    for (;;) {
      const found = this.#oldest();
      if (found === NOWHERE) return this.#starve();
      this.#starved = 0;
      const slot = found & this.#mask;
      const ahead = this.#aheadOf(this.#timestamps[slot]!);
      if (ahead >= this.packetSamples) {
        this.#playAt = (this.#playAt + this.packetSamples) >>> 0;
        return 'missing';
      }
      this.lost += found - this.#next;
      this.#next = found + 1;
      if (ahead + this.packetSamples <= 0) {
        this.late += 1;
        continue;
      }
      this.taken += 1;
      this.frameTimestamp = this.#timestamps[slot]!;
      this.frameStart = slot * this.#options.slotBytes;
      this.frameEnd = this.frameStart + this.#lengths[slot]!;
      this.#playAt = (this.frameTimestamp + this.packetSamples) >>> 0;
      return 'frame';
    }
  }

  /** Nothing is waiting: time goes on, and after the longest delay the talk is taken to be over. */
  #starve(): Taken {
    this.#starved += this.packetSamples;
    this.#playAt = (this.#playAt + this.packetSamples) >>> 0;
    if (this.#starved <= this.#options.delayMaxMs * this.#msToTicks) return 'missing';
    this.resets += 1;
    this.#state = 'idle';
    this.#floor = this.#next;
    return 'empty';
  }

  /** Extended number of the oldest packet waiting, or NOWHERE. */
  #oldest(): number {
    for (let extended = this.#next; extended <= this.#highest; extended++) {
      if (this.#sequences[extended & this.#mask] === extended) return extended;
    }
    return NOWHERE;
  }

  /** How many packets the present delay is longer than it need be; negative when it is too short. */
  #excessPackets(now: Instant): number {
    const delayMs = this.#delay.delayMs(this.#playAt, now);
    return ((delayMs - this.#delay.targetMs) * this.#msToTicks) / this.packetSamples;
  }

  /** At once when nothing is there to be delayed. */
  #maySlowDown(excess: number): boolean {
    return excess <= -1 && (this.#sinceAdjusted > ADJUST_INTERVAL || this.#oldest() === NOWHERE);
  }

  #mustCatchUp(excess: number, talk: 'speech' | 'pause'): boolean {
    if (talk === 'pause') return excess >= 1;
    return excess >= 2 && this.#sinceAdjusted > ADJUST_INTERVAL;
  }

  #skipBeyondLongestDelay(now: Instant): void {
    for (let i = 0; i <= this.#mask && this.#oldest() !== NOWHERE; i++) {
      if (this.#delay.delayMs(this.#playAt, now) <= this.#options.delayMaxMs) return;
      this.#skip();
    }
  }

  #skip(): void {
    const found = this.#oldest();
    if (found === NOWHERE) return;
    this.#sinceAdjusted = 0;
    const ahead = this.#aheadOf(this.#timestamps[found & this.#mask]!);
    this.#playAt = (this.#playAt + this.packetSamples) >>> 0;
    // In a pause of the talker there is time to skip and no packet to lose.
    if (ahead >= this.packetSamples) return;
    this.lost += found - this.#next;
    this.#next = found + 1;
    this.dropped += 1;
  }

  /** Samples until a packet is due. A timestamp beyond all delay is a jump of the source's clock: due now. */
  #aheadOf(timestamp: number): number {
    const ahead = timestampDistance(this.#playAt, timestamp);
    if (ahead <= this.#jumpSamples()) return ahead;
    this.#playAt = timestamp;
    return 0;
  }

  /** The extended number under which a packet is to be kept, or NOWHERE. Begins and restarts the buffer as needed. */
  #place(sequence: number, timestamp: number, now: Instant): number {
    if (!this.#knowsNumbers) return this.#begin(sequence, timestamp, now);
    const extended = extendSequence(this.#highest, sequence);
    if (this.#sequences[extended & this.#mask] === extended) {
      this.duplicate += 1;
      return NOWHERE;
    }
    if (extended < this.#next && !this.#isStillInTime(extended)) {
      this.late += 1;
      this.#lateInRow += 1;
      this.#delay.observe(timestamp, now);
      // Nothing in time for so long: the numbers went back. Begin again.
      return this.#lateInRow > this.#mask ? this.#restart(sequence, timestamp, now) : NOWHERE;
    }
    if (this.#state === 'idle') return this.#begin(extended, timestamp, now);
    if (extended - this.#next > this.#mask || this.#isFarOff(timestamp)) {
      return this.#restart(sequence, timestamp, now);
    }
    return extended;
  }

  #begin(extended: number, timestamp: number, now: Instant): number {
    this.#state = 'filling';
    this.#knowsNumbers = true;
    this.#starved = 0;
    this.#next = extended;
    this.#highest = extended;
    this.#highestTimestamp = timestamp;
    this.#startAt = now + this.#delay.targetMs;
    // A source may have stopped its clock while it was silent.
    this.#delay.forgetClock();
    return extended;
  }

  #restart(sequence: number, timestamp: number, now: Instant): number {
    this.resets += 1;
    this.reset();
    return this.#begin(sequence, timestamp, now);
  }

  #startPlaying(): void {
    const oldest = this.#oldest();
    assert(oldest !== NOWHERE, 'a buffer that fills holds the packet that began it');
    this.#state = 'playing';
    this.#playAt = this.#timestamps[oldest & this.#mask]!;
    this.#sinceAdjusted = 0;
  }

  /** While filling, a packet older than the first may still be played first; never one older than what was played. */
  #isStillInTime(extended: number): boolean {
    return this.#state === 'filling' && extended >= this.#floor && this.#highest - extended <= this.#mask;
  }

  /** A new number with a timestamp beyond all delay, or long played: the source's clock jumped. */
  #isFarOff(timestamp: number): boolean {
    if (this.#state !== 'playing') return false;
    return Math.abs(timestampDistance(this.#playAt, timestamp)) > this.#jumpSamples();
  }

  #jumpSamples(): number {
    return 2 * this.#options.delayMaxMs * this.#msToTicks;
  }

  #learnPacketSamples(extended: number, timestamp: number): void {
    if (extended - this.#highest !== 1) return;
    const samples = timestampDistance(this.#highestTimestamp, timestamp);
    // Once may be a pause of the talker; twice the same is the packet time.
    if (samples === this.#lastStep && samples <= PACKET_MAX_MS * this.#msToTicks) this.packetSamples = samples;
    this.#lastStep = Math.max(1, samples);
  }

  #store(extended: number, timestamp: number, from: Uint8Array, start: number, end: number): void {
    const slot = extended & this.#mask;
    const at = slot * this.#options.slotBytes;
    this.#copy.copy(from, start, end, at);
    this.#sequences[slot] = extended;
    this.#timestamps[slot] = timestamp;
    this.#lengths[slot] = end - start;
  }
}
