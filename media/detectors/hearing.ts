import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { ListeningWish } from '../../core/media-port.ts';
import type { Codec, Decoder } from '../codec/codec.ts';
import { DtmfDetector } from '../dsp/dtmf-detector.ts';
import { SILENCE_DBOV } from '../dsp/level.ts';
import { type SteadyTone, SteadyToneDetector } from '../dsp/steady-tone.ts';
import { VOICE_BLOCK_MS, VoiceActivity } from '../dsp/voice-activity.ts';
import { Resampler } from '../resampler.ts';
import type { PacketView } from '../rtp/packet-view.ts';
import { timestampDistance } from '../rtp/sequence.ts';
import type { Digit } from '../rtp/telephone-event.ts';
import { type Judgement, MachineJudge } from './machine-judge.ts';
import { type TalkChange, TalkJudge } from './talk-judge.ts';

const RATE_HZ = 8000;
/** Detectors get 20 ms at a time. */
const FRAMES_PER_SECOND = 50;
/** Longest packet. */
const PACKET_MAX_MS = 120;
/** So much missing is a packet or three that were lost: what was held before is held behind. More is a pause. */
const LOST_MAX_MS = 60;
/** A longer pause is no longer than this to whoever judges. */
const PAUSE_MAX_MS = 10_000;
const NEWS_MAX = 16;
/** A timestamp further back is another clock. */
const JUMP_MS = 1000;
/** Nothing for so long: the sender is silent; a key that was held is over, and so is talk. */
const SILENT_MS = 200;

/** What was heard. */
export type HearingNews =
  | ({ readonly kind: 'digit' } & Digit)
  | { readonly kind: 'talkChanged'; readonly change: TalkChange; readonly levelDbov: number }
  | ({ readonly kind: 'toneHeard' } & SteadyTone)
  | ({ readonly kind: 'judged' } & Judgement);

/**
 * What is to be heard in the sound of one far end, packet by packet at arrival, so that a packet may still be kept from
 * others. Exists only while somebody wants to know, and listens only for what they want.
 */
export class Hearing {
  #keys: DtmfDetector | undefined;
  #tones: SteadyToneDetector | undefined;
  #voice: VoiceActivity | undefined;
  #talk: TalkJudge | undefined;
  #machine: MachineJudge | undefined;
  /** Of the voice since talk ended last. */
  #loudestDbov = SILENCE_DBOV;
  /** Tones are told, and not only to whoever judges the machine. */
  #tellsTones = false;
  readonly #news: HearingNews[] = [];
  #codec: Codec | undefined;
  #decoder: Decoder | undefined;
  #resampler: Resampler | undefined;
  /** One packet as decoded, and one frame of it at 8 kHz. */
  #samples = new Int16Array(0);
  readonly #frame = new Int16Array(RATE_HZ / FRAMES_PER_SECOND);
  /** Timestamp that follows what was heard. */
  #next = 0;
  #hasNext = false;
  #lastAt: Instant = NEVER;

  /** The far end holds a key, or may be about to: its sound is not for who is told of the key otherwise. */
  get isKeySuspected(): boolean {
    return this.#keys?.isSuspicious === true;
  }

  /** Nobody wants to know anything any more. */
  get isIdle(): boolean {
    return this.#keys === undefined && this.#tones === undefined && this.#voice === undefined;
  }

  listenForKeys(wanted: boolean): void {
    this.#keys = wanted ? (this.#keys ?? new DtmfDetector()) : undefined;
  }

  listenFor({ talk, tones, machine }: ListeningWish, now: Instant): void {
    this.#talk = talk ? (this.#talk ?? new TalkJudge()) : undefined;
    this.#tellsTones = tones;
    if (machine !== undefined) this.#machine = new MachineJudge(machine, now);
    this.#need();
  }

  /** A packet of the far end. Late ones say nothing. */
  receive(view: PacketView, bytes: Uint8Array, codec: Codec, now: Instant): void {
    if (codec !== this.#codec) this.#useCodec(codec);
    const ticksPerMs = codec.clockRateHz / 1000;
    const missingMs = this.#hasNext ? timestampDistance(this.#next, view.timestamp) / ticksPerMs : 0;
    if (missingMs < 0 && missingMs > -JUMP_MS) return;
    if (missingMs < 0 || missingMs > LOST_MAX_MS) this.#keys?.finish();
    if (missingMs > LOST_MAX_MS) this.#hearVoice(false, Math.min(missingMs, PAUSE_MAX_MS), now);
    const count = this.#decoder!.decode(bytes, view.payloadStart, view.payloadEnd, this.#samples, 0);
    this.#listen(count, now);
    this.#next = (view.timestamp + (count * codec.clockRateHz) / codec.sampleRateHz) >>> 0;
    this.#hasNext = true;
    this.#lastAt = now;
  }

  /** The source changed: its timestamps say nothing about those before. */
  restart(): void {
    this.#keys?.finish();
    this.#hasNext = false;
  }

  deadline(): Instant {
    const silentAt = this.#isGoingOn ? this.#lastAt + SILENT_MS : NEVER;
    return this.#machine === undefined ? silentAt : Math.min(silentAt, this.#machine.deadline());
  }

  expire(now: Instant): void {
    if (this.#isGoingOn && now >= this.#lastAt + SILENT_MS) {
      this.#keys?.finish();
      this.#hearVoice(false, PAUSE_MAX_MS, now);
    }
    this.#machine?.expire(now);
  }

  /** Something that a sender's silence ends. */
  get #isGoingOn(): boolean {
    return this.#keys?.isHeld === true || this.#talk?.isTalking === true;
  }

  /** What was heard next, or undefined. */
  poll(now: Instant): HearingNews | undefined {
    const digit = this.#keys?.poll();
    if (digit !== undefined) return { kind: 'digit', ...digit };
    for (let tone = this.#tones?.poll(); tone !== undefined; tone = this.#tones?.poll()) {
      this.#machine?.hearTone(tone.tone === 'beep' ? 'beep' : 'fax', now);
      if (this.#tellsTones) this.#news.push({ kind: 'toneHeard', ...tone });
    }
    const judgement = this.#machine?.poll();
    if (judgement !== undefined) {
      this.#machine = undefined;
      this.#need();
      this.#news.push({ kind: 'judged', ...judgement });
    }
    return this.#news.shift();
  }

  close(): void {
    this.#decoder?.close();
  }

  #useCodec(codec: Codec): void {
    this.#decoder?.close();
    this.#codec = codec;
    this.#decoder = codec.decoder();
    this.#resampler = codec.sampleRateHz === RATE_HZ ? undefined : new Resampler(codec.sampleRateHz, RATE_HZ);
    this.#samples = new Int16Array((codec.sampleRateHz * PACKET_MAX_MS) / 1000);
    this.restart();
  }

  /** Keeps what finds voice and tones as long as somebody judges by it. */
  #need(): void {
    const isJudging = this.#machine !== undefined;
    this.#tones = this.#tellsTones || isJudging ? (this.#tones ?? new SteadyToneDetector()) : undefined;
    this.#voice = this.#talk !== undefined || isJudging ? (this.#voice ?? new VoiceActivity()) : undefined;
  }

  #listen(count: number, now: Instant): void {
    const resampler = this.#resampler;
    if (resampler === undefined) {
      this.#hear(this.#samples, count, now);
      return;
    }
    const { sampleRateHz } = this.#codec!;
    const step = sampleRateHz / FRAMES_PER_SECOND;
    // A packet may be of any length: what is no whole sample at 8 kHz is left out.
    const whole = count - (count % (sampleRateHz / RATE_HZ));
    for (let at = 0; at < whole; at += step) {
      const produced = resampler.resample(this.#samples, at, Math.min(step, whole - at), this.#frame, 0);
      this.#hear(this.#frame, produced, now);
    }
  }

  #hear(samples: Int16Array, count: number, now: Instant): void {
    this.#keys?.receive(samples, 0, count);
    this.#tones?.receive(samples, 0, count);
    const voice = this.#voice;
    if (voice === undefined) return;
    for (let at = 0; at < count; ) {
      at += voice.receive(samples, at, count - at);
      if (voice.isComplete) this.#hearVoice(voice.isVoiced, VOICE_BLOCK_MS, now);
    }
  }

  #hearVoice(isVoiced: boolean, durationMs: number, now: Instant): void {
    if (isVoiced) this.#loudestDbov = Math.max(this.#loudestDbov, this.#voice!.levelDbov);
    const change = this.#talk?.receive(isVoiced, durationMs);
    if (change !== undefined && this.#news.length < NEWS_MAX) {
      this.#news.push({ kind: 'talkChanged', change, levelDbov: this.#loudestDbov });
    }
    if (change === 'ended') this.#loudestDbov = SILENCE_DBOV;
    this.#machine?.receive(isVoiced ? 'voice' : 'silence', durationMs, now);
  }
}
