import type { ConferencecallRecord } from '../calls/conferencecall-record.ts';
import { Archive } from './archive.ts';
import { conferencecallOfRow } from './repositories/conferencecalls.ts';
import type { StoreReader } from './writer.ts';

export class ConferencecallArchive extends Archive<'conferencecalls', ConferencecallRecord> {
  constructor(reader: StoreReader) {
    super(reader, 'conferencecalls', conferencecallOfRow);
  }
}
