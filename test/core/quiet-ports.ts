import type { ConferencecallRecord } from '../../core/calls/conferencecall-record.ts';
import type { RecordingRecord } from '../../core/calls/recording-record.ts';
import { Directory } from '../../core/directory/directory.ts';
import { CONFERENCE_SETTINGS, type Conference } from '../../core/directory/records.ts';
import type { CallNews } from '../../core/flows/call-control.ts';
import { Journal } from '../../core/journal.ts';
import type { ActiveflowId, CallId, ConferenceId, LegId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Store, StoreEvent } from '../../core/ports.ts';
import type { Write } from '../../core/write.ts';
import { CUSTOMER } from './store/rows.ts';

interface Rows {
  readonly saveConference: Conference;
  readonly saveConferencecall: ConferencecallRecord;
  readonly saveRecording: RecordingRecord;
}

/** A store that keeps what it is given and commits when it is told to. */
export class ObedientStore implements Store {
  /** Every write in order, but for those that failed. */
  writes: Write[] = [];
  readonly #waiting: { readonly writes: readonly Write[]; readonly receipt: number }[] = [];

  write(writes: readonly Write[], receipt: number): void {
    this.writes.push(...writes);
    if (receipt !== 0) this.#waiting.push({ writes, receipt });
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** The oldest write that waits for a receipt is durable. */
  stored(): StoreEvent {
    return { kind: 'stored', receipt: this.#waiting.shift()!.receipt };
  }

  /** The oldest write that waits for a receipt has come to nothing. */
  failed(): StoreEvent {
    const { writes, receipt } = this.#waiting.shift()!;
    this.writes = this.writes.filter((write) => !writes.includes(write));
    return { kind: 'storeFailed', receipt, detail: 'disk full' };
  }

  /** The last version of the row with this id. */
  row<Kind extends keyof Rows>(kind: Kind, id: string): Rows[Kind] | undefined {
    const rows = this.writes.flatMap((write) => (write.kind === kind ? [write.row as Rows[Kind]] : []));
    return rows.findLast((row) => row.id === id);
  }
}

export const CONFERENCE: Conference = {
  id: 'f0000000-0000-4000-8000-000000000001' as ConferenceId,
  customerId: CUSTOMER.id,
  type: 'conference',
  status: 'progressing',
  name: 'Room',
  detail: '',
  data: {},
  timeoutS: 0,
  settings: CONFERENCE_SETTINGS,
  preFlowId: null,
  postFlowId: null,
  directHash: '',
  endedAt: null,
  createdAt: 0,
  updatedAt: null,
  deletedAt: null,
};

export const ACTIVEFLOW = '80000000-0000-4000-8000-000000000001' as ActiveflowId;

export function callId(number: number): CallId {
  return `d0000000-0000-4000-8000-${String(number).padStart(12, '0')}` as CallId;
}

/** The call with this number, on the leg with the same. */
export function party(number: number) {
  return { id: callId(number), leg: number as LegId, customerId: CUSTOMER.id, activeflowId: ACTIVEFLOW };
}

/** What the parts of the call engine share: a store, a journal whose events can be read, and news by call. */
export function surroundings() {
  const directory = new Directory();
  directory.putCustomer(CUSTOMER);
  const store = new ObedientStore();
  const journal = new Journal({ epoch: 'e' });
  const cursor = journal.cursorOverAll();
  const news: string[] = [];
  let receipt = 0;
  /** Types of the events since it was asked last. */
  const happened = () => {
    const types: string[] = [];
    for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
      if (reading.kind === 'event') types.push(reading.event.body.type);
    }
    return types;
  };
  /** News since it was asked last, as `call number kind`. */
  const told = () => news.splice(0);
  return {
    directory,
    store,
    journal,
    happened,
    told,
    calendar: (now: number) => now,
    random: seeded(1),
    nextReceipt: () => ++receipt,
    tell: (call: CallId, { kind, ...rest }: CallNews) => {
      const token = 'token' in rest ? ` ${rest.token}` : '';
      const outcome = 'outcome' in rest ? ` ${rest.outcome}${rest.detail === '' ? '' : `: ${rest.detail}`}` : '';
      news.push(`${Number(call.slice(-12))} ${kind}${token}${outcome}`);
    },
  };
}
