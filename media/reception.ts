import { type Instant, NEVER } from '../core/kernel/time.ts';
import type { Arrival } from './arrival.ts';
import { COUNTER } from './counters.ts';
import type { Hearing } from './detectors/hearing.ts';
import type { Duties } from './duties.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import { PREFETCHED_STREAMS } from './prefetch.ts';
import { relay, relayEvent } from './relay.ts';
import { demultiplex } from './rtp/demultiplex.ts';
import { type PacketView, readUint32 } from './rtp/packet-view.ts';
import { PayloadCopy } from './rtp/payload-copy.ts';
import type { Slots, Stream } from './slots.ts';
import { EVENT_FORMAT, isG711, isRelayed, NO_FORMAT, NOISE_FORMAT } from './stream-formats.ts';
import type { Ticking } from './ticking.ts';

/** Batches drained before a tick gets its turn: 4,096 packets. */
const BATCHES_PER_TURN = 64;

/** As long as what was muted at arrival may wait for its tick: the usual delay of a jitter buffer, and a frame. */
const HUSHED_MS = 80;

/** The way of a packet in: which stream it belongs to, what that stream learns from it, and who hears it. */
export class Reception {
  readonly #io: PacketIo;
  readonly #slots: Slots;
  readonly #latching: Latching;
  readonly #duties: Duties;
  readonly #ticking: Ticking;
  readonly #counters: Float64Array;
  readonly #view: PacketView;
  readonly #arrival: Arrival;
  /** Into what is sent. */
  readonly #copy: PayloadCopy;
  /** What was read ahead, so that reading it is for something. */
  prefetched = 0;

  constructor(
    io: PacketIo,
    slots: Slots,
    latching: Latching,
    arrival: Arrival,
    duties: Duties,
    ticking: Ticking,
    counters: Float64Array,
  ) {
    this.#io = io;
    this.#slots = slots;
    this.#latching = latching;
    this.#arrival = arrival;
    this.#view = arrival.view;
    this.#duties = duties;
    this.#ticking = ticking;
    this.#counters = counters;
    this.#copy = new PayloadCopy(io.out);
  }

  /** Drains what the last wait found, within a limit; returns the number of packets. */
  receive(now: Instant): number {
    const io = this.#io;
    let total = 0;
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const count = io.receive();
      if (count === 0) break;
      total += count;
      for (let i = 0; i < count; i++) {
        if (i % PREFETCHED_STREAMS === 0) this.#prefetch(i, Math.min(count, i + PREFETCHED_STREAMS));
        this.#receivePacket(i, now);
      }
    }
    this.#counters[COUNTER.packetsReceived]! += total;
    return total;
  }

  #prefetch(from: number, to: number): void {
    const { batchPort, sources } = this.#io;
    for (let i = from; i < to; i++) {
      const slot = this.#latching.slotFrom(batchPort, sources, i);
      if (slot !== -1) this.prefetched ^= this.#slots.at(slot)!.prefetchArrival();
    }
  }

  #receivePacket(i: number, now: Instant): void {
    const { bytes } = this.#io;
    const start = this.#io.starts[i]!;
    const end = this.#io.ends[i]!;
    const protocol = demultiplex(bytes, start, end);
    if (protocol === 'rtp') this.#receiveRtp(i, start, end, now);
    else if (protocol === 'rtcp') this.#receiveRtcp(i, start, end, now);
    else this.#counters[COUNTER.droppedOther]!++;
  }

  #receiveRtp(i: number, start: number, end: number, now: Instant): void {
    const io = this.#io;
    const view = this.#view;
    const counters = this.#counters;
    // What is protected shows its header alone.
    const isPlain = view.read(io.bytes, start, end);
    if (io.batchIsRtcp || !(isPlain || view.readHeader(io.bytes, start, end))) {
      counters[COUNTER.droppedMalformed]!++;
      return;
    }
    const arrival = this.#arrival;
    arrival.begin(start, end);
    const slot = this.#latching.classify(io.batchPort, io.sources, i, view, now);
    if (slot === -1) {
      counters[arrival.isForged ? COUNTER.droppedForged : COUNTER.droppedStranger]!++;
      return;
    }
    const stream = this.#slots.at(slot)!;
    if (stream.protection === undefined ? !isPlain : !view.read(io.bytes, start, arrival.end)) {
      counters[COUNTER.droppedMalformed]!++;
      return;
    }
    stream.heardAt = now;
    const format = stream.receiveFormats[view.payloadType]!;
    if (format === NO_FORMAT) counters[COUNTER.droppedPayloadType]!++;
    else if (!stream.receives) {
      counters[COUNTER.droppedDirection]!++;
      stream.listener?.sender.withhold();
    } else this.#hear(stream, format, now);
  }

  /** A packet that this stream's peer may send: into its statistics, its digits, its samples, and to its listener. */
  #hear(stream: Stream, format: number, now: Instant): void {
    const view = this.#view;
    const arrival = stream.receiver.receive(view, now, format === EVENT_FORMAT ? 'untimed' : 'timed');
    if (arrival === 'duplicate' || arrival === 'suspect') {
      this.#counters[COUNTER.droppedSequence]!++;
      return;
    }
    if (arrival === 'sourceChanged' || arrival === 'restarted') {
      stream.events.reset();
      stream.voice?.restart();
      stream.hearing?.restart();
      stream.listener?.relayedVoice?.restart();
    }
    if (format === EVENT_FORMAT) this.#takeEvent(stream, now);
    else {
      if (stream.voice !== undefined) this.#keep(stream, format, now);
      if (stream.hearing !== undefined) this.#listen(stream, stream.hearing, format, now);
    }
    if (stream.listener !== undefined) this.#pass(stream, stream.listener, format, now);
  }

  /** Keeps a packet for the ticks to come, if anything needs its samples. */
  #keep(stream: Stream, format: number, now: Instant): void {
    const { mix } = stream;
    const isMixed = mix?.wantsVoice === true;
    if (!isMixed && !stream.isTapped) return;
    if (!isMade(stream, format)) {
      this.#counters[COUNTER.droppedFormat]!++;
      return;
    }
    stream.voice!.put(this.#view, this.#io.bytes, format, now);
    if (isMixed && mix.tickIndex === -1) this.#ticking.wake(mix, now);
  }

  /** At arrival where the listener has the same codec, else in ticks, decoded and encoded. */
  #pass(stream: Stream, listener: Stream, format: number, now: Instant): void {
    const isMuted = stream.isUnheard || listener.isDeaf || isToldOtherwise(stream, listener, format);
    // What is made louder or softer is decoded for it.
    const isAsItIs = stream.gainIn === 1 && listener.gainOut === 1;
    const isPassed =
      format === EVENT_FORMAT ||
      (isAsItIs &&
        (format === NOISE_FORMAT ? takesNoise(stream, listener) : isRelayed(format, listener.sendFormat)) &&
        (!isMuted || isG711(format)) &&
        !isSpokenInto(stream, listener, format));
    if (isPassed) {
      if (format !== EVENT_FORMAT && stream.transcodedIndex >= 0) this.#ticking.stopTranscoding(stream);
      this.#relay(stream, listener, format, isMuted, now);
    } else this.#transcode(stream, listener, format, isMuted, now);
  }

  #relay(stream: Stream, listener: Stream, format: number, isMuted: boolean, now: Instant): void {
    const mayHear =
      listener.sends &&
      this.#latching.destination(listener.slot) !== 0 &&
      listener.player === undefined &&
      !listener.digits.isSending &&
      !(isMuted && format === EVENT_FORMAT);
    const { bytes } = this.#io;
    if (mayHear && this.#send(stream, listener, format, isMuted ? 'silence' : 'voice', now)) {
      this.#counters[COUNTER.packetsRelayed]!++;
      if (listener.relayedVoice !== undefined && !isMuted && isMade(listener, format)) {
        listener.relayedVoice.put(this.#view, bytes, format, now);
      }
    } else {
      this.#counters[COUNTER.droppedDirection]!++;
      if (!mayHear) listener.sender.withhold();
    }
  }

  #send(stream: Stream, listener: Stream, format: number, sound: 'voice' | 'silence', now: Instant): boolean {
    const { bytes } = this.#io;
    const { destinations } = this.#latching;
    // Between frames of our own, and between clocks, an event finds its time anew.
    const isRetimed = stream.transcodedIndex >= 0 || stream.clockRateHz !== listener.clockRateHz;
    if (format === EVENT_FORMAT && isRetimed) {
      return relayEvent(this.#view, bytes, stream, listener, destinations, this.#io, now);
    }
    return relay(this.#view, bytes, format, listener, destinations, sound, this.#io, this.#copy, now);
  }

  /** Keeps what is for a listener of another codec until the next tick. */
  #transcode(stream: Stream, listener: Stream, format: number, isMuted: boolean, now: Instant): void {
    if (!isMade(stream, format) || listener.codecs[listener.sendFormat] === undefined) {
      this.#counters[COUNTER.droppedFormat]!++;
      return;
    }
    this.#ticking.transcode(stream, now);
    if (isMuted) stream.hushedUntil = now + HUSHED_MS;
    // What is recorded or streamed is kept already.
    if (!stream.isTapped) stream.voice!.put(this.#view, this.#io.bytes, format, now);
  }

  /** Before it is relayed, so that a key may still be kept back. */
  #listen(stream: Stream, hearing: Hearing, format: number, now: Instant): void {
    const before = hearing.deadline();
    const codec = stream.codecs[format];
    if (codec === undefined) return;
    hearing.receive(this.#view, this.#io.bytes, codec, now);
    if (hearing.isKeySuspected && stream.mix !== undefined) stream.hushedUntil = now + HUSHED_MS;
    this.#duties.takeHeard(stream, now);
    if (hearing.deadline() < before) this.#duties.arm(stream);
  }

  #takeEvent(stream: Stream, now: Instant): void {
    const { payloadStart, payloadEnd, timestamp } = this.#view;
    const before = stream.events.deadline();
    stream.events.receive(this.#io.bytes, payloadStart, payloadEnd, timestamp, now);
    // What it sounds besides is the same key again.
    stream.hearing?.listenForKeys(false);
    this.#duties.takeHeard(stream, now);
    if (before === NEVER) this.#duties.arm(stream);
  }

  #receiveRtcp(i: number, start: number, end: number, now: Instant): void {
    const io = this.#io;
    const counters = this.#counters;
    if (end - start < 8) {
      counters[COUNTER.droppedMalformed]!++;
      return;
    }
    const ssrc = readUint32(io.bytes, start + 4);
    const arrival = this.#arrival;
    arrival.begin(start, end);
    const slot = this.#latching.classifyRtcp(io.batchPort, io.sources, i, ssrc, io.batchIsRtcp);
    if (slot === -1) {
      counters[arrival.isForged ? COUNTER.droppedForged : COUNTER.droppedStranger]!++;
      return;
    }
    const stream = this.#slots.at(slot)!;
    stream.heardAt = now;
    if (stream.reports.receive(io.bytes, start, arrival.end, now)) counters[COUNTER.reportsReceived]!++;
    else counters[COUNTER.droppedMalformed]!++;
  }
}

/** A program outside may say something on top: then it goes through ticks, if there is a codec for that. */
function isSpokenInto(stream: Stream, listener: Stream, format: number): boolean {
  if (stream.externals?.says !== true && listener.externals?.tells !== true) return false;
  return isMade(stream, format) && listener.codecs[listener.sendFormat] !== undefined;
}

/** Something here makes samples of it. */
function isMade({ codecs }: Stream, format: number): boolean {
  return format === NOISE_FORMAT || codecs[format] !== undefined;
}

/** Whether comfort noise goes on as it came: in between what is relayed, to one who agreed to it. */
function takesNoise({ transcodedIndex, clockRateHz }: Stream, listener: Stream): boolean {
  return listener.sendNoisePayloadType >= 0 && transcodedIndex === -1 && clockRateHz === listener.clockRateHz;
}

/**
 * A key whose sound the listener is not to hear, because it is told the key in another way: what sounds like one to a
 * listener of telephone-events, and what accompanies one to a listener of none, or that came by SIP already.
 */
function isToldOtherwise(stream: Stream, listener: Stream, format: number): boolean {
  const { digitWay, events, hearing } = stream;
  if (stream === listener) return false;
  if (digitWay === 'sip' && (format === EVENT_FORMAT || events.isHeld)) return true;
  if (listener.sendEventPayloadType < 0 && digitWay !== 'sip') return events.isHeld;
  return hearing?.isKeySuspected === true;
}
