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
import { type StreamRows, streamRows } from './stream-rows.ts';

/** Room that `write` and `writeBye` need at most: SR with one block, SDES with the longest CNAME, BYE. */
export const REPORT_BYTES_MAX = 28 + 24 + 268 + 8;

const INTERVAL_MS = 5000;
/**
 * While packets are lost, so that who can do something about it hears of it soon. Two parties stay far below their share
 * of the bandwidth (RFC 3550 §6.2: 360 s divided by the kilobits in a second would be allowed).
 */
const LOSSY_INTERVAL_MS = 2500;

/** Where the numbers lie in the row. */
const ROUND_TRIP = 0;
const ROUND_TRIP_MAX = 1;
const REMOTE_FRACTION_LOST = 2;
const REMOTE_LOST = 3;
const REMOTE_JITTER = 4;
const REMOTE_SENT = 5;
const RECEIVED = 6;
const MALFORMED = 7;
const FRACTION_LOST = 8;

/** Length of a row. */
export const REPORT_ROW = 9;

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

  readonly #row: Float64Array;
  readonly #start: number;
  /** The present source said BYE. */
  hasLeft = false;

  #dueAt: Instant;
  #isFirst = true;
  #packetsBefore = 0;
  #lastSr = 0;
  #lastSrAt: Instant = 0;
  #lastSrSsrc = -1;

  /** The row is the `index`th of `rows`. */
  constructor(
    send: SendStream,
    receive: ReceiveStream,
    options: ReportsOptions,
    now: Instant,
    { numbers } = streamRows(1, REPORT_ROW),
    index = 0,
  ) {
    this.#send = send;
    this.#receive = receive;
    this.#options = options;
    this.#row = numbers;
    this.#start = index * REPORT_ROW;
    numbers.fill(0, this.#start, this.#start + REPORT_ROW);
    numbers[this.#start + ROUND_TRIP] = Number.NaN;
    this.#dueAt = now + this.#interval();
  }

  /** In whole milliseconds where `now` is: so it is a small integer, and no object wherever it goes. */
  deadline(): Instant {
    return this.#dueAt;
  }

  /** Round trip by the newest report, NaN before. */
  get roundTripMs(): number {
    return this.#row[this.#start + ROUND_TRIP]!;
  }

  /** What the peer says of our stream: in 256ths since its report before, all in all, and its jitter in our timestamp units. */
  get remoteFractionLost(): number {
    return this.#row[this.#start + REMOTE_FRACTION_LOST]!;
  }

  get remoteCumulativeLost(): number {
    return this.#row[this.#start + REMOTE_LOST]!;
  }

  get remoteJitter(): number {
    return this.#row[this.#start + REMOTE_JITTER]!;
  }

  get reportsReceived(): number {
    return this.#row[this.#start + RECEIVED]!;
  }

  get malformed(): number {
    return this.#row[this.#start + MALFORMED]!;
  }

  /** The compound packet `bytes[start … end)` from the peer. False when it is none; nothing was taken from it then. */
  receive(bytes: Uint8Array, start: number, end: number, now: Instant): boolean {
    const view = this.#view;
    if (!view.begin(bytes, start, end)) {
      this.#row[this.#start + MALFORMED]! += 1;
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
    if (now < this.deadline()) return at;
    const end = this.#writeReport(bytes, at, now);
    this.#dueAt = now + this.#interval();
    return end;
  }

  /** Report and BYE: the last packet of the session (RFC 3550 §6.6). */
  writeBye(bytes: Uint8Array, at: number, now: Instant): number {
    return writeBye(bytes, this.#writeReport(bytes, at, now), this.#send.ssrcWord);
  }

  #takeReport(now: Instant): void {
    const view = this.#view;
    const row = this.#row;
    const start = this.#start;
    row[start + RECEIVED]! += 1;
    if (view.type === RTCP.SR) {
      this.#lastSr = ((view.ntpSeconds << 16) | (view.ntpFraction >>> 16)) >>> 0;
      this.#lastSrAt = now;
      this.#lastSrSsrc = view.ssrc;
    }
    for (let i = 0; i < view.count; i++) {
      if (!view.readReport(i) || view.reportSsrc !== this.#send.ssrc) continue;
      row[start + REMOTE_FRACTION_LOST] = view.fractionLost;
      row[start + REMOTE_LOST] = view.cumulativeLost;
      row[start + REMOTE_JITTER] = view.jitter;
      row[start + REMOTE_SENT] = this.#send.packets;
      const roundTrip = roundTripMs(this.#ntpMiddle(now), view.lastSr, view.delaySinceLastSr);
      if (Number.isNaN(roundTrip)) continue;
      row[start + ROUND_TRIP] = roundTrip;
      row[start + ROUND_TRIP_MAX] = Math.max(row[start + ROUND_TRIP_MAX]!, roundTrip);
    }
  }

  #writeReport(bytes: Uint8Array, start: number, now: Instant): number {
    const send = this.#send;
    const receive = this.#receive;
    const blockCount = receive.ssrc < 0 ? 0 : 1;
    let at: number;
    if (send.packets === this.#packetsBefore) at = writeReceiverReport(bytes, start, send.ssrcWord, blockCount);
    else {
      const ntp = this.#ntp(now);
      const seconds = Math.floor(ntp);
      const fraction = Math.floor((ntp - seconds) * 4294967296);
      const timestamp = send.timestampAt(now, 0) | 0;
      at = writeSenderReport(
        bytes,
        start,
        send.ssrcWord,
        seconds | 0,
        fraction | 0,
        timestamp,
        send.packets,
        send.octets,
        blockCount,
      );
    }
    this.#packetsBefore = send.packets;
    if (blockCount === 1) at = this.#writeBlock(bytes, at, now);
    return writeSdes(bytes, at, send.ssrcWord, this.#options.cname);
  }

  #writeBlock(bytes: Uint8Array, at: number, now: Instant): number {
    const { ssrc, lost, highest, jitterUnits } = this.#receive;
    const fraction = this.#receive.takeFractionLost();
    this.#row[this.#start + FRACTION_LOST] = fraction;
    const isKnown = this.#lastSrSsrc === ssrc;
    const delay = isKnown ? Math.round(((now - this.#lastSrAt) * 65536) / 1000) : 0;
    const lastSr = isKnown ? this.#lastSr : 0;
    return writeReportBlock(bytes, at, ssrc, fraction, lost, highest, jitterUnits, lastSr, delay);
  }

  #ntp(now: Instant): number {
    return (now + this.#options.wallOffsetMs) / 1000 + NTP_EPOCH_S;
  }

  /** The middle 32 bits of the NTP timestamp: 1/65,536 s. */
  #ntpMiddle(now: Instant): number {
    return Math.floor(this.#ntp(now) * 65536) % 4294967296;
  }

  /** 0.5 … 1.5 of five seconds, the first half of that, compensated (RFC 3550 §6.2, §6.3.1); shorter while either loses packets. */
  #interval(): number {
    const row = this.#row;
    const start = this.#start;
    const isLossy = row[start + FRACTION_LOST]! > 0 || row[start + REMOTE_FRACTION_LOST]! > 0;
    const usualMs = isLossy ? LOSSY_INTERVAL_MS : INTERVAL_MS;
    const interval = this.#isFirst ? usualMs / 2 : usualMs;
    this.#isFirst = false;
    return Math.round((interval * (0.5 + this.#options.random.next())) / COMPENSATION);
  }
}

/** What the peer reported of our stream. */
export interface Reported {
  /** Reports that came. */
  readonly count: number;
  /** Of these that we had sent when its newest report came, so many it missed. */
  readonly sent: number;
  readonly lost: number;
  /** In our timestamp units. */
  readonly jitter: number;
  /** NaN while unknown. */
  readonly roundTripMs: number;
  readonly roundTripMsMax: number;
}

/** What a row tells, read by whoever shares its memory. */
export function reportedOf({ numbers }: StreamRows, index: number): Reported {
  const start = index * REPORT_ROW;
  return {
    count: numbers[start + RECEIVED]!,
    sent: numbers[start + REMOTE_SENT]!,
    lost: numbers[start + REMOTE_LOST]!,
    jitter: numbers[start + REMOTE_JITTER]!,
    roundTripMs: numbers[start + ROUND_TRIP]!,
    roundTripMsMax: numbers[start + ROUND_TRIP_MAX]!,
  };
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
