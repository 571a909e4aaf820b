import type { ConferenceNow, RowKind, Rows } from '../api/backend.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { ConferenceId, CustomerId } from '../core/kernel/ids.ts';
import type { WallTime } from '../core/kernel/time.ts';
import { ActiveflowArchive } from '../core/store/activeflow-archive.ts';
import { CallArchive } from '../core/store/call-archive.ts';
import { ConferencecallArchive } from '../core/store/conferencecall-archive.ts';
import { RecordingArchive } from '../core/store/recording-archive.ts';
import type { StoreReader } from '../core/store/writer.ts';
import type { Node } from './node.ts';

interface Page {
  readonly pageSize: number;
  readonly before: WallTime;
}

/** How one kind of row is found. */
interface Source<Row> {
  page(customerId: CustomerId, page: Page): Promise<readonly Row[]>;
  byId(id: string): Promise<Row | undefined>;
}

/**
 * Everything that can be listed and read, wherever it is: accounts in the directory, what passes in the store, and what
 * lives as it is now, which is newer than its row. A read of the store sees every earlier write.
 */
export class Archives {
  readonly recordings: RecordingArchive;
  readonly #node: Node;
  readonly #sources: { readonly [Kind in RowKind]: Source<Rows[Kind]> };

  constructor(reader: StoreReader, directory: Directory, node: Node) {
    const { calls } = node.exchange;
    this.#node = node;
    this.recordings = new RecordingArchive(reader);
    this.#sources = {
      accesskey: held(directory.accesskeys, directory.accesskeysBefore.bind(directory)),
      extension: held(directory.extensions, directory.extensionsBefore.bind(directory)),
      trunk: held(directory.trunks, directory.trunksBefore.bind(directory)),
      provider: held(directory.providers, directory.providersBefore.bind(directory)),
      route: held(directory.dialRoutes, directory.dialRoutesBefore.bind(directory)),
      outbound_config: held(directory.outboundConfigs, directory.outboundConfigsBefore.bind(directory)),
      number: held(directory.numbers, directory.numbersBefore.bind(directory)),
      flow: held(directory.flows, directory.flowsBefore.bind(directory)),
      conference: held(directory.conferences, directory.conferencesBefore.bind(directory)),
      call: stored(new CallArchive(reader), (id) => calls.recordOf(id)),
      conferencecall: stored(new ConferencecallArchive(reader), (id) => calls.conferences.conferencecall(id)),
      recording: stored(this.recordings, (id) => calls.recordings.recordOf(id)),
      activeflow: stored(new ActiveflowArchive(reader), (id) => node.flows.recordOf(id)),
    };
  }

  list<Kind extends RowKind>(kind: Kind, customerId: CustomerId, page: Page): Promise<readonly Rows[Kind][]> {
    return this.#sources[kind].page(customerId, page);
  }

  get<Kind extends RowKind>(kind: Kind, id: string): Promise<Rows[Kind] | undefined> {
    return this.#sources[kind].byId(id);
  }

  async conferenceNow(id: ConferenceId): Promise<ConferenceNow> {
    const { conferences, recordings } = this.#node.exchange.calls;
    const reference = { type: 'confbridge', id } as const;
    const recordingIds = await this.recordings.idsOf(reference);
    const ids = conferences.conferencecallsOf(id).map((stay) => stay.id);
    return {
      conferencecalls: { count: ids.length, ids },
      isLocked: conferences.isLocked(id),
      recordingId: recordings.liveOf(reference)?.id ?? null,
      recordingIds,
    };
  }
}

function held<Row>(
  rows: Pick<ReadonlyMap<string, Row>, 'get'>,
  before: (customerId: CustomerId, before: WallTime, count: number) => readonly Row[],
): Source<Row> {
  return {
    page: async (customerId, page) => before(customerId, page.before, page.pageSize),
    byId: async (id) => rows.get(id),
  };
}

function stored<Id extends string, Row extends { readonly id: Id; readonly deletedAt: WallTime | null }>(
  archive: { page: Source<Row>['page']; byId(id: Id): Promise<Row | undefined> },
  liveOf: (id: Id) => Row | undefined,
): Source<Row> {
  return {
    page: async (customerId, page) => {
      const rows = await archive.page(customerId, page);
      return rows.map((row) => liveOf(row.id) ?? row).filter((row) => row.deletedAt === null);
    },
    byId: async (id) => {
      const live = liveOf(id as Id);
      if (live !== undefined) return live.deletedAt === null ? live : undefined;
      return archive.byId(id as Id);
    },
  };
}
