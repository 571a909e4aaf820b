import type { RecordingRecord, RecordingReference } from '../calls/recording-record.ts';
import type { RecordingId } from '../kernel/ids.ts';
import { Archive } from './archive.ts';
import { recordingOfRow, recordingsOf } from './repositories/recordings.ts';
import type { StoreReader } from './writer.ts';

export class RecordingArchive extends Archive<'recordings', RecordingRecord> {
  constructor(reader: StoreReader) {
    super(reader, 'recordings', recordingOfRow);
  }

  /** Recordings made of a call or conference that are not deleted, oldest first. */
  async idsOf({ id }: RecordingReference): Promise<readonly RecordingId[]> {
    const rows = await this.reader.read(recordingsOf(id));
    return rows.map((row) => row.id as RecordingId);
  }
}
