import { type Instant, NEVER } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import type { FrameSender } from './frame-sender.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import type { FromWorker } from './protocol.ts';
import { SlotDeadlines } from './slot-deadlines.ts';
import type { Slots, Stream } from './slots.ts';

/** A held leg may be silent this many times longer. */
const HELD_FACTOR = 10;

/** A conference member that hears nobody is sent a frame of silence this often at least, so that no peer gives it up (RFC 6263). */
const KEEP_ALIVE_MS = 10_000;

export interface DutySurroundings {
  readonly io: PacketIo;
  readonly slots: Slots;
  readonly latching: Latching;
  readonly sender: FrameSender;
}

/**
 * What a stream has to do at times of its own, beside ticks: RTCP reports, digits to send, the end of a digit whose
 * last packets were lost, and its silence. One deadline a stream.
 */
export class Duties {
  readonly #io: PacketIo;
  readonly #slots: Slots;
  readonly #latching: Latching;
  readonly #sender: FrameSender;
  readonly #counters: Float64Array;
  readonly #outputs: FromWorker[];
  readonly #mediaTimeoutMs: number;
  readonly #deadlines: SlotDeadlines;

  constructor(
    { io, slots, latching, sender }: DutySurroundings,
    counters: Float64Array,
    outputs: FromWorker[],
    { mediaTimeoutMs }: { readonly mediaTimeoutMs: number },
  ) {
    this.#io = io;
    this.#slots = slots;
    this.#latching = latching;
    this.#sender = sender;
    this.#counters = counters;
    this.#outputs = outputs;
    this.#mediaTimeoutMs = mediaTimeoutMs;
    this.#deadlines = new SlotDeadlines(slots.limit);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  expire(now: Instant): void {
    for (let slot = this.#deadlines.takeDue(now); slot !== -1; slot = this.#deadlines.takeDue(now)) {
      this.#expireStream(this.#slots.at(slot)!, now);
    }
  }

  /** The stream is closing. */
  forget(stream: Stream): void {
    this.#deadlines.remove(stream.slot);
  }

  /** After anything that may change when the stream has something to do. */
  arm(stream: Stream): void {
    const { reports, events, digits } = stream;
    const at = Math.min(reports.deadline(), events.deadline(), digits.deadline(), this.#silentAt(stream));
    this.#deadlines.set(stream.slot, at);
  }

  /** The last report of a stream that sent anything (RFC 3550 §6.6). */
  sendBye(stream: Stream, now: Instant): void {
    if (stream.sender.packets === 0) return;
    const at = this.#io.reserve();
    this.#sendRtcp(stream, stream.reports.writeBye(this.#io.out, at, now) - at);
  }

  /** Tells the digits that are complete. */
  takeDigits(stream: Stream): void {
    for (let digit = stream.events.poll(); digit !== undefined; digit = stream.events.poll()) {
      this.#outputs.push({ kind: 'digit', leg: stream.leg, ...digit });
    }
  }

  /** What this stream has due: a lost end of a digit, digits to send, a report, its silence. */
  #expireStream(stream: Stream, now: Instant): void {
    stream.events.expire(now);
    this.takeDigits(stream);
    this.#sendDigits(stream, now);
    this.#sendReport(stream, now);
    if (this.#silentAt(stream) <= now) {
      stream.isSilent = true;
      this.#outputs.push({ kind: 'silent', leg: stream.leg });
    }
    this.arm(stream);
  }

  #sendDigits(stream: Stream, now: Instant): void {
    const destination = this.#latching.destination(stream.slot);
    if (destination === 0 || !stream.sends || stream.sendEventPayloadType < 0) {
      stream.digits.clear();
      return;
    }
    const io = this.#io;
    for (;;) {
      const at = io.reserve();
      const end = stream.digits.write(stream.sender, stream.sendEventPayloadType, io.out, at, now);
      if (end === at) return;
      io.send(stream.port, false, destination, end - at);
    }
  }

  #sendReport(stream: Stream, now: Instant): void {
    const at = this.#io.reserve();
    const end = stream.reports.write(this.#io.out, at, now);
    if (end === at) return;
    this.#sendRtcp(stream, end - at);
    const { lastAt } = stream.sender;
    if (stream.mix !== undefined && !(now - lastAt < KEEP_ALIVE_MS)) this.#sender.sendSilence(stream, now);
  }

  #sendRtcp(stream: Stream, sizeBytes: number): void {
    const { slot, port, rtcpMux } = stream;
    const destination = rtcpMux ? this.#latching.destination(slot) : this.#latching.destinationRtcp(slot);
    if (destination === 0) return;
    this.#io.send(port, !rtcpMux, destination, sizeBytes);
    this.#counters[COUNTER.reportsSent]!++;
  }

  #silentAt(stream: Stream): Instant {
    if (!stream.isSupervised || stream.isSilent) return NEVER;
    return stream.heardAt + this.#mediaTimeoutMs * (stream.receives && stream.sends ? 1 : HELD_FACTOR);
  }
}
