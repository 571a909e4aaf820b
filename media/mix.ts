import type { MixId } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import type { FrameSender } from './frame-sender.ts';
import { EVERYBODY, gainSaidBy, gainToldTo, louder, makeLouder } from './membership.ts';
import type { MixExchange } from './mix-exchange.ts';
import { MixRate } from './mix-rate.ts';
import type { MixTalker } from './mix-talker.ts';
import { add, begin, clip, clipLess, clipMore } from './mixer.ts';
import { NARROW_HZ, NARROW_SAMPLES } from './narrow-band.ts';
import type { Player } from './player.ts';
import { PREFETCHED_STREAMS } from './prefetch.ts';
import { RateConverter } from './rate-converter.ts';
import type { Recording } from './recording.ts';
import { SharedPayloads } from './shared-payloads.ts';
import type { Stream } from './slots.ts';
import { type CodecTable, isG711 } from './stream-formats.ts';
import type { ExternalMedia } from './streams/external-media.ts';

/**
 * Ticks of silence that are still sent after the last sound: a pause between words is no pause in the stream. Longer
 * than what `SendStream` takes for one, so that a stream never loses its time.
 */
const QUIET_TICKS = 50;

/**
 * A conference on one thread. Once a tick everybody who speaks is summed once; each speaker hears the sum without
 * itself, and all others of one codec get the same frame, encoded once.
 */
export class Mix {
  readonly id: MixId;
  readonly members: Stream[] = [];
  readonly recordings: Recording[] = [];
  /** Programs outside that hear and speak here, as members without a leg. */
  readonly externals: ExternalMedia[] = [];
  /** What all hear besides, and the number of the request for it. */
  player: Player | undefined;
  play = 0;
  /** Who has the word, while anybody wants to know. */
  talker: MixTalker | undefined;
  /** The same mix on other threads; undefined while nobody is there. */
  exchange: MixExchange | undefined;
  /** Place among the mixes that take part in ticks, or -1. */
  tickIndex = -1;
  /** What was read ahead, so that reading it is for something. */
  prefetched = 0;
  readonly #rate = new MixRate();
  #rateHz = NARROW_HZ;
  #sum = new Int32Array(NARROW_SAMPLES);
  #samples = new Int16Array(NARROW_SAMPLES);
  /** The tick before, while the mix has more than the rate of telephones: what filters of new encoders begin with. */
  #before = new Int16Array(NARROW_SAMPLES);
  /** What is played to one member, or to all. */
  readonly #played = new Int16Array(NARROW_SAMPLES);
  readonly #shared: SharedPayloads;
  readonly #recordedConverter = new RateConverter();
  readonly #playedConverter = new RateConverter();
  /** Members whom one other alone hears, those of them that speak in this tick, and what they say. */
  readonly #whisperers: Stream[] = [];
  readonly #whispering: Stream[] = [];
  #speakers = 0;
  #isSumClear = true;

  constructor(id: MixId, codecs: CodecTable) {
    this.id = id;
    this.#shared = new SharedPayloads(codecs);
  }

  /** Samples in a second of the sum: the most that two members have in common. */
  get rateHz(): number {
    return this.#rateHz;
  }

  /** Somebody hears, or would hear, what a member says. */
  get wantsVoice(): boolean {
    return this.members.length > 1 || this.#isTapped || this.exchange !== undefined;
  }

  get isUnused(): boolean {
    return this.members.length === 0 && !this.#isTapped && this.player === undefined;
  }

  /** Every tick of it is needed. */
  get #isTapped(): boolean {
    return this.recordings.length > 0 || this.externals.length > 0;
  }

  add(stream: Stream): void {
    stream.mix = this;
    stream.mixIndex = this.members.length;
    stream.quietTicks = QUIET_TICKS;
    stream.gainSaid = gainSaidBy(stream);
    stream.gainTold = gainToldTo(stream);
    this.members.push(stream);
    this.#rate.add(stream.sendRateHz);
    stream.mixRateHz = stream.sendRateHz;
    this.seat(stream);
    this.#retune();
  }

  /** Who hears a member may be others by now. */
  seat(stream: Stream): void {
    const index = this.#whisperers.indexOf(stream);
    const isWhisperer = stream.mix === this && stream.heardBy > EVERYBODY;
    if (isWhisperer && index === -1) this.#whisperers.push(stream);
    else if (!isWhisperer && index >= 0) this.#whisperers.splice(index, 1);
  }

  /** A member may have another codec by now, or the mix other threads. */
  retune(stream?: Stream): void {
    if (stream !== undefined) {
      this.#rate.remove(stream.mixRateHz);
      this.#rate.add(stream.sendRateHz);
      stream.mixRateHz = stream.sendRateHz;
    }
    this.#retune();
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
    this.#rate.remove(stream.mixRateHz);
    this.seat(stream);
    this.talker?.forget(stream);
    this.#retune();
  }

  /** Nobody hears it any more. */
  close(): void {
    this.#shared.close();
  }

  #retune(): void {
    this.exchange?.tellMembers(this.#rate.counts);
    this.#becomeRate();
  }

  #becomeRate(): void {
    const rateHz = this.#rate.rateHz(this.exchange);
    if (rateHz === this.#rateHz) return;
    this.#rateHz = rateHz;
    this.#sum = new Int32Array(rateHz / 50);
    this.#samples = new Int16Array(rateHz / 50);
    this.#before = new Int16Array(rateHz / 50);
    this.#isSumClear = true;
  }

  /** One frame for everybody. False when nothing happens here until somebody speaks, comes or is played to. */
  tick(tick: number, now: Instant, sender: FrameSender, counters: Float64Array): boolean {
    if (this.exchange !== undefined) {
      this.exchange.resume();
      // Members may have come and gone on other threads.
      this.#becomeRate();
    }
    const waiting = this.#hear(tick, now, sender, counters);
    if (this.talker?.tick(tick, this.members, this.externals) === true) sender.tellTalker(this);
    this.#shared.begin(this.#sum, this.#before, this.#rateHz);
    let isBusy =
      this.#isTapped ||
      this.exchange?.isAwake === true ||
      this.player !== undefined ||
      this.talker?.talker !== undefined ||
      (waiting > 0 && this.wantsVoice);
    // Backwards, because a member whose file ends may take the chance to go.
    for (let i = this.members.length - 1; i >= 0; i--) {
      if ((this.members.length - 1 - i) % PREFETCHED_STREAMS === 0) this.#prefetchTold(i);
      if (this.#tell(this.members[i]!, tick, now, sender, counters)) isBusy = true;
    }
    this.#record(tick, counters);
    this.#tellPrograms(tick, counters);
    if (this.#rateHz !== NARROW_HZ) clip(this.#sum, this.#before);
    if (!isBusy) this.exchange?.rest();
    return isBusy;
  }

  /** Reads ahead from this member on, see `prefetch.ts`. */
  #prefetchSaid(from: number): void {
    const to = Math.min(this.members.length, from + PREFETCHED_STREAMS);
    for (let i = from; i < to; i++) this.prefetched ^= this.members[i]!.prefetchSaid();
  }

  /** The same from this member down. */
  #prefetchTold(from: number): void {
    const to = Math.max(-1, from - PREFETCHED_STREAMS);
    for (let i = from; i > to; i--) this.prefetched ^= this.members[i]!.prefetchTold();
  }

  /** Sums who speaks; returns how many have something in their buffers. */
  #hear(tick: number, now: Instant, sender: FrameSender, counters: Float64Array): number {
    let waiting = 0;
    let speakers = 0;
    const wantsVoice = this.wantsVoice;
    this.#whispering.length = 0;
    for (let i = 0; i < this.members.length; i++) {
      if (i % PREFETCHED_STREAMS === 0) this.#prefetchSaid(i);
      const member = this.members[i]!;
      const voice = member.voice!;
      if (wantsVoice) voice.advance(tick, now);
      if (!voice.isEmpty) waiting++;
      const gain = gainSaidBy(member);
      // Who was heard fades.
      const maySpeak = member.receives && (gain > 0 || member.gainSaid > 0) && now >= member.hushedUntil;
      member.isSpeaking = wantsVoice && voice.isHeard && maySpeak && member.heardBy === EVERYBODY;
      if (!member.isSpeaking) {
        member.gainSaid = gain;
        continue;
      }
      const samples = louder(member, voice.at(this.#rateHz), gain);
      if (speakers++ === 0) begin(this.#sum, samples);
      else add(this.#sum, samples);
    }
    for (const member of this.#whisperers) {
      const maySpeak = member.receives && !member.isUnheard && now >= member.hushedUntil;
      if (!maySpeak || !wantsVoice || !member.voice!.isHeard) continue;
      louder(member, member.voice!.at(this.#rateHz), member.gainIn);
      this.#whispering.push(member);
    }
    if (speakers === 0 && !this.#isSumClear) this.#sum.fill(0);
    if (this.player !== undefined) speakers += this.#playToAll(tick, sender);
    if (this.externals.length > 0) speakers += this.#hearPrograms(tick);
    if (this.exchange !== undefined) {
      // Ticks go on here while somebody listens to all of it; those of other threads may have ceased.
      const isSaid = speakers > 0 || this.#whispering.length > 0;
      if (isSaid && this.exchange.isAnyResting) sender.tellWoke(this);
      speakers += this.#exchange(this.exchange, speakers > 0, tick, counters);
    }
    this.#isSumClear = speakers === 0;
    this.#speakers = speakers;
    return waiting;
  }

  /** Adds what programs outside say; returns how many of them do. */
  #hearPrograms(tick: number): number {
    let speakers = 0;
    for (const external of this.externals) {
      external.advance();
      external.addToSum(this.#sum, this.#rateHz, tick);
      if (external.isHeard) speakers++;
    }
    return speakers;
  }

  /** What all hear besides those who speak; returns 1 while there is something. */
  #playToAll(tick: number, sender: FrameSender): 0 | 1 {
    const player = sender.mixPlayerOf(this);
    if (player === undefined) return 0;
    player.take(this.#played);
    add(this.#sum, this.#playedConverter.convert(this.#played, NARROW_HZ, this.#rateHz, tick));
    return 1;
  }

  /** Whether somebody says something that this member alone hears. */
  #isWhisperedTo({ leg }: Stream): boolean {
    if (this.exchange?.hasWhisperFor(leg) === true) return true;
    for (let i = 0; i < this.#whispering.length; i++) if (this.#whispering[i]!.heardBy === leg) return true;
    return false;
  }

  /** Tells the other threads who speaks here, and adds who speaks there; returns how many of them do. */
  #exchange(exchange: MixExchange, isVoiced: boolean, tick: number, counters: Float64Array): number {
    const whispering = this.#whispering;
    for (let i = 0; i < whispering.length; i++) {
      exchange.publishWhisper(i, whispering[i]!.heardBy, whispering[i]!.said);
    }
    exchange.endWhispers(whispering.length);
    exchange.publish(this.#sum, isVoiced, this.#rateHz);
    const voiced = exchange.addOthers(this.#sum, this.#rateHz, tick);
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
    const mayBeWhisperedTo = this.#whispering.length > 0 || this.exchange !== undefined;
    const isWhisperedTo = mayBeWhisperedTo && this.#isWhisperedTo(member);
    const isTold = player !== undefined || isWhisperedTo || member.externals?.isTelling === true;
    if (others > 0 || isTold) member.quietTicks = 0;
    else if (member.quietTicks >= QUIET_TICKS) return false;
    else member.quietTicks++;
    const payloadAt = sender.begin(member, now);
    if (payloadAt === -1) {
      player?.take(this.#played);
      return true;
    }
    counters[COUNTER.mixFrames]!++;
    const isLoudAsItIs = member.isDeaf ? member.gainTold === 0 : member.gainOut === 1 && member.gainTold === 1;
    const isPlain = player === undefined && !member.isTapped && !isWhisperedTo && isLoudAsItIs;
    if (isPlain && !member.isSpeaking && this.#shared.send(member, sender, payloadAt, counters)) return true;
    counters[COUNTER.mixEncodings]!++;
    if (isPlain && member.isSpeaking && this.#rateHz === NARROW_HZ && isG711(member.sendFormat)) {
      sender.sendLess(member, this.#sum, member.said, payloadAt);
    } else this.#sendSamples(member, player, tick, sender, payloadAt);
    return true;
  }

  /** The long way: for who is played to, recorded, or speaks in a codec that is not G.711. */
  #sendSamples(member: Stream, player: Player | undefined, tick: number, sender: FrameSender, payloadAt: number): void {
    const samples = member.toldAt(this.#rateHz);
    if (member.isSpeaking) clipLess(this.#sum, member.said, samples);
    else clip(this.#sum, samples);
    for (let i = 0; i < this.#whispering.length; i++) {
      const whisperer = this.#whispering[i]!;
      if (whisperer.heardBy === member.leg) clipMore(samples, whisperer.said);
    }
    if (player !== undefined) {
      player.take(this.#played);
      clipMore(samples, member.playedConverter.convert(this.#played, NARROW_HZ, this.#rateHz, tick));
    }
    this.exchange?.addWhispersFor(member.leg, samples);
    const isFading = member.isDeaf && member.gainTold > 0;
    if (isFading || member.gainOut !== 1 || member.gainTold !== 1) makeLouder(member, samples);
    if (member.externals?.isTelling === true) member.externals.addTold(samples, this.#rateHz, tick);
    if (!member.isDeaf && member.isTapped) member.toldTick = tick;
    if (this.#rateHz !== NARROW_HZ && member.encodedTick !== tick - 1) sender.prime(member, this.#before, this.#rateHz);
    member.encodedTick = tick;
    if (isFading) sender.sendFading(member, samples, this.#rateHz, payloadAt);
    else sender.sendSamples(member, samples, this.#rateHz, payloadAt);
  }

  #tellPrograms(tick: number, counters: Float64Array): void {
    for (const external of this.externals) {
      if (external.listen === '') continue;
      if (this.#speakers > 0) external.hearSum(this.#sum, this.#rateHz, tick);
      counters[COUNTER.externalSamplesLost]! += external.deliver();
    }
  }

  #record(tick: number, counters: Float64Array): void {
    if (this.recordings.length === 0) return;
    let samples: Int16Array | undefined;
    if (this.#speakers > 0) {
      clip(this.#sum, this.#samples);
      samples = this.#recordedConverter.convert(this.#samples, this.#rateHz, NARROW_HZ, tick);
    }
    for (const recording of this.recordings) {
      counters[COUNTER.recordingSamplesLost]! += recording.tick(samples, undefined);
    }
  }
}
