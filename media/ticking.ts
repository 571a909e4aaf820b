import type { RecordingNumber } from '../core/kernel/ids.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import type { FrameSender } from './frame-sender.ts';
import { louder } from './membership.ts';
import type { Mix } from './mix.ts';
import { NARROW_HZ, NARROW_SAMPLES } from './narrow-band.ts';
import { dropOver, type Recording } from './recording.ts';
import { TickSchedule } from './schedule.ts';
import { needVoice, type Stream } from './slots.ts';
import type { Externals } from './streams/externals.ts';
import type { Voice } from './voice.ts';

const TICK_MS = 20;
/** Ticks that are made up when a turn was late: 100 ms, what the jitter buffer of a phone still takes. */
const CATCH_UP_TICKS = 5;
/** Ticks without a sound until one is not waited for any more: longer than any delay of a jitter buffer. */
const QUIET_TICKS = 25;

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
  /** Streams whose listener has another codec. */
  readonly #transcoded: Stream[] = [];
  readonly #frame = new Int16Array(NARROW_SAMPLES);
  /** As long as a frame of any rate. */
  readonly #silence = new Int16Array(960);
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
    const { player, mix, isTapped } = stream;
    if (mix !== undefined && player !== undefined) this.wake(mix, now);
    const isNeeded = (player !== undefined && mix === undefined) || isTapped;
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
    if (mix.exchange !== undefined) this.#sender.tellWoke(mix);
    mix.tickIndex = this.#mixes.length;
    this.#mixes.push(mix);
    this.#schedule.start(now);
  }

  /** What the stream's peer says is decoded and encoded for its listener, until nothing comes or nobody listens any more. */
  transcode(stream: Stream, now: Instant): void {
    if (stream.transcodedIndex >= 0) return;
    stream.transcodedIndex = this.#transcoded.length;
    stream.quietTicks = 0;
    this.#transcoded.push(stream);
    if (!stream.isTapped) stream.voice?.restart();
    needVoice(stream);
    this.#schedule.start(now);
  }

  /** Nothing comes, nobody listens any more, or it is relayed again. */
  stopTranscoding(stream: Stream): void {
    const index = stream.transcodedIndex;
    if (index === -1) return;
    const last = this.#transcoded.pop()!;
    if (last !== stream) {
      this.#transcoded[index] = last;
      last.transcodedIndex = index;
    }
    stream.transcodedIndex = -1;
    this.#stopIfIdle();
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

  /** Recordings last: what is sent to a stream before is what they write down. */
  #takeTick(now: Instant): void {
    const tick = ++this.#tick;
    for (const stream of this.#streams) {
      if (stream.externals !== undefined) this.#takeSaid(stream, stream.externals, now);
    }
    // Backwards, because what is done gives its place to the last one.
    for (let i = this.#mixes.length - 1; i >= 0; i--) {
      const mix = this.#mixes[i]!;
      const isBusy = mix.tick(tick, now, this.#sender, this.#counters);
      dropOver(mix.recordings, this.#recordings);
      if (!isBusy) this.#remove(this.#mixes, mix);
    }
    for (let i = this.#transcoded.length - 1; i >= 0; i--) this.#passFrame(this.#transcoded[i]!, tick, now);
    for (let i = this.#streams.length - 1; i >= 0; i--) this.#tickStream(this.#streams[i]!, tick, now);
  }

  /** What programs outside say in this tick, and where it is heard: a conference, the peer, or whom the peer talks to. */
  #takeSaid(stream: Stream, externals: Externals, now: Instant): void {
    externals.advance();
    if (stream.mix !== undefined && (externals.isTelling || externals.isSaying)) this.wake(stream.mix, now);
    if (externals.isSaying && stream.listener !== undefined) this.transcode(stream, now);
  }

  #tickStream(stream: Stream, tick: number, now: Instant): void {
    if (stream.mix === undefined) this.#playFrame(stream, tick, now);
    if (stream.isTapped) {
      this.#record(stream, tick, now);
      dropOver(stream.recordings, this.#recordings);
      needVoice(stream);
    }
    this.include(stream, now);
  }

  /** What plays to the stream, and what programs outside tell it, unless that is in what was passed on to it already. */
  #playFrame(stream: Stream, tick: number, now: Instant): void {
    const player = stream.player && this.#sender.playerOf(stream);
    const telling = stream.externals?.isTelling === true && stream.passedTick !== tick ? stream.externals : undefined;
    if (player === undefined && telling === undefined) return;
    const rateHz = player === undefined && stream.sendRateHz > 0 ? stream.sendRateHz : NARROW_HZ;
    const samples = stream.isTapped ? stream.toldAt(rateHz) : this.#frame;
    if (player === undefined) samples.fill(0);
    else player.take(samples);
    telling?.addTold(samples, rateHz, tick);
    const payloadAt = this.#sender.begin(stream, now);
    if (payloadAt === -1) return;
    if (stream.isTapped && !stream.isDeaf) stream.toldTick = tick;
    this.#sender.sendSamples(stream, samples, rateHz, payloadAt);
  }

  /** One frame of what the stream's peer says, in the codec of its listener. */
  #passFrame(stream: Stream, tick: number, now: Instant): void {
    const voice = stream.voice!;
    const listener = stream.listener;
    voice.advance(tick, now);
    stream.quietTicks = voice.isHeard ? 0 : stream.quietTicks + 1;
    if (listener === undefined || stream.quietTicks > QUIET_TICKS) {
      this.stopTranscoding(stream);
      return;
    }
    if (!voice.isHeard || !stream.receives || listener.player !== undefined) return;
    const payloadAt = this.#sender.begin(listener, now);
    if (payloadAt === -1) return;
    let samples =
      now < stream.hushedUntil || stream.isUnheard
        ? this.#silence.subarray(0, voice.frame.length)
        : louder(stream, voice.frame, stream.gainIn * listener.gainOut);
    if (listener.isTapped) {
      const told = listener.toldAt(voice.rateHz);
      told.set(samples);
      samples = told;
      if (listener.externals?.isTelling === true) listener.externals.addTold(told, voice.rateHz, tick);
      if (!listener.isDeaf) listener.toldTick = tick;
    }
    listener.passedTick = tick;
    this.#counters[COUNTER.framesTranscoded]!++;
    this.#sender.sendSamples(listener, samples, voice.rateHz, payloadAt);
  }

  /** Both sides at the same place in time: what came through a jitter buffer, and what was sent in this tick. */
  #record(stream: Stream, tick: number, now: Instant): void {
    const voice = stream.voice!;
    const relayed = stream.relayedVoice!;
    voice.advance(tick, now);
    relayed.advance(tick, now);
    const { externals } = stream;
    if (externals !== undefined) {
      this.#counters[COUNTER.externalSamplesLost]! += externals.hear(stream, voice, relayed, tick);
    }
    if (stream.recordings.length === 0) return;
    const heard = voice.isHeard && stream.receives && !stream.isUnheard ? voice.at(NARROW_HZ) : undefined;
    const told = this.#toldTo(stream, relayed, tick);
    for (let i = 0; i < stream.recordings.length; i++) {
      this.#counters[COUNTER.recordingSamplesLost]! += stream.recordings[i]!.tick(heard, told);
    }
  }

  /** What the stream's peer was sent in this tick: of our own, or relayed. */
  #toldTo(stream: Stream, relayed: Voice, tick: number): Int16Array | undefined {
    if (stream.toldTick === tick) return stream.toldConverter.convert(stream.told, stream.toldHz, NARROW_HZ, tick);
    return relayed.isHeard ? relayed.at(NARROW_HZ) : undefined;
  }

  #remove<Ticked extends Stream | Mix>(list: Ticked[], gone: Ticked): void {
    const last = list.pop()!;
    if (last !== gone) {
      list[gone.tickIndex] = last;
      last.tickIndex = gone.tickIndex;
    }
    gone.tickIndex = -1;
    this.#stopIfIdle();
  }

  #stopIfIdle(): void {
    if (this.#streams.length + this.#mixes.length + this.#transcoded.length === 0) this.#schedule.stop();
  }
}
