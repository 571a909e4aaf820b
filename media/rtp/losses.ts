/** With so many packets between them, two losses are of different bursts (RFC 3611 §4.7.2). */
const PACKETS_BETWEEN_MIN = 16;

/** Where the numbers lie, from the beginning of their part of the row. */
const LAST_LOST = 0;
/** Losses in a row count as one run. */
const RUNS = 1;
/** The burst that goes on: its first loss, and how many it has. */
const FIRST_LOST = 2;
const LOST_NOW = 3;
/** Bursts that are over, and the packets from their first to their last loss. */
const COUNT = 4;
const PACKETS = 5;
const LOST = 6;
/** A loss alone is part of a gap. */
const LOST_ALONE = 7;

/** How many numbers of a row they are. */
export const LOSS_ROW = 8;

/** How losses came (RFC 3611 §4.7.2). Shares are from 0 to 1. */
export interface Bursts {
  readonly count: number;
  /** Of the packets in bursts, and of those in gaps. */
  readonly lossShare: number;
  readonly gapLossShare: number;
  /** In the mean; 0 without any, or while nobody knows how long packets are. */
  readonly durationMs: number;
  readonly gapDurationMs: number;
  /** How much longer losses in a row are than if packets were lost at random (ITU-T G.107 §3.5); at least 1. */
  readonly ratio: number;
}

/** `count` packets from `first` on are lost; calls come in the order of the numbers. */
export function lose(row: Float64Array, at: number, first: number, count: number): void {
  const hasLost = row[at + LOST_NOW]! > 0;
  const between = first - row[at + LAST_LOST]! - 1;
  if (!hasLost || between > 0) row[at + RUNS]! += 1;
  if (!hasLost || between >= PACKETS_BETWEEN_MIN) {
    endBurst(row, at);
    row[at + FIRST_LOST] = first;
  }
  row[at + LOST_NOW]! += count;
  row[at + LAST_LOST] = first + count - 1;
}

/** No more losses follow in these numbers. */
export function endBurst(row: Float64Array, at: number): void {
  const lost = row[at + LOST_NOW]!;
  row[at + LOST_NOW] = 0;
  if (lost === 1) row[at + LOST_ALONE]! += 1;
  if (lost <= 1) return;
  row[at + COUNT]! += 1;
  row[at + LOST]! += lost;
  row[at + PACKETS]! += row[at + LAST_LOST]! - row[at + FIRST_LOST]! + 1;
}

/** After `endBurst`, of `expected` packets, each `packetMs` long. */
export function burstsOf(row: Float64Array, at: number, expected: number, packetMs: number): Bursts {
  const count = row[at + COUNT]!;
  const packets = row[at + PACKETS]!;
  const alone = row[at + LOST_ALONE]!;
  const lost = row[at + LOST]! + alone;
  const inGaps = expected - packets;
  return {
    count,
    lossShare: share(row[at + LOST]!, packets),
    gapLossShare: share(alone, inGaps),
    durationMs: count === 0 ? 0 : (packets * packetMs) / count,
    gapDurationMs: count === 0 ? 0 : (inGaps * packetMs) / (count + 1),
    ratio: lost === 0 ? 1 : Math.max(1, (lost / row[at + RUNS]!) * (1 - share(lost, expected))),
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
