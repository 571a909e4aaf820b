import { type Instant, NEVER } from '../core/kernel/time.ts';
import { pcma, pcmu } from './codec/g711.ts';
import { COUNTER } from './counters.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import type { FromWorker } from './protocol.ts';
import { TickSchedule } from './schedule.ts';
import { PCMA_FORMAT, type Stream } from './slots.ts';

const TICK_MS = 20;
const FRAME_SAMPLES = 160;
/** Ticks that are made up when a turn was late: 100 ms, what the jitter buffer of a phone still takes. */
const CATCH_UP_TICKS = 5;

/**
 * The streams that need a tick every 20 ms, because something is played to them or recorded of them, and what a tick
 * does. Without such a stream there is no tick.
 */
export class Ticking {
  readonly #io: PacketIo;
  readonly #latching: Latching;
  readonly #counters: Float64Array;
  readonly #outputs: FromWorker[];
  readonly #schedule = new TickSchedule(TICK_MS, CATCH_UP_TICKS);
  readonly #streams: Stream[] = [];
  readonly #frame = new Int16Array(FRAME_SAMPLES);

  constructor(io: PacketIo, latching: Latching, counters: Float64Array, outputs: FromWorker[]) {
    this.#io = io;
    this.#latching = latching;
    this.#counters = counters;
    this.#outputs = outputs;
  }

  deadline(): Instant {
    return this.#schedule.deadline();
  }

  /** After a player or a recording came or went. */
  include(stream: Stream, now: Instant): void {
    const isNeeded = stream.player !== undefined || stream.recording !== undefined;
    if (isNeeded === stream.tickIndex >= 0) return;
    if (isNeeded) {
      stream.tickIndex = this.#streams.length;
      this.#streams.push(stream);
      this.#schedule.start(now);
    } else this.#remove(stream);
  }

  expire(now: Instant): void {
    const dueAt = this.#schedule.deadline();
    if (dueAt === NEVER || dueAt > now) return;
    const counters = this.#counters;
    counters[COUNTER.lateMsMax] = Math.max(counters[COUNTER.lateMsMax]!, now - dueAt);
    const before = this.#schedule.late;
    const skippedBefore = this.#schedule.skipped;
    const due = this.#schedule.take(now);
    counters[COUNTER.ticks]! += due;
    counters[COUNTER.ticksLate]! += this.#schedule.late - before;
    counters[COUNTER.ticksSkipped]! += this.#schedule.skipped - skippedBefore;
    // A frame made up has the time at which it was due, so that its stream has no pause.
    const firstAt = this.#schedule.deadline() - due * TICK_MS;
    for (let tick = 0; tick < due; tick++) this.#tick(firstAt + tick * TICK_MS);
  }

  #tick(now: Instant): void {
    // Backwards, because a stream that is done gives its place to the last one.
    for (let i = this.#streams.length - 1; i >= 0; i--) {
      const stream = this.#streams[i]!;
      if (stream.recording !== undefined) this.#counters[COUNTER.recordingSamplesLost]! += stream.recording.tick(now);
      if (stream.player !== undefined) this.#playFrame(stream, now);
    }
  }

  #playFrame(stream: Stream, now: Instant): void {
    const player = stream.player!;
    if (player.finished) {
      stream.player = undefined;
      this.#outputs.push({ kind: 'played', leg: stream.leg, play: stream.play });
      this.include(stream, now);
      return;
    }
    player.take(this.#frame);
    const destination = this.#latching.destination(stream.slot);
    if (!stream.sends || destination === 0 || stream.digits.isSending) {
      this.#counters[COUNTER.droppedDirection]!++;
      return;
    }
    const io = this.#io;
    const at = io.reserve();
    const payloadAt = stream.sender.frame(stream.sendPayloadType, FRAME_SAMPLES, FRAME_SAMPLES, io.out, at, now);
    const codec = stream.sendFormat === PCMA_FORMAT ? pcma : pcmu;
    const size = codec.encode(this.#frame, 0, FRAME_SAMPLES, io.out, payloadAt);
    io.send(stream.port, false, destination, payloadAt + size - at);
  }

  #remove(stream: Stream): void {
    const last = this.#streams.pop()!;
    if (last !== stream) {
      this.#streams[stream.tickIndex] = last;
      last.tickIndex = stream.tickIndex;
    }
    stream.tickIndex = -1;
    if (this.#streams.length === 0) this.#schedule.stop();
  }
}
