import type { MuteDirection } from '../core/calls/call-record.ts';
import { assert } from '../core/kernel/assert.ts';
import { hexToken, type LegId } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { Random } from '../core/kernel/random.ts';
import type { Instant } from '../core/kernel/time.ts';
import { Hearing } from './detectors/hearing.ts';
import type { FrameEncoder } from './frame-encoder.ts';
import { EVERYBODY } from './membership.ts';
import type { Mix } from './mix.ts';
import { NARROW_HZ } from './narrow-band.ts';
import type { Player } from './player.ts';
import { prefetchSamples } from './prefetch.ts';
import type { StreamSettings } from './protocol.ts';
import { RateConverter } from './rate-converter.ts';
import type { Recording } from './recording.ts';
import { BufferCounts } from './rtp/buffer-counts.ts';
import { ReceiveStream } from './rtp/receive-stream.ts';
import { Reports } from './rtp/reports.ts';
import { SendStream } from './rtp/send-stream.ts';
import { TelephoneEventReceiver } from './rtp/telephone-event.ts';
import { TelephoneEventSender } from './rtp/telephone-event-sender.ts';
import type { PacketCiphers } from './srtp/packet-ciphers.ts';
import { Protection, type ProtectionState } from './srtp/protection.ts';
import { type CodecTable, clockRateOf, formatOf, NO_FORMAT, PCMU_FORMAT } from './stream-formats.ts';
import type { StreamMemory } from './stream-memory.ts';
import type { Externals } from './streams/externals.ts';
import { Voice } from './voice.ts';

/** What streams count by until they are described. */
const CLOCK_RATE_HZ = NARROW_HZ;
/** 96 bits (RFC 7022 §4.2). */
const CNAME_BYTES = 12;

/** A small integer, where `NEVER` would be an object whenever it is read. */
export const NOT_AWAITED: Instant = -1;

const NO_SAMPLES = new Int16Array(0);

/** How keys of a far end are told: by RTP, or by SIP alone. */
export type DigitWay = 'unknown' | 'rtp' | 'sip';

/** What a stream needs of its thread at open. */
export interface StreamSurroundings {
  readonly random: Random;
  /** Wall time less `now`, in milliseconds. */
  readonly wallOffsetMs: number;
  readonly codecs: CodecTable;
  readonly ciphers: PacketCiphers;
}

/** One leg's stream on a media thread. Everything is allocated at open and has one shape for life. */
export class Stream {
  readonly slot: number;
  readonly leg: LegId;
  readonly codecs: CodecTable;
  readonly receiver: ReceiveStream;
  readonly sender: SendStream;
  readonly reports: Reports;
  /** Of the jitter buffer for what the peer says. */
  readonly buffered: BufferCounts;
  events = new TelephoneEventReceiver(CLOCK_RATE_HZ);
  digits = new TelephoneEventSender(CLOCK_RATE_HZ);
  /** What is listened for in the peer's sound; undefined while nothing is. */
  hearing: Hearing | undefined;
  /** As its first key came; what comes the other way is the same key again. */
  digitWay: DigitWay = 'unknown';
  /** What each payload type from the peer means. */
  readonly receiveFormats = new Uint8Array(128);
  port = 0;
  rtcpMux = false;
  /** Undefined while nothing is protected. */
  protection: Protection | undefined;
  /** What it has been at any time: its numbers are not used again. */
  #protection: Protection | undefined;
  sendFormat: number = PCMU_FORMAT;
  sendParameters = '';
  /** Of the timestamps of audio and of telephone-events, both ways. */
  clockRateHz = CLOCK_RATE_HZ;
  eventClockRateHz = CLOCK_RATE_HZ;
  sendPayloadType = 0;
  sendEventPayloadType = -1;
  sendNoisePayloadType = -1;
  sends = false;
  receives = false;
  /** Silence is judged only once the peer's description is known, and said once. */
  isSupervised = false;
  isSilent = false;
  /** Muted: nobody hears what the peer says, or the peer hears nothing. */
  isUnheard = false;
  isDeaf = false;
  /** What that comes from: its own muting, and its terms in a mix; see `membership.ts`. */
  muted: MuteDirection = '';
  heardBy: number = EVERYBODY;
  hears = true;
  /** Factors of what the peer says and of what it hears. */
  gainIn = 1;
  gainOut = 1;
  /** What it said in the tick, as it was summed, and where that lies if it was made louder or softer. */
  said: Int16Array = NO_SAMPLES;
  amplified: Int16Array = NO_SAMPLES;
  /** The factors at the end of the last frame in a mix. */
  gainSaid = 1;
  gainTold = 1;
  /** Who hears what this stream's peer says; itself for an echo. */
  listener: Stream | undefined;
  /** The conference that it is in, and its place there. */
  mix: Mix | undefined;
  mixIndex = -1;
  /** What the mix counts it as: samples in a second. */
  mixRateHz = 0;
  /** In the present tick of the mix; ticks since it was sent anything but silence, or since a transcoded one said anything. */
  isSpeaking = false;
  quietTicks = 0;
  /** What the peer says, sample by sample, while a mix or a recording needs it. */
  voice: Voice | undefined;
  /** What is relayed to the peer, while that is recorded. */
  relayedVoice: Voice | undefined;
  /** Whether it is relayed sample by sample, because its listener has another codec; place among those, or -1. */
  transcodedIndex = -1;
  /** Until then its listener hears silence in its place. */
  hushedUntil: Instant = 0;
  /** The telephone-event that was last passed on to the peer from another clock: its start there, and here. */
  readonly passedEvent = { ssrc: -1, sourceTimestamp: 0, timestamp: 0 };
  /** What makes frames of our own into the peer's codec, unless that is G.711. */
  encoder: FrameEncoder | undefined;
  /** When it was last used in a mix. */
  encodedTick = -1;
  /** The frame of our own that the peer was sent in the tick of this number, and its rate. */
  told = NO_SAMPLES;
  toldHz = CLOCK_RATE_HZ;
  toldTick = -1;
  /** For what is recorded of those frames, and for what is played into a mix. */
  readonly toldConverter = new RateConverter();
  readonly playedConverter = new RateConverter();
  player: Player | undefined;
  /** Number of the play request that `player` serves. */
  play = 0;
  readonly recordings: Recording[] = [];
  /** Programs outside that hear and speak in its call; undefined while there are none. */
  externals: Externals | undefined;
  /** Tick in which a frame of its peer's was sent on to it. */
  passedTick = -1;
  /** Place among the streams that take part in ticks, or -1. */
  tickIndex = -1;
  heardAt: Instant;
  /** Since when the peer can be sent to and has been sent nothing; `NOT_AWAITED` once that is looked at. */
  awaitedSince: Instant = NOT_AWAITED;

  readonly #random: Random;
  readonly #ciphers: PacketCiphers;

  constructor(
    slot: number,
    leg: LegId,
    { random, wallOffsetMs, codecs, ciphers }: StreamSurroundings,
    memory: StreamMemory,
    now: Instant,
  ) {
    this.slot = slot;
    this.leg = leg;
    this.codecs = codecs;
    this.#random = random;
    this.#ciphers = ciphers;
    this.heardAt = now;
    const ssrc = Math.floor(random.next() * 2 ** 32);
    const sequence = Math.floor(random.next() * 2 ** 15);
    const timestamp = Math.floor(random.next() * 2 ** 32);
    this.receiver = new ReceiveStream(CLOCK_RATE_HZ, memory.received, slot);
    this.sender = new SendStream(ssrc, sequence, timestamp, CLOCK_RATE_HZ, memory.sent, slot);
    const cname = hexToken(random, CNAME_BYTES);
    const options = { cname, wallOffsetMs, random };
    this.reports = new Reports(this.sender, this.receiver, options, now, memory.reported, slot);
    this.buffered = new BufferCounts(memory.buffered, slot);
    memory.give(slot, leg);
  }

  /** What a packet from the peer will be looked at with, see `prefetch.ts`. */
  prefetchArrival(): number {
    const { voice, listener } = this;
    const own = this.receiver.prefetch() + this.receiveFormats[0]! + this.eventClockRateHz + this.quietTicks;
    return (own + (voice?.prefetch('put') ?? 0) + (listener?.prefetchTold() ?? 0)) | 0;
  }

  /** What a tick hears the peer with. */
  prefetchSaid(): number {
    return ((this.voice?.prefetch('take') ?? 0) + this.port + this.quietTicks + this.tickIndex) | 0;
  }

  /** What the peer is sent a packet with. */
  prefetchTold(): number {
    const sum = this.sender.prefetch() + this.port + this.eventClockRateHz + this.quietTicks + this.tickIndex;
    return (sum + prefetchSamples(this.said)) | 0;
  }

  apply(settings: StreamSettings): void {
    this.port = settings.port;
    this.rtcpMux = settings.rtcpMux;
    this.#useCodec(formatOf(settings.sendCodec), settings.sendParameters ?? '', settings.eventClockRateHz);
    this.sendPayloadType = settings.sendPayloadType;
    this.sendEventPayloadType = settings.sendEventPayloadType;
    this.sendNoisePayloadType = settings.sendNoisePayloadType ?? -1;
    if (settings.hearsKeys) this.hearing ??= new Hearing();
    this.hearing?.listenForKeys(settings.hearsKeys);
    if (this.hearing?.isIdle === true) this.stopHearing();
    this.sends = settings.sends;
    this.receives = settings.receives;
    this.isSupervised = settings.supervised;
    this.#protect(settings.protection);
    this.receiveFormats.fill(NO_FORMAT);
    for (const { payloadType, format } of settings.receivePayloadTypes)
      this.receiveFormats[payloadType] = formatOf(format);
  }

  /** Somebody needs every tick of what is said and told: a recording, or a program outside. */
  get isTapped(): boolean {
    return this.recordings.length > 0 || this.externals !== undefined;
  }

  /** Samples in a second of what the peer can be sent; 0 when nothing here encodes it. */
  get sendRateHz(): number {
    return this.codecs[this.sendFormat]?.sampleRateHz ?? 0;
  }

  /** Room for a frame that the peer is told, at this rate. */
  toldAt(rateHz: number): Int16Array {
    if (this.told.length !== rateHz / 50) this.told = new Int16Array(rateHz / 50);
    this.toldHz = rateHz;
    return this.told;
  }

  /** It is not used any more. */
  close(): void {
    this.#protection?.close();
    this.encoder?.close();
    this.encoder = undefined;
    this.voice?.close();
    this.voice = undefined;
    this.relayedVoice?.close();
    this.relayedVoice = undefined;
  }

  #useCodec(format: number, parameters: string, eventClockRateHz: number | undefined): void {
    if (format !== this.sendFormat || parameters !== this.sendParameters) {
      this.encoder?.close();
      this.encoder = undefined;
    }
    this.sendFormat = format;
    this.sendParameters = parameters;
    const clockRateHz = clockRateOf(this.codecs, format);
    if (clockRateHz !== this.clockRateHz) {
      this.clockRateHz = clockRateHz;
      this.receiver.useClock(clockRateHz);
      this.sender.useClock(clockRateHz, Math.floor(this.#random.next() * 2 ** 32));
    }
    const eventHz = eventClockRateHz ?? clockRateHz;
    if (eventHz === this.eventClockRateHz) return;
    this.eventClockRateHz = eventHz;
    this.events = new TelephoneEventReceiver(eventHz);
    this.digits = new TelephoneEventSender(eventHz);
  }

  #protect(state: ProtectionState | undefined): void {
    if (state !== undefined) {
      this.#protection ??= new Protection(this.#ciphers);
      this.#protection.use(state);
    }
    this.protection = state === undefined ? undefined : this.#protection;
  }

  stopHearing(): void {
    this.hearing?.close();
    this.hearing = undefined;
  }
}

/** After a mix, a recording or a listener of another codec came or went: keeps what makes samples as long as it is needed. */
export function needVoice(stream: Stream): void {
  const { mix, isTapped, externals } = stream;
  if (mix === undefined && !isTapped && stream.transcodedIndex === -1) {
    stream.voice?.close();
    stream.voice = undefined;
  } else {
    stream.voice ??= new Voice(stream.codecs, stream.buffered);
    stream.voice.overlay = externals?.says === true ? externals : undefined;
  }
  if (!isTapped) {
    stream.relayedVoice?.close();
    stream.relayedVoice = undefined;
  } else stream.relayedVoice ??= new Voice(stream.codecs);
}

/** The streams of a thread by slot and by leg. */
export class Slots {
  readonly limit: number;
  readonly #streams: (Stream | undefined)[];
  readonly #byLeg = new LiveMap<LegId, Stream>();
  readonly #memory: StreamMemory;

  constructor(limit: number, memory: StreamMemory) {
    this.limit = limit;
    this.#memory = memory;
    this.#streams = new Array<Stream | undefined>(limit).fill(undefined);
  }

  get count(): number {
    return this.#byLeg.size;
  }

  at(slot: number): Stream | undefined {
    return this.#streams[slot];
  }

  of(leg: LegId): Stream | undefined {
    return this.#byLeg.get(leg);
  }

  all(): IterableIterator<Stream> {
    return this.#byLeg.values();
  }

  /** Makes a stream in this slot, which must be free: whoever opens streams numbers them. */
  take(slot: number, leg: LegId, surroundings: StreamSurroundings, now: Instant): Stream {
    assert(slot >= 0 && slot < this.limit, `the plane opens at most ${this.limit} streams on a worker`);
    assert(this.#streams[slot] === undefined, `slot ${slot} is taken`);
    const stream = new Stream(slot, leg, surroundings, this.#memory, now);
    this.#streams[slot] = stream;
    this.#byLeg.set(leg, stream);
    return stream;
  }

  release(stream: Stream): void {
    this.#streams[stream.slot] = undefined;
    this.#byLeg.delete(stream.leg);
    stream.close();
  }
}
