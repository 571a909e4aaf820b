import type { LegId } from '../core/kernel/ids.ts';
import { BUFFER_ROW } from './rtp/buffer-counts.ts';
import { RECEIVE_ROW } from './rtp/receive-stream.ts';
import { REPORT_ROW } from './rtp/reports.ts';
import { SEND_ROW } from './rtp/send-stream.ts';
import { type StreamRows, streamRows } from './rtp/stream-rows.ts';

/** Numbers of one stream, in all its rows, and whose they are. */
const NUMBERS = RECEIVE_ROW + SEND_ROW + REPORT_ROW + BUFFER_ROW + 1;
/** Of the thread itself. */
const THREAD_NUMBERS = 1;

/**
 * The numbers of all streams of a media thread, by slot, in shared memory: the thread counts, the main thread reads them
 * whenever somebody asks, and neither waits for the other. Beside them, whether the thread can take more.
 */
export class StreamMemory {
  readonly buffer: SharedArrayBuffer;
  readonly received: StreamRows;
  readonly sent: StreamRows;
  readonly reported: StreamRows;
  readonly buffered: StreamRows;
  readonly #legs: Float64Array;
  readonly #thread: Float64Array;

  constructor(slots: number, buffer = new SharedArrayBuffer(8 * (NUMBERS * slots + THREAD_NUMBERS))) {
    this.buffer = buffer;
    let offset = 0;
    const take = (length: number): StreamRows => {
      const rows = streamRows(slots, length, buffer, offset);
      offset += 8 * slots * length;
      return rows;
    };
    this.received = take(RECEIVE_ROW);
    this.sent = take(SEND_ROW);
    this.reported = take(REPORT_ROW);
    this.buffered = take(BUFFER_ROW);
    this.#legs = take(1).numbers;
    this.#thread = new Float64Array(buffer, offset, THREAD_NUMBERS);
  }

  /** The thread has more to do than it can: no call should come to it. */
  get isOverloaded(): boolean {
    return this.#thread[0] === 1;
  }

  set isOverloaded(value: boolean) {
    this.#thread[0] = value ? 1 : 0;
  }

  /** The rows of the slot are this leg's from here on, until another one's. Call once they are in their first state. */
  give(slot: number, leg: LegId): void {
    this.#legs[slot] = leg;
  }

  isOf(slot: number, leg: LegId): boolean {
    return this.#legs[slot] === leg;
  }
}
