import type { Directory } from '../directory/directory.ts';
import type { CallNews } from '../flows/call-control.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { MediaPlane, Store } from '../ports.ts';
import type { ConferenceSeatsPorts } from './conference-seats.ts';
import type { ConferenceSoundsPorts } from './conference-sounds.ts';
import type { Recordings } from './recordings.ts';

export interface ConferencesPorts extends ConferenceSeatsPorts {
  readonly directory: Directory;
  readonly media: ConferenceSeatsPorts['media'] & Pick<MediaPlane, 'mixes'>;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** What ends with a conference: its recordings, and the programs that hear it. */
  readonly recordings: Pick<Recordings, 'over'>;
  readonly sounds: ConferenceSoundsPorts['sounds'];
}
