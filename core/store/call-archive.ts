import type { CallRecord } from '../calls/call-record.ts';
import { Archive } from './archive.ts';
import { callOfRow } from './repositories/calls.ts';
import type { StoreReader } from './writer.ts';

export class CallArchive extends Archive<'calls', CallRecord> {
  constructor(reader: StoreReader) {
    super(reader, 'calls', callOfRow);
  }
}
