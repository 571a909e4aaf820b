import type { MixId } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import type { FrameSender } from './frame-sender.ts';
import type { MixExchange } from './mix-exchange.ts';
import { add, begin, clip, clipLess, clipMore, codesOf, encodeSum } from './mixer.ts';
import type { Recording } from './recording.ts';
import type { Stream } from './slots.ts';
import { FRAME_SAMPLES } from './voice.ts';

/**
 * Ticks of silence that are still sent after the last sound: a pause between words is no pause in the stream. Longer
 * than what `SendStream` takes for one, so that a stream never loses its time.
 */
const QUIET_TICKS = 50;
const FORMATS = 3;

/**
 * A conference on one thread. Once a tick everybody who speaks is summed once; each speaker hears the sum without
 * itself, and all others of one codec get the same frame, encoded once.
 */
export class Mix {
  readonly id: MixId;
  readonly members: Stream[] = [];
  readonly recordings: Recording[] = [];
  /** The same mix on other threads; undefined while nobody is there. */
  exchange: MixExchange | undefined;
  /** Place among the mixes that take part in ticks, or -1. */
  tickIndex = -1;
  readonly #sum = new Int32Array(FRAME_SAMPLES);
  readonly #samples = new Int16Array(FRAME_SAMPLES);
  /** Frames for those who do not speak, by format, and whether this tick has made them. */
  readonly #shared = Array.from({ length: FORMATS }, () => new Uint8Array(FRAME_SAMPLES));
  readonly #isShared = new Uint8Array(FORMATS);
  #speakers = 0;
  #isSumClear = true;

  constructor(id: MixId) {
    this.id = id;
  }

  /** Somebody hears, or would hear, what a member says. */
  get wantsVoice(): boolean {
    return this.members.length > 1 || this.recordings.length > 0 || this.exchange !== undefined;
  }

  get isUnused(): boolean {
    return this.members.length === 0 && this.recordings.length === 0;
  }

  add(stream: Stream): void {
    stream.mix = this;
    stream.mixIndex = this.members.length;
    stream.quietTicks = QUIET_TICKS;
    this.members.push(stream);
  }

  /** Takes a member out; what it has said and nobody has heard yet is gone with it. */
  remove(stream: Stream): void {
    const last = this.members.pop()!;
    if (last !== stream) {
      this.members[stream.mixIndex] = last;
      last.mixIndex = stream.mixIndex;
    }
    stream.mix = undefined;
    stream.mixIndex = -1;
    stream.isSpeaking = false;
  }

  /** One frame for everybody. False when nothing happens here until somebody speaks, comes or is played to. */
  tick(tick: number, now: Instant, sender: FrameSender, counters: Float64Array): boolean {
    const waiting = this.#hear(tick, now, counters);
    this.#isShared.fill(0);
    let isBusy = this.recordings.length > 0 || this.exchange !== undefined || (waiting > 0 && this.wantsVoice);
    // Backwards, because a member whose file ends may take the chance to go.
    for (let i = this.members.length - 1; i >= 0; i--) {
      if (this.#tell(this.members[i]!, tick, now, sender, counters)) isBusy = true;
    }
    this.#record(counters);
    return isBusy;
  }

  /** Sums who speaks; returns how many have something in their buffers. */
  #hear(tick: number, now: Instant, counters: Float64Array): number {
    let waiting = 0;
    let speakers = 0;
    const wantsVoice = this.wantsVoice;
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i]!;
      const voice = member.voice!;
      if (wantsVoice) voice.advance(tick, now);
      if (!voice.isEmpty) waiting++;
      member.isSpeaking = wantsVoice && voice.isHeard && member.receives && !member.isUnheard;
      if (!member.isSpeaking) continue;
      if (speakers++ === 0) begin(this.#sum, voice.frame);
      else add(this.#sum, voice.frame);
    }
    if (speakers === 0 && !this.#isSumClear) this.#sum.fill(0);
    if (this.exchange !== undefined) speakers += this.#exchange(this.exchange, speakers > 0, counters);
    this.#isSumClear = speakers === 0;
    this.#speakers = speakers;
    return waiting;
  }

  /** Tells the other threads who speaks here, and adds who speaks there; returns how many of them do. */
  #exchange(exchange: MixExchange, isVoiced: boolean, counters: Float64Array): number {
    exchange.publish(this.#sum, isVoiced);
    const voiced = exchange.addOthers(this.#sum);
    counters[COUNTER.mixFramesMissing]! += exchange.missing;
    counters[COUNTER.mixFramesSkipped]! += exchange.skipped;
    exchange.missing = 0;
    exchange.skipped = 0;
    return voiced;
  }

  /** What one member hears; false when it has heard nothing for long and is sent nothing. */
  #tell(member: Stream, tick: number, now: Instant, sender: FrameSender, counters: Float64Array): boolean {
    const player = sender.playerOf(member);
    const others = this.#speakers - (member.isSpeaking ? 1 : 0);
    if (others > 0 || player !== undefined) member.quietTicks = 0;
    else if (member.quietTicks >= QUIET_TICKS) return false;
    else member.quietTicks++;
    const payloadAt = sender.begin(member, now);
    if (payloadAt === -1) {
      player?.take(this.#samples);
      return true;
    }
    counters[COUNTER.mixFrames]!++;
    if (player === undefined && !member.isSpeaking && member.recordings.length === 0) {
      sender.sendEncoded(member, this.#sharedFrame(member.sendFormat, counters), payloadAt);
      return true;
    }
    counters[COUNTER.mixEncodings]!++;
    if (player === undefined && member.recordings.length === 0) {
      sender.sendLess(member, this.#sum, member.voice!.frame, payloadAt);
      return true;
    }
    this.#sendSamples(member, player, tick, sender, payloadAt);
    return true;
  }

  /** The long way, for a member who is played to or recorded. */
  #sendSamples(
    member: Stream,
    player: { take(into: Int16Array): void } | undefined,
    tick: number,
    sender: FrameSender,
    payloadAt: number,
  ): void {
    const samples = member.told;
    if (member.isSpeaking) clipLess(this.#sum, member.voice!.frame, samples);
    else clip(this.#sum, samples);
    if (player !== undefined) {
      player.take(this.#samples);
      clipMore(samples, this.#samples);
    }
    if (!member.isDeaf) member.toldTick = tick;
    sender.sendSamples(member, samples, payloadAt);
  }

  #sharedFrame(format: number, counters: Float64Array): Uint8Array {
    const frame = this.#shared[format]!;
    if (this.#isShared[format] === 0) {
      this.#isShared[format] = 1;
      counters[COUNTER.mixEncodings]!++;
      encodeSum(this.#sum, codesOf(format), frame, 0);
    }
    return frame;
  }

  #record(counters: Float64Array): void {
    if (this.recordings.length === 0) return;
    if (this.#speakers > 0) clip(this.#sum, this.#samples);
    for (const recording of this.recordings) {
      counters[COUNTER.recordingSamplesLost]! += recording.tick(
        this.#speakers > 0 ? this.#samples : undefined,
        undefined,
      );
    }
  }
}
