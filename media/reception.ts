import { type Instant, NEVER } from '../core/kernel/time.ts';
import { pcma, pcmu } from './codec/g711.ts';
import { COUNTER } from './counters.ts';
import type { Hearing } from './detectors/hearing.ts';
import type { Duties } from './duties.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import { relay } from './relay.ts';
import { demultiplex } from './rtp/demultiplex.ts';
import { PacketView, readUint32 } from './rtp/packet-view.ts';
import { PayloadCopy } from './rtp/payload-copy.ts';
import { EVENT_FORMAT, NO_FORMAT, PCMA_FORMAT, type Slots, type Stream } from './slots.ts';
import type { Ticking } from './ticking.ts';

/** Batches drained before a tick gets its turn: 4,096 packets. */
const BATCHES_PER_TURN = 64;

/** The way of a packet in: which stream it belongs to, what that stream learns from it, and who hears it. */
export class Reception {
  readonly #io: PacketIo;
  readonly #slots: Slots;
  readonly #latching: Latching;
  readonly #duties: Duties;
  readonly #ticking: Ticking;
  readonly #counters: Float64Array;
  readonly #view = new PacketView();
  /** Into what is sent. */
  readonly #copy: PayloadCopy;

  constructor(
    io: PacketIo,
    slots: Slots,
    latching: Latching,
    duties: Duties,
    ticking: Ticking,
    counters: Float64Array,
  ) {
    this.#io = io;
    this.#slots = slots;
    this.#latching = latching;
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
      for (let i = 0; i < count; i++) this.#receivePacket(i, now);
    }
    this.#counters[COUNTER.packetsReceived]! += total;
    return total;
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
    if (io.batchIsRtcp || !view.read(io.bytes, start, end)) {
      counters[COUNTER.droppedMalformed]!++;
      return;
    }
    const { ssrc, sequence, payloadType } = view;
    const slot = this.#latching.classify(io.batchPort, io.sources[i]!, ssrc, sequence, payloadType, now);
    if (slot === -1) {
      counters[COUNTER.droppedStranger]!++;
      return;
    }
    const stream = this.#slots.at(slot)!;
    stream.heardAt = now;
    const format = stream.receiveFormats[payloadType]!;
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
    if (stream.listener !== undefined) this.#relay(stream, stream.listener, format, now);
  }

  /** Keeps a packet for the ticks to come, if anything needs its samples. */
  #keep(stream: Stream, format: number, now: Instant): void {
    const { mix } = stream;
    const isMixed = mix?.wantsVoice === true;
    if (!isMixed && stream.recordings.length === 0) return;
    stream.voice!.put(this.#view, this.#io.bytes, format, now);
    if (isMixed && mix.tickIndex === -1) this.#ticking.wake(mix, now);
  }

  #relay(stream: Stream, listener: Stream, format: number, now: Instant): void {
    const destination = this.#latching.destination(listener.slot);
    const isMuted = stream.isUnheard || listener.isDeaf || isToldOtherwise(stream, listener, format);
    const mayHear =
      listener.sends &&
      destination !== 0 &&
      listener.player === undefined &&
      !listener.digits.isSending &&
      !(isMuted && format === EVENT_FORMAT);
    const sound = isMuted ? 'silence' : 'voice';
    const { bytes } = this.#io;
    if (mayHear && relay(this.#view, bytes, format, listener, destination, sound, this.#io, this.#copy, now)) {
      this.#counters[COUNTER.packetsRelayed]!++;
      if (listener.relayedVoice !== undefined && !isMuted && format !== EVENT_FORMAT) {
        listener.relayedVoice.put(this.#view, bytes, format, now);
      }
    } else {
      this.#counters[COUNTER.droppedDirection]!++;
      if (!mayHear) listener.sender.withhold();
    }
  }

  /** Before it is relayed, so that a key may still be kept back. */
  #listen(stream: Stream, hearing: Hearing, format: number, now: Instant): void {
    const before = hearing.deadline();
    hearing.receive(this.#view, this.#io.bytes, format === PCMA_FORMAT ? pcma : pcmu, now);
    this.#duties.takeHeard(stream, now);
    if (hearing.deadline() < before) this.#duties.arm(stream);
  }

  #takeEvent(stream: Stream, now: Instant): void {
    const { payloadStart, payloadEnd, timestamp } = this.#view;
    const before = stream.events.deadline();
    stream.events.receive(this.#io.bytes, payloadStart, payloadEnd, timestamp, now);
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
    const slot = this.#latching.classifyRtcp(io.batchPort, io.sources[i]!, ssrc, io.batchIsRtcp);
    if (slot === -1) {
      counters[COUNTER.droppedStranger]!++;
      return;
    }
    const stream = this.#slots.at(slot)!;
    stream.heardAt = now;
    if (stream.reports.receive(io.bytes, start, end, now)) counters[COUNTER.reportsReceived]!++;
    else counters[COUNTER.droppedMalformed]!++;
  }
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
