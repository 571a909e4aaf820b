import { type AddressBits, bitsOf, keyOf, networkOf } from '../kernel/network.ts';
import type { WallTime } from '../kernel/time.ts';

/** Sources whose row is remembered between two changes. */
const REMEMBERED_MAX = 10_000;

interface Aged {
  readonly id: string;
  readonly createdAt: WallTime;
}

/**
 * Which row, such as a trunk, a source address belongs to. One look-up per prefix length in use, however many rows
 * there are.
 */
export class NetworkSources<Row extends Aged> {
  readonly #networksOf: (row: Row) => readonly string[];
  /** By `Network.key`, the oldest first. */
  readonly #rows = new Map<string, Row[]>();
  /** How many entries there are of each prefix length. */
  readonly #lengths = { 4: new Map<number, number>(), 6: new Map<number, number>() };
  /** Prefix lengths in use, longest first. */
  #longestFirst: Readonly<Record<4 | 6, readonly number[]>> = { 4: [], 6: [] };
  /** What was found since the last change: each request of a trunk asks for the same few addresses. */
  readonly #found = new Map<string, Row | undefined>();

  /** `networksOf` gives literal addresses and CIDRs. */
  constructor(networksOf: (row: Row) => readonly string[]) {
    this.#networksOf = networksOf;
  }

  add(row: Row): void {
    this.#found.clear();
    for (const { family, prefixLength, key } of this.#distinct(row)) {
      const others = this.#rows.get(key) ?? [];
      this.#rows.set(key, [...others, row].sort(byAge));
      this.#count(family, prefixLength, 1);
    }
  }

  /** `row` is the one that was added. */
  remove(row: Row): void {
    this.#found.clear();
    for (const { family, prefixLength, key } of this.#distinct(row)) {
      const others = (this.#rows.get(key) ?? []).filter((other) => other !== row);
      if (others.length === 0) this.#rows.delete(key);
      else this.#rows.set(key, others);
      this.#count(family, prefixLength, -1);
    }
  }

  /** The row whose network with the longest prefix holds the address; the oldest of several. */
  find(address: string): Row | undefined {
    if (this.#rows.size === 0) return undefined;
    const known = this.#found.get(address);
    if (known !== undefined || this.#found.has(address)) return known;
    const row = this.#search(address);
    if (this.#found.size === REMEMBERED_MAX) this.#found.clear();
    this.#found.set(address, row);
    return row;
  }

  #search(address: string): Row | undefined {
    const bits: AddressBits | undefined = bitsOf(address);
    if (bits === undefined) return undefined;
    for (const length of this.#longestFirst[bits.family]) {
      const rows = this.#rows.get(keyOf(bits, length));
      if (rows !== undefined) return rows[0];
    }
    return undefined;
  }

  /** Each network once, however often the row names it. */
  #distinct(row: Row) {
    const networks = this.#networksOf(row)
      .map(networkOf)
      .filter((network) => network !== undefined);
    return [...new Map(networks.map((network) => [network.key, network])).values()];
  }

  #count(family: 4 | 6, prefixLength: number, change: 1 | -1): void {
    const lengths = this.#lengths[family];
    const count = (lengths.get(prefixLength) ?? 0) + change;
    if (count === 0) lengths.delete(prefixLength);
    else lengths.set(prefixLength, count);
    if (count > 1 || (count === 1 && change === -1)) return;
    this.#longestFirst = { ...this.#longestFirst, [family]: [...lengths.keys()].sort((a, b) => b - a) };
  }
}

function byAge(a: Aged, b: Aged): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
