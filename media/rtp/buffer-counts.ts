import { type StreamRows, streamRows } from './stream-rows.ts';

/** What became of packets in a jitter buffer, and of the sound behind it. */
export const BUFFER = {
  taken: 0,
  late: 1,
  lost: 2,
  duplicate: 3,
  reordered: 4,
  oversized: 5,
  dropped: 6,
  resets: 7,
  /** Frames of which at least a part was made up. */
  concealed: 8,
  /** Periods taken out, and put in. */
  shortened: 9,
  stretched: 10,
  /** Delay aimed at, as it was looked at last, in ms. */
  delayMs: 11,
} as const;

export type BufferCount = keyof typeof BUFFER;

/** Length of a row. */
export const BUFFER_ROW = Object.keys(BUFFER).length;

/** The counters of one stream's jitter buffers, one after the other, in memory that others may read. */
export class BufferCounts {
  readonly #row: Float64Array;
  readonly #start: number;

  /** The row is the `index`th of `rows`, and begins at zero. */
  constructor({ numbers }: StreamRows = streamRows(1, BUFFER_ROW), index = 0) {
    this.#row = numbers;
    this.#start = index * BUFFER_ROW;
    numbers.fill(0, this.#start, this.#start + BUFFER_ROW);
  }

  of(count: number): number {
    return this.#row[this.#start + count]!;
  }

  add(count: number, more: number): void {
    this.#row[this.#start + count]! += more;
  }

  set(count: number, value: number): void {
    this.#row[this.#start + count] = value;
  }
}

/** What a row tells, read by whoever shares its memory. */
export function bufferedOf({ numbers }: StreamRows, index: number): Readonly<Record<BufferCount, number>> {
  const entries = Object.entries(BUFFER).map(([name, at]) => [name, numbers[index * BUFFER_ROW + at]!] as const);
  return Object.fromEntries(entries) as Record<BufferCount, number>;
}
