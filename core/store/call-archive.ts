import type { CallRecord } from '../calls/call-record.ts';
import type { CallId, CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import { callById, callOfRow, callsBefore, pageOfCalls } from './repositories/calls.ts';
import type { StoreReader } from './writer.ts';

export interface CallPage {
  readonly pageSize: number;
  /** Only calls created strictly before: the time of the last call on the page before. */
  readonly before: WallTime;
}

/** Calls as the store has them, live ones among them. */
export class CallArchive {
  readonly #reader: StoreReader;

  constructor(reader: StoreReader) {
    this.#reader = reader;
  }

  /** A customer's calls, newest first. A page may be shorter than asked for, so that calls of one millisecond stay together. */
  async page(customerId: CustomerId, { pageSize, before }: CallPage): Promise<readonly CallRecord[]> {
    const rows = await this.#reader.read(callsBefore(customerId, before, pageSize));
    return pageOfCalls(rows.map(callOfRow), pageSize);
  }

  /** Undefined when there is none, or it was deleted. The caller judges whose it is. */
  async byId(id: CallId): Promise<CallRecord | undefined> {
    const [row] = await this.#reader.read(callById(id));
    return row === undefined ? undefined : callOfRow(row);
  }
}
