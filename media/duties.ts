import { SlotDeadlines } from '../core/kernel/slot-deadlines.ts';
import type { Instant } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';
import { DigitsPlayer } from './digits-player.ts';
import type { FrameSender } from './frame-sender.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import { sendRtp } from './protected-sending.ts';
import type { FromWorker } from './protocol.ts';
import type { Digit } from './rtp/telephone-event.ts';
import { NOT_AWAITED, type Slots, type Stream } from './slots.ts';
import type { Ticking } from './ticking.ts';

/** A held leg may be silent this many times longer. */
const HELD_FACTOR = 10;

/** Number of no play request. */
const NO_PLAY = -1;

/** Behind a key that is passed on. */
const PASSED_INTERVAL_MS = 60;

/**
 * Who was sent nothing for so long is sent a packet with the next report, which comes within 7.5 s: 15 s at most lie
 * between two, as firewalls and NATs want it (RFC 6263 §6.1).
 */
const KEEP_OPEN_MS = 7500;

/**
 * A peer may wait for us before it sends: behind some NATs and session border controllers nothing passes before our first
 * packet. If nobody else has one for it within a frame, it gets one of ours.
 */
const FIRST_MS = 20;

export interface DutySurroundings {
  readonly io: PacketIo;
  readonly slots: Slots;
  readonly latching: Latching;
  readonly sender: FrameSender;
  readonly ticking: Ticking;
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
  readonly #ticking: Ticking;
  readonly #counters: Float64Array;
  readonly #outputs: FromWorker[];
  readonly #mediaTimeoutMs: number;
  readonly #deadlines: SlotDeadlines;
  /** Of the report that is sent. */
  readonly #destination = new Float64Array(1);

  constructor(
    { io, slots, latching, sender, ticking }: DutySurroundings,
    counters: Float64Array,
    outputs: FromWorker[],
    { mediaTimeoutMs }: { readonly mediaTimeoutMs: number },
  ) {
    this.#io = io;
    this.#slots = slots;
    this.#latching = latching;
    this.#sender = sender;
    this.#ticking = ticking;
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
    const { reports, events, digits, hearing } = stream;
    // What is not due at any time is not looked at: a time that is no small integer is an object wherever it is handed over.
    let at = reports.deadline();
    if (events.isHeld) at = Math.min(at, events.deadline());
    if (!digits.isIdle) at = Math.min(at, digits.deadline());
    if (isJudged(stream)) at = Math.min(at, this.#silentAt(stream));
    if (stream.awaitedSince !== NOT_AWAITED) at = Math.min(at, stream.awaitedSince + FIRST_MS);
    if (hearing !== undefined) at = Math.min(at, hearing.deadline());
    this.#deadlines.set(stream.slot, at);
  }

  /** From now on the peer can be sent to, at this address: it is not kept waiting. */
  sendFirst(stream: Stream, now: Instant): void {
    stream.awaitedSince = now;
    this.arm(stream);
  }

  /** The last report of a stream that sent anything (RFC 3550 §6.6). */
  sendBye(stream: Stream, now: Instant): void {
    if (stream.sender.packets === 0) return;
    const at = this.#io.reserve();
    this.#sendRtcp(stream, at, stream.reports.writeBye(this.#io.out, at, now) - at);
  }

  /** Sends digits in the way that the peer takes them: as telephone-events, or as sound. */
  sendDigits(stream: Stream, digits: string, durationMs: number, intervalMs: number, now: Instant): void {
    if (stream.sendEventPayloadType >= 0) {
      stream.digits.send(digits, now, durationMs, intervalMs);
      this.arm(stream);
      return;
    }
    // What it replaces tells its own end by the number of its request; without one there is nothing to tell.
    if (stream.player === undefined) stream.play = NO_PLAY;
    const player = stream.player instanceof DigitsPlayer ? stream.player : new DigitsPlayer(stream.player);
    if (player.send(digits, durationMs, intervalMs) > 0) stream.player = player;
    this.#ticking.include(stream, now);
  }

  /** Tells what was heard, and passes on the digits that the listener cannot have understood. */
  takeHeard(stream: Stream, now: Instant): void {
    const { events, hearing, listener } = stream;
    for (let digit = events.poll(); digit !== undefined; digit = events.poll()) {
      this.#tell(stream, digit);
      if (listener !== undefined && listener.sendEventPayloadType < 0) this.#pass(stream, listener, digit, now);
    }
    if (hearing === undefined) return;
    for (let news = hearing.poll(now); news !== undefined; news = hearing.poll(now)) {
      if (news.kind !== 'digit') {
        this.#outputs.push({ leg: stream.leg, ...news });
        continue;
      }
      this.#tell(stream, news);
      if (listener !== undefined && listener.sendEventPayloadType >= 0) this.#pass(stream, listener, news, now);
    }
    if (hearing.isIdle) stream.stopHearing();
  }

  /** A digit that came by SIP, unless RTP brings those of this peer. */
  passInformed(stream: Stream, digit: Digit, now: Instant): void {
    const { events, hearing, listener } = stream;
    const isInRtp = events.isHeld || hearing?.isKeySuspected === true;
    if (stream.digitWay === 'unknown') stream.digitWay = isInRtp ? 'rtp' : 'sip';
    if (stream.digitWay === 'sip' && listener !== undefined) this.#send(stream, listener, digit, now);
  }

  #tell(stream: Stream, { digit, durationMs }: Digit): void {
    if (stream.digitWay === 'unknown') stream.digitWay = 'rtp';
    this.#outputs.push({ kind: 'digit', leg: stream.leg, digit, durationMs });
  }

  #pass(stream: Stream, listener: Stream, digit: Digit, now: Instant): void {
    if (stream.digitWay === 'rtp') this.#send(stream, listener, digit, now);
  }

  /** Who is muted is not heard in this way either. */
  #send(stream: Stream, listener: Stream, { digit, durationMs }: Digit, now: Instant): void {
    if (stream === listener || stream.isUnheard || listener.isDeaf) return;
    this.sendDigits(listener, digit, durationMs, PASSED_INTERVAL_MS, now);
  }

  /** What this stream has due: a lost end of a digit, digits to send, a report, its silence. */
  #expireStream(stream: Stream, now: Instant): void {
    stream.events.expire(now);
    stream.hearing?.expire(now);
    this.takeHeard(stream, now);
    this.#sendDigits(stream, now);
    this.#sendReport(stream, now);
    if (stream.awaitedSince !== NOT_AWAITED && stream.awaitedSince + FIRST_MS <= now) this.#sendFirst(stream, now);
    if (isJudged(stream) && this.#silentAt(stream) <= now) {
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
      sendRtp(io, stream, this.#latching.destinations, at, end - at);
    }
  }

  #sendReport(stream: Stream, now: Instant): void {
    const at = this.#io.reserve();
    const end = stream.reports.write(this.#io.out, at, now);
    if (end === at) return;
    this.#sendRtcp(stream, at, end - at);
    if (!(now - stream.sender.lastAt < KEEP_OPEN_MS)) this.#sender.keepOpen(stream, now);
  }

  #sendFirst(stream: Stream, now: Instant): void {
    const wasSent = stream.sender.lastAt >= stream.awaitedSince;
    stream.awaitedSince = NOT_AWAITED;
    if (stream.sends && !wasSent) this.#sender.keepOpen(stream, now);
  }

  #sendRtcp(stream: Stream, at: number, plainBytes: number): void {
    const { slot, port, rtcpMux, protection } = stream;
    this.#destination[0] = rtcpMux ? this.#latching.destination(slot) : this.#latching.destinationRtcp(slot);
    if (this.#destination[0] === 0) return;
    const sizeBytes = protection === undefined ? plainBytes : protection.protectRtcp(this.#io.out, at, plainBytes);
    if (sizeBytes === 0) return;
    this.#io.send(port, !rtcpMux, this.#destination, 0, sizeBytes);
    this.#counters[COUNTER.reportsSent]!++;
  }

  #silentAt(stream: Stream): Instant {
    return stream.heardAt + this.#mediaTimeoutMs * (stream.receives && stream.sends ? 1 : HELD_FACTOR);
  }
}

/** Whether the silence of its peer is looked for. */
function isJudged(stream: Stream): boolean {
  return stream.isSupervised && !stream.isSilent;
}
