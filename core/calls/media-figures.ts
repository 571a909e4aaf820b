/**
 * How a call was heard, as far as it could be measured. Times are in milliseconds, shares from 0 to 1; a MOS estimates
 * what listeners would say, from 1 (bad) to 4.5, and is null where nothing came.
 */
export interface MediaFigures {
  /** Of what the far end was sent; '' before one was agreed on. */
  readonly codec: string;
  /** From the newest report of the far end; null while none told. */
  readonly roundTripMs: number | null;
  readonly roundTripMsMax: number | null;
  /** What came from the far end. */
  readonly received: ReceivedFigures;
  /** What the far end was sent, and what it says of it. */
  readonly sent: SentFigures;
  /** Of the jitter buffer, while the call was mixed, recorded or decoded for another codec; null when it never was. */
  readonly buffer: BufferFigures | null;
}

export interface ReceivedFigures {
  readonly packets: number;
  readonly octets: number;
  readonly lost: number;
  readonly lossShare: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly jitterMs: number;
  readonly mos: number | null;
  /** Where losses came closely (RFC 3611 §4.7.2). */
  readonly bursts: {
    readonly count: number;
    readonly lossShare: number;
    readonly durationMs: number;
    readonly gapLossShare: number;
    readonly gapDurationMs: number;
  };
}

export interface SentFigures {
  readonly packets: number;
  readonly octets: number;
  /** By the far end's reports; null without any. */
  readonly reported: {
    readonly count: number;
    readonly lost: number;
    readonly lossShare: number;
    readonly jitterMs: number;
    readonly mos: number | null;
  } | null;
}

export interface BufferFigures {
  /** What it holds back. */
  readonly delayMs: number;
  /** Packets. */
  readonly taken: number;
  readonly late: number;
  readonly lost: number;
  readonly dropped: number;
  /** Frames that were made up at least in part, and pitch periods put in or left out. */
  readonly concealed: number;
  readonly stretched: number;
  readonly shortened: number;
}
