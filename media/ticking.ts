import type { RecordingNumber } from '../core/kernel/ids.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import type { FrameSender } from './frame-sender.ts';
import type { Mix } from './mix.ts';
import { dropOver, type Recording } from './recording.ts';
import { TickSchedule } from './schedule.ts';
import { needVoice, type Stream } from './slots.ts';
import { FRAME_SAMPLES } from './voice.ts';

const TICK_MS = 20;
/** Ticks that are made up when a turn was late: 100 ms, what the jitter buffer of a phone still takes. */
const CATCH_UP_TICKS = 5;

/** Recordings that run on a thread, by number. */
export type RunningRecordings = Map<RecordingNumber, { readonly recording: Recording; readonly of: Stream | Mix }>;

/**
 * What needs a tick every 20 ms: conferences in which something happens, streams to which something is played, streams
 * that are recorded. Without one there is no tick.
 */
export class Ticking {
  readonly #sender: FrameSender;
  readonly #counters: Float64Array;
  readonly #recordings: RunningRecordings;
  readonly #schedule = new TickSchedule(TICK_MS, CATCH_UP_TICKS);
  readonly #streams: Stream[] = [];
  readonly #mixes: Mix[] = [];
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #tick = 0;

  constructor(sender: FrameSender, counters: Float64Array, recordings: RunningRecordings) {
    this.#sender = sender;
    this.#counters = counters;
    this.#recordings = recordings;
  }

  deadline(): Instant {
    return this.#schedule.deadline();
  }

  /** After a player, a recording or a mix came or went. */
  include(stream: Stream, now: Instant): void {
    const { player, mix, recordings } = stream;
    if (mix !== undefined && player !== undefined) this.wake(mix, now);
    const isNeeded = (player !== undefined && mix === undefined) || recordings.length > 0;
    if (isNeeded === stream.tickIndex >= 0) return;
    if (isNeeded) {
      stream.tickIndex = this.#streams.length;
      this.#streams.push(stream);
      this.#schedule.start(now);
    } else this.#remove(this.#streams, stream);
  }

  /** Something happens in the mix from here on; it rests by itself. */
  wake(mix: Mix, now: Instant): void {
    if (mix.tickIndex >= 0) return;
    mix.tickIndex = this.#mixes.length;
    this.#mixes.push(mix);
    this.#schedule.start(now);
  }

  /** The mix is not ticked any more. */
  rest(mix: Mix): void {
    if (mix.tickIndex >= 0) this.#remove(this.#mixes, mix);
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
    for (let tick = 0; tick < due; tick++) this.#takeTick(firstAt + tick * TICK_MS);
  }

  /** Mixes first: what they send to a member is what a recording of that member writes down. */
  #takeTick(now: Instant): void {
    const tick = ++this.#tick;
    // Backwards, because what is done gives its place to the last one.
    for (let i = this.#mixes.length - 1; i >= 0; i--) {
      const mix = this.#mixes[i]!;
      const isBusy = mix.tick(tick, now, this.#sender, this.#counters);
      dropOver(mix.recordings, this.#recordings);
      if (!isBusy) this.#remove(this.#mixes, mix);
    }
    for (let i = this.#streams.length - 1; i >= 0; i--) this.#tickStream(this.#streams[i]!, tick, now);
  }

  #tickStream(stream: Stream, tick: number, now: Instant): void {
    if (stream.mix === undefined && stream.player !== undefined) this.#playFrame(stream, tick, now);
    if (stream.recordings.length > 0) {
      this.#record(stream, tick, now);
      dropOver(stream.recordings, this.#recordings);
      needVoice(stream);
    }
    this.include(stream, now);
  }

  #playFrame(stream: Stream, tick: number, now: Instant): void {
    const player = this.#sender.playerOf(stream);
    if (player === undefined) return;
    const isRecorded = stream.recordings.length > 0;
    const samples = isRecorded ? stream.told : this.#frame;
    player.take(samples);
    const payloadAt = this.#sender.begin(stream, now);
    if (payloadAt === -1) return;
    if (isRecorded && !stream.isDeaf) stream.toldTick = tick;
    this.#sender.sendSamples(stream, samples, payloadAt);
  }

  /** Both sides at the same place in time: what came through a jitter buffer, and what was sent in this tick. */
  #record(stream: Stream, tick: number, now: Instant): void {
    const voice = stream.voice!;
    const relayed = stream.relayedVoice!;
    voice.advance(tick, now);
    relayed.advance(tick, now);
    const heard = voice.isHeard && stream.receives && !stream.isUnheard ? voice.frame : undefined;
    const told = stream.toldTick === tick ? stream.told : relayed.isHeard ? relayed.frame : undefined;
    for (let i = 0; i < stream.recordings.length; i++) {
      this.#counters[COUNTER.recordingSamplesLost]! += stream.recordings[i]!.tick(heard, told);
    }
  }

  #remove<Ticked extends Stream | Mix>(list: Ticked[], gone: Ticked): void {
    const last = list.pop()!;
    if (last !== gone) {
      list[gone.tickIndex] = last;
      last.tickIndex = gone.tickIndex;
    }
    gone.tickIndex = -1;
    if (this.#streams.length === 0 && this.#mixes.length === 0) this.#schedule.stop();
  }
}
