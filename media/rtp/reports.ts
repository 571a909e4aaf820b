import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { ReceiveStream } from './receive-stream.ts';
import {
  RTCP,
  RtcpView,
  writeBye,
  writeReceiverReport,
  writeReportBlock,
  writeSdes,
  writeSenderReport,
} from './rtcp.ts';
import type { SendStream } from './send-stream.ts';

/** Room that `write` and `writeBye` need at most: SR with one block, SDES with the longest CNAME, BYE. */
export const REPORT_BYTES_MAX = 28 + 24 + 268 + 8;

const INTERVAL_MS = 5000;

/** e - 3/2: makes up for the reconsideration that two parties do not need (RFC 3550 §6.3.1). */
const COMPENSATION = Math.E - 1.5;

/** 1900 to 1970, in seconds (RFC 3550 §4). */
const NTP_EPOCH_S = 2_208_988_800;

export interface ReportsOptions {
  /** Ours in this dialog (RFC 7022: random, the same for all of its streams). */
  readonly cname: string;
  /** Wall time less `now`, in milliseconds: what turns instants into NTP timestamps. */
  readonly wallOffsetMs: number;
  readonly random: Random;
}

/**
 * The RTCP session of one leg (RFC 3550 §6): writes our reports about every five seconds, reads the peer's, and from
 * both takes the round trip time.
 */
export class Reports {
  readonly #send: SendStream;
  readonly #receive: ReceiveStream;
  readonly #options: ReportsOptions;
  readonly #view = new RtcpView();

  /** Round trip by the newest report, NaN before. */
  roundTripMs = Number.NaN;
  /** What the peer says of our stream; its jitter in our timestamp units. */
  remoteFractionLost = 0;
  remoteCumulativeLost = 0;
  remoteJitter = 0;
  reportsReceived = 0;
  malformed = 0;
  /** The present source said BYE. */
  hasLeft = false;

  #dueAt: Instant;
  #isFirst = true;
  #packetsBefore = 0;
  #lastSr = 0;
  #lastSrAt: Instant = 0;
  #lastSrSsrc = -1;

  constructor(send: SendStream, receive: ReceiveStream, options: ReportsOptions, now: Instant) {
    this.#send = send;
    this.#receive = receive;
    this.#options = options;
    this.#dueAt = now + this.#interval();
  }

  deadline(): Instant {
    return this.#dueAt;
  }

  /** The compound packet `bytes[start … end)` from the peer. False when it is none; nothing was taken from it then. */
  receive(bytes: Uint8Array, start: number, end: number, now: Instant): boolean {
    const view = this.#view;
    if (!view.begin(bytes, start, end)) {
      this.malformed += 1;
      return false;
    }
    while (view.next()) {
      if (view.type === RTCP.BYE) {
        if (view.byeNames(this.#receive.ssrc)) this.hasLeft = true;
      } else if (view.type === RTCP.SR || view.type === RTCP.RR) this.#takeReport(now);
    }
    return true;
  }

  /**
   * Writes the compound report that is due at `at` and returns the offset behind it, `at` when none is due: SR if we
   * sent since the last, else RR; one block if we hear a source; SDES with the CNAME.
   */
  write(bytes: Uint8Array, at: number, now: Instant): number {
    if (now < this.#dueAt) return at;
    this.#dueAt = now + this.#interval();
    return this.#writeReport(bytes, at, now);
  }

  /** Report and BYE: the last packet of the session (RFC 3550 §6.6). */
  writeBye(bytes: Uint8Array, at: number, now: Instant): number {
    return writeBye(bytes, this.#writeReport(bytes, at, now), this.#send.ssrc);
  }

  #takeReport(now: Instant): void {
    const view = this.#view;
    this.reportsReceived += 1;
    if (view.type === RTCP.SR) {
      this.#lastSr = ((view.ntpSeconds << 16) | (view.ntpFraction >>> 16)) >>> 0;
      this.#lastSrAt = now;
      this.#lastSrSsrc = view.ssrc;
    }
    for (let i = 0; i < view.count; i++) {
      if (!view.readReport(i) || view.reportSsrc !== this.#send.ssrc) continue;
      this.remoteFractionLost = view.fractionLost;
      this.remoteCumulativeLost = view.cumulativeLost;
      this.remoteJitter = view.jitter;
      const roundTrip = roundTripMs(this.#ntpMiddle(now), view.lastSr, view.delaySinceLastSr);
      if (!Number.isNaN(roundTrip)) this.roundTripMs = roundTrip;
    }
  }

  #writeReport(bytes: Uint8Array, start: number, now: Instant): number {
    const send = this.#send;
    const receive = this.#receive;
    const blockCount = receive.ssrc < 0 ? 0 : 1;
    let at: number;
    if (send.packets === this.#packetsBefore) at = writeReceiverReport(bytes, start, send.ssrc, blockCount);
    else {
      const ntp = this.#ntp(now);
      const seconds = Math.floor(ntp);
      const fraction = Math.floor((ntp - seconds) * 4294967296);
      const timestamp = send.timestampAt(now, 0);
      at = writeSenderReport(
        bytes,
        start,
        send.ssrc,
        seconds,
        fraction,
        timestamp,
        send.packets,
        send.octets,
        blockCount,
      );
    }
    this.#packetsBefore = send.packets;
    if (blockCount === 1) at = this.#writeBlock(bytes, at, now);
    return writeSdes(bytes, at, send.ssrc, this.#options.cname);
  }

  #writeBlock(bytes: Uint8Array, at: number, now: Instant): number {
    const { ssrc, lost, highest, jitter } = this.#receive;
    const fraction = this.#receive.takeFractionLost();
    const isKnown = this.#lastSrSsrc === ssrc;
    const delay = isKnown ? Math.round(((now - this.#lastSrAt) * 65536) / 1000) : 0;
    const lastSr = isKnown ? this.#lastSr : 0;
    return writeReportBlock(bytes, at, ssrc, fraction, lost, highest, Math.floor(jitter), lastSr, delay);
  }

  #ntp(now: Instant): number {
    return (now + this.#options.wallOffsetMs) / 1000 + NTP_EPOCH_S;
  }

  /** The middle 32 bits of the NTP timestamp: 1/65,536 s. */
  #ntpMiddle(now: Instant): number {
    return Math.floor(this.#ntp(now) * 65536) % 4294967296;
  }

  /** 0.5 … 1.5 of five seconds, the first half of that, compensated (RFC 3550 §6.2, §6.3.1). */
  #interval(): number {
    const interval = this.#isFirst ? INTERVAL_MS / 2 : INTERVAL_MS;
    this.#isFirst = false;
    return (interval * (0.5 + this.#options.random.next())) / COMPENSATION;
  }
}

/**
 * Round trip in milliseconds by a report block (RFC 3550 §6.4.1): arrival less LSR less DLSR, all in 1/65,536 s. NaN
 * when the peer had no SR of ours yet, or the numbers cannot be.
 */
export function roundTripMs(arrival: number, lastSr: number, delaySinceLastSr: number): number {
  if (lastSr === 0) return Number.NaN;
  const units = (arrival - lastSr - delaySinceLastSr) | 0;
  // A millisecond below zero is rounding; more is a wrong clock, as is a minute.
  if (units < -66 || units > 60 * 65536) return Number.NaN;
  return (Math.max(0, units) * 1000) / 65536;
}
