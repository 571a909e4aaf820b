import { NODATA, NOTFOUND, type SrvRecord as NodeSrvRecord, type RecordWithTtl, Resolver } from 'node:dns';
import type {
  Lookup,
  LookupAnswer,
  NaptrRecord,
  Outcome,
  Records,
  RecordType,
  SrvRecord,
} from '../locating/records.ts';

export interface NameResolverOptions {
  /** Servers as `dns.setServers` takes them; those of the system when left out. */
  readonly servers?: readonly string[];
  /** Addresses of names that no server is asked for, as `/etc/hosts` lists them. */
  readonly hosts?: ReadonlyMap<string, readonly string[]>;
}

/** Two attempts, the second of which waits longer: both end before a lookup is given up. */
const ATTEMPTS = { timeout: 800, tries: 2 };
/** The system's resolver tells the lifetime of addresses alone; other records are asked for again after a minute. */
const UNKNOWN_TTL_MS = 60_000;
/** Codes of a server that answered that there is nothing; names that cannot exist are as much. */
const NOTHING: ReadonlySet<string> = new Set([NODATA, NOTFOUND, 'EBADNAME']);

/** What stands before a name in the names of its services (RFC 2782). */
const SERVICE = /^_[^.]+\._[^.]+\./;

/** Asks the name servers of the system. Every lookup is answered once, and never from within `ask`. */
export class NameResolver {
  readonly #answered: (answer: LookupAnswer) => void;
  readonly #hosts: ReadonlyMap<string, readonly string[]>;
  readonly #servers: readonly string[] | undefined;
  #resolver: Resolver;
  #askedCount = 0;
  #isClosed = false;

  constructor(answered: (answer: LookupAnswer) => void, { servers, hosts = new Map() }: NameResolverOptions = {}) {
    this.#answered = answered;
    this.#hosts = hosts;
    this.#servers = servers;
    this.#resolver = resolverOf(servers);
  }

  ask({ number, type, name }: Lookup): void {
    this.#askedCount++;
    const done = (error: NodeJS.ErrnoException | null, found: () => Outcome): void => {
      this.#askedCount--;
      if (this.#isClosed) return;
      const outcome = error === null ? found() : outcomeOf(error);
      // The machine may have moved to another network: a new resolver reads anew which servers the system has.
      if (outcome.kind === 'failed' && this.#askedCount === 0) this.#resolver = resolverOf(this.#servers);
      this.#answered({ number, outcome });
    };
    const resolver = this.#resolver;
    const listed = this.#hosts.get(name.replace(SERVICE, ''));
    if (listed !== undefined) {
      queueMicrotask(() => done(null, () => outcomeOfListed(type, listed)));
      return;
    }
    switch (type) {
      case 'NAPTR':
        resolver.resolveNaptr(name, (error, rows) =>
          done(error, () => outcomeOfRecords({ type, records: rows.map(serviceOf) })),
        );
        break;
      case 'SRV':
        resolver.resolveSrv(name, (error, rows) =>
          done(error, () => outcomeOfRecords({ type, records: rows.map(serverOf) })),
        );
        break;
      default:
        this.#askForAddresses(type, name, done);
    }
  }

  /** Nothing is answered after this. */
  close(): void {
    this.#isClosed = true;
    this.#resolver.cancel();
  }

  #askForAddresses(type: 'A' | 'AAAA', name: string, done: (error: Error | null, found: () => Outcome) => void): void {
    const told = (error: Error | null, rows: readonly RecordWithTtl[]): void =>
      done(error, () =>
        outcomeOfRecords(
          { type, records: rows.map(({ address }) => address) },
          1_000 * Math.min(...rows.map(({ ttl }) => ttl)),
        ),
      );
    if (type === 'A') this.#resolver.resolve4(name, { ttl: true }, told);
    else this.#resolver.resolve6(name, { ttl: true }, told);
  }
}

function resolverOf(servers: readonly string[] | undefined): Resolver {
  const resolver = new Resolver(ATTEMPTS);
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}

function serverOf({ name: target, priority, weight, port }: NodeSrvRecord): SrvRecord {
  return { priority, weight, port, target };
}

function serviceOf({ order, preference, flags, service, regexp, replacement }: NaptrRecord): NaptrRecord {
  return { order, preference, flags, service, regexp, replacement };
}

/** The hosts file knows addresses alone. */
function outcomeOfListed(type: RecordType, addresses: readonly string[]): Outcome {
  if (type !== 'A' && type !== 'AAAA') return { kind: 'nothing' };
  const records = addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
  return outcomeOfRecords({ type, records });
}

function outcomeOfRecords(found: Records, ttlMs = UNKNOWN_TTL_MS): Outcome {
  return found.records.length === 0 ? { kind: 'nothing' } : { kind: 'records', ...found, ttlMs };
}

function outcomeOf({ code = 'unknown' }: NodeJS.ErrnoException): Outcome {
  return NOTHING.has(code) ? { kind: 'nothing' } : { kind: 'failed', detail: code };
}

/** Names and their addresses in a text such as `/etc/hosts` (hosts(5)), names in lower case. */
export function hostsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = hosts.get(key);
      if (addresses === undefined) hosts.set(key, [address!]);
      else addresses.push(address!);
    }
  }
  return hosts;
}
