import type { ActiveflowRecord } from '../flows/activeflow-record.ts';
import { Archive } from './archive.ts';
import { activeflowOfRow } from './repositories/activeflows.ts';
import type { StoreReader } from './writer.ts';

export class ActiveflowArchive extends Archive<'activeflows', ActiveflowRecord> {
  constructor(reader: StoreReader) {
    super(reader, 'activeflows', activeflowOfRow);
  }
}
