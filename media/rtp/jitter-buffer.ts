import { assert } from '../../core/kernel/assert.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { BUFFER, BufferCounts } from './buffer-counts.ts';
import { DelayEstimator } from './delay-estimator.ts';
import { JITTER_BUFFER_DEFAULTS, type JitterBufferOptions } from './jitter-buffer-options.ts';
import { type PacketKind, PacketSlots } from './packet-slots.ts';
import { extendSequence, timestampDistance } from './sequence.ts';

/**
 * What a tick gets.
 * - `frame`: the payload at `bytes[frameStart … frameEnd)`, valid until the next `put`.
 * - `missing`: nothing for the next `packetSamples` samples: lost, late, or a pause of the talker. Conceal or be silent.
 * - `empty`: not begun, or nothing has come for the longest delay. Nothing is due.
 */
export type Taken = 'frame' | 'missing' | 'empty';

type State = 'idle' | 'filling' | 'playing';

/** No extended sequence number: those of a stream that begins at zero may go a little below it. */
const NOWHERE = -(2 ** 31);

/** Samples per packet beyond this many milliseconds are a jump of the timestamp, not a packet. */
const PACKET_MAX_MS = 120;

/** So many packets dropped one after the other, and none played between: the way has become longer, or the clock slower. */
const DROPPED_IN_ROW_MAX = 10;

/**
 * Turns packets that come when they come into one per call of `take`, in order. Payloads are copied once, into slots
 * for which room is made as it is needed.
 *
 * Call `take` whenever the player needs more, and tell what it has still to play. The delay is what it makes of it: it
 * should play a little more or less than it took, as `excessMs` tells. Beyond the longest delay packets are dropped.
 */
export class JitterBuffer {
  readonly #options: JitterBufferOptions;
  readonly #msToTicks: number;
  readonly #delay: DelayEstimator;
  readonly #slots: PacketSlots;

  frameStart = 0;
  frameEnd = 0;
  frameKind: PacketKind = 'voice';
  /** Samples per packet, as learnt from the stream. */
  packetSamples: number;

  readonly #counts: BufferCounts;

  #state: State = 'idle';
  /** Whether the numbers below belong to the present source. */
  #knowsNumbers = false;
  /** Nothing below this may be played any more. */
  #floor = NOWHERE;
  #startAt: Instant = 0;
  /** Extended sequence number to play next, and the newest that came. */
  #next = 0;
  #highest = 0;
  #highestTimestamp = 0;
  /** Timestamp that is due next. */
  #playAt = 0;
  /** Samples that were played without a packet since the last one: time that passed, or was added to the delay. */
  #starved = 0;
  #lateInRow = 0;
  #droppedInRow = 0;
  /** Timestamp step between the two newest packets. */
  #lastStep = 0;

  /** `counts` may go on from a buffer before. */
  constructor(options: Partial<JitterBufferOptions> = {}, counts = new BufferCounts()) {
    this.#counts = counts;
    this.#options = { ...JITTER_BUFFER_DEFAULTS, ...options };
    const { slotCount, slotBytes, clockRateHz, delayMinMs, delayMaxMs, frameSamples } = this.#options;
    assert(slotCount >= 4 && (slotCount & (slotCount - 1)) === 0, 'slots are a power of two');
    this.#msToTicks = clockRateHz / 1000;
    this.#delay = new DelayEstimator(clockRateHz, delayMinMs, delayMaxMs);
    this.#slots = new PacketSlots(slotCount, slotBytes);
    this.packetSamples = frameSamples;
  }

  /** See `prefetch.ts`. */
  prefetch(next: 'put' | 'take'): number {
    const extended = next === 'put' ? this.#highest + 1 : this.#next;
    return (
      (this.#slots.prefetch(extended) + this.#delay.prefetch() + this.#counts.of(BUFFER.taken) + this.#lastStep) | 0
    );
  }

  get taken(): number {
    return this.#counts.of(BUFFER.taken);
  }

  get late(): number {
    return this.#counts.of(BUFFER.late);
  }

  get lost(): number {
    return this.#counts.of(BUFFER.lost);
  }

  get duplicate(): number {
    return this.#counts.of(BUFFER.duplicate);
  }

  get reordered(): number {
    return this.#counts.of(BUFFER.reordered);
  }

  get oversized(): number {
    return this.#counts.of(BUFFER.oversized);
  }

  /** Packets that were there and not played, because of the longest delay. */
  get dropped(): number {
    return this.#counts.of(BUFFER.dropped);
  }

  /** Times that everything was let go: a jump in the numbers, or a silence longer than the longest delay. */
  get resets(): number {
    return this.#counts.of(BUFFER.resets);
  }

  /** Where the frame taken is. */
  get bytes(): Uint8Array {
    return this.#slots.bytes;
  }

  /** Bytes of memory for packets. */
  get sizeBytes(): number {
    return this.#slots.sizeBytes;
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
    this.#slots.clear();
    this.#state = 'idle';
    this.#knowsNumbers = false;
    this.#floor = NOWHERE;
    this.#lateInRow = 0;
  }

  /**
   * Takes in the payload `from[start … end)` that arrived at `now`; copied unless late, had already, or too long. Timestamps
   * are kept signed: like that they are small numbers to the engine, and calls box none.
   */
  put(
    sequence: number,
    rtpTimestamp: number,
    from: Uint8Array,
    start: number,
    end: number,
    now: Instant,
    kind: PacketKind = 'voice',
  ): void {
    const timestamp = rtpTimestamp | 0;
    if (end - start > this.#options.slotBytes) {
      this.#counts.add(BUFFER.oversized, 1);
      return;
    }
    const isNext = this.#isNext(sequence, timestamp);
    const extended = isNext ? this.#highest + 1 : this.#place(sequence, timestamp, now);
    if (extended === NOWHERE) return;
    this.#lateInRow = 0;
    this.#delay.observe(timestamp, now);
    // The pause behind a description of noise is no packet time.
    if (kind === 'noise') this.#lastStep = 1;
    else this.#learnPacketSamples(extended, timestamp);
    if (extended < this.#highest) this.#counts.add(BUFFER.reordered, 1);
    else {
      this.#highest = extended;
      this.#highestTimestamp = timestamp;
    }
    if (extended < this.#next) this.#next = extended;
    this.#slots.store(extended, timestamp, from, start, end, this.#next, kind);
  }

  /** The next packet for playing behind `waiting` units of the timestamps' clock from `now` on. */
  take(now: Instant, waiting = 0): Taken {
    if (this.#state === 'filling' && now >= this.#startAt) this.#startPlaying();
    if (this.#state === 'playing') this.#dropBeyondLongestDelay(now, waiting);
    return this.#state === 'playing' ? this.#takeNext() : 'empty';
  }

  /**
   * How much longer than it need be the delay is for a player that plays what comes next as `take` says, in whole
   * milliseconds; negative when it is too short. 0 while nothing is played.
   */
  excessMs(now: Instant, waiting = 0): number {
    if (this.#state !== 'playing' || this.#starved > 0) return 0;
    return (this.#delay.delayMs(this.#playAt - waiting, now) - this.#delay.targetMs) | 0;
  }

  /** Whether the packet right behind the last one is here. */
  get hasNext(): boolean {
    return this.#state === 'playing' && this.#starved === 0 && this.#slots.has(this.#next);
  }

  /** After `missing`: whether a packet was lost and the one right behind it is here, at `bytes[frameStart … frameEnd)`. */
  seesBehindLoss(): boolean {
    const found = this.#oldest();
    if (found === NOWHERE || found === this.#next) return false;
    if (timestampDistance(this.#playAt, this.#slots.timestamp(found)) !== 0) return false;
    this.frameStart = this.#slots.start(found);
    this.frameEnd = this.#slots.end(found);
    return true;
  }

  #takeNext(): Taken {
    for (;;) {
      const found = this.#oldest();
      if (found === NOWHERE) return this.#starve();
      const timestamp = this.#slots.timestamp(found);
      const ahead = this.#aheadOf(timestamp);
      if (ahead >= this.packetSamples) {
        this.#playAt = (this.#playAt + this.packetSamples) | 0;
        return 'missing';
      }
      this.#counts.add(BUFFER.lost, found - this.#next);
      this.#next = found + 1;
      if (ahead + this.packetSamples <= 0) {
        this.#counts.add(BUFFER.late, 1);
        continue;
      }
      this.#counts.add(BUFFER.taken, 1);
      this.#droppedInRow = 0;
      this.frameStart = this.#slots.start(found);
      this.frameEnd = this.#slots.end(found);
      this.frameKind = this.#slots.kind(found);
      this.#playAt = (timestamp + this.packetSamples) | 0;
      return 'frame';
    }
  }

  /**
   * Nothing is waiting: whether it was lost or is late, the next packet will tell. After the longest delay the talk is
   * taken to be over.
   */
  #starve(): Taken {
    this.#starved += this.packetSamples;
    if (this.#starved <= this.#options.delayMaxMs * this.#msToTicks) return 'missing';
    this.#rest();
    return 'empty';
  }

  /** The next packet begins anew, and with it what is taken for the fastest way; none before it is played any more. */
  #rest(): void {
    this.#counts.add(BUFFER.resets, 1);
    this.#state = 'idle';
    this.#floor = this.#next;
    this.#droppedInRow = 0;
  }

  /** Extended number of the oldest packet waiting, or NOWHERE. */
  #oldest(): number {
    for (let extended = this.#next; extended <= this.#highest; extended++) {
      if (this.#slots.has(extended)) return extended;
    }
    return NOWHERE;
  }

  #dropBeyondLongestDelay(now: Instant, waiting: number): void {
    for (let i = 0; i < this.#options.slotCount; i++) {
      if (this.#delay.delayMs(this.#playAt - waiting, now) <= this.#options.delayMaxMs || !this.#drop()) break;
    }
    if (this.#droppedInRow >= DROPPED_IN_ROW_MAX && this.#oldest() === NOWHERE) this.#rest();
  }

  /** The time of one packet passes unplayed; false when none is waiting. */
  #drop(): boolean {
    const found = this.#oldest();
    if (found === NOWHERE) return false;
    const ahead = this.#aheadOf(this.#slots.timestamp(found));
    this.#playAt = (this.#playAt + this.packetSamples) | 0;
    // In a pause of the talker there is time to pass and no packet to lose.
    if (ahead >= this.packetSamples) return true;
    this.#counts.add(BUFFER.lost, found - this.#next);
    this.#next = found + 1;
    this.#counts.add(BUFFER.dropped, 1);
    this.#droppedInRow += 1;
    return true;
  }

  /**
   * Samples until a packet is due. What was played without packets before it was their time if they were lost; as far
   * as it was not, the delay is longer by now. A timestamp beyond all delay is a jump of the source's clock: due now.
   */
  #aheadOf(timestamp: number): number {
    const ahead = timestampDistance(this.#playAt, timestamp);
    const passed = Math.max(0, Math.min(ahead, this.#starved));
    this.#starved = 0;
    if (ahead > this.#jumpSamples()) {
      this.#playAt = timestamp;
      return 0;
    }
    this.#playAt = (this.#playAt + passed) | 0;
    return ahead - passed;
  }

  /** The usual case: right behind the newest, a moment later, with room for it. */
  #isNext(sequence: number, timestamp: number): boolean {
    if (this.#state === 'idle' || sequence !== ((this.#highest + 1) & 0xffff)) return false;
    const step = (timestamp - this.#highestTimestamp) | 0;
    return step >= 0 && step <= this.#jumpSamples() && this.#highest + 1 - this.#next < this.#options.slotCount;
  }

  /** The extended number under which a packet is to be kept, or NOWHERE. Begins and restarts the buffer as needed. */
  #place(sequence: number, timestamp: number, now: Instant): number {
    if (!this.#knowsNumbers) return this.#begin(sequence, timestamp, now);
    const extended = extendSequence(this.#highest, sequence);
    if (this.#slots.has(extended)) {
      this.#counts.add(BUFFER.duplicate, 1);
      return NOWHERE;
    }
    if (extended < this.#next && !this.#isStillInTime(extended)) {
      this.#counts.add(BUFFER.late, 1);
      this.#lateInRow += 1;
      this.#delay.observe(timestamp, now);
      // Nothing in time for so long: the numbers went back. Begin again.
      return this.#lateInRow >= this.#options.slotCount ? this.#restart(sequence, timestamp, now) : NOWHERE;
    }
    if (this.#state === 'idle') return this.#begin(extended, timestamp, now);
    if (extended - this.#next >= this.#options.slotCount || this.#isFarOff(timestamp)) {
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
    this.#counts.add(BUFFER.resets, 1);
    this.reset();
    return this.#begin(sequence, timestamp, now);
  }

  #startPlaying(): void {
    const oldest = this.#oldest();
    assert(oldest !== NOWHERE, 'a buffer that fills holds the packet that began it');
    this.#state = 'playing';
    this.#playAt = this.#slots.timestamp(oldest);
  }

  /** While filling, a packet older than the first may still be played first; never one older than what was played. */
  #isStillInTime(extended: number): boolean {
    return this.#state === 'filling' && extended >= this.#floor && this.#highest - extended < this.#options.slotCount;
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
}
