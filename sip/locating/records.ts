/** What is asked of the domain name system. */
export type RecordType = 'NAPTR' | 'SRV' | 'A' | 'AAAA';

/** `name` in lower case, without a dot at its end. */
export interface Query {
  readonly type: RecordType;
  readonly name: string;
}

/** RFC 3403 §4.1. */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Host, `.` or '' when the service is decidedly not there. */
  readonly target: string;
}

/** Records of one type. Aliases (CNAME) are followed by whoever answers. */
export type Records =
  | { readonly type: 'NAPTR'; readonly records: readonly NaptrRecord[] }
  | { readonly type: 'SRV'; readonly records: readonly SrvRecord[] }
  | { readonly type: 'A' | 'AAAA'; readonly records: readonly string[] };

/** What came of a query. */
export type Outcome =
  | ({ readonly kind: 'records'; readonly ttlMs: number } & Records)
  /** The name does not exist, or has no records of this type. */
  | { readonly kind: 'nothing' }
  /** Nobody knows: no answer in time, or one that says that the server could not find out. */
  | { readonly kind: 'failed'; readonly detail: string };

/** A query to be sent; its answer comes back under the same number. */
export interface Lookup extends Query {
  readonly number: number;
}

export interface LookupAnswer {
  readonly number: number;
  readonly outcome: Outcome;
}

/** The same for queries that mean the same. */
export function keyOf({ type, name }: Query): string {
  return `${type} ${name}`;
}
