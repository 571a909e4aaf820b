import { type AddressBits, bitsOf, keyOf, networkOf } from '../kernel/network.ts';
import type { Trunk } from './records.ts';

/** Sources whose trunk is remembered between two changes. */
const REMEMBERED_MAX = 10_000;

/** Which trunk a source address belongs to. One look-up per prefix length in use, however many trunks there are. */
export class TrunkSources {
  /** Trunks by `Network.key`, the oldest first. */
  readonly #trunks = new Map<string, Trunk[]>();
  /** How many entries there are of each prefix length. */
  readonly #lengths = { 4: new Map<number, number>(), 6: new Map<number, number>() };
  /** Prefix lengths in use, longest first. */
  #longestFirst: Readonly<Record<4 | 6, readonly number[]>> = { 4: [], 6: [] };
  /** What was found since the last change: each request of a trunk asks for the same few addresses. */
  readonly #found = new Map<string, Trunk | undefined>();

  add(trunk: Trunk): void {
    this.#found.clear();
    for (const { family, prefixLength, key } of networksOf(trunk)) {
      const others = this.#trunks.get(key) ?? [];
      this.#trunks.set(key, [...others, trunk].sort(byAge));
      this.#count(family, prefixLength, 1);
    }
  }

  /** `trunk` is the row that was added. */
  remove(trunk: Trunk): void {
    this.#found.clear();
    for (const { family, prefixLength, key } of networksOf(trunk)) {
      const others = (this.#trunks.get(key) ?? []).filter((other) => other !== trunk);
      if (others.length === 0) this.#trunks.delete(key);
      else this.#trunks.set(key, others);
      this.#count(family, prefixLength, -1);
    }
  }

  /** The trunk whose allowed network with the longest prefix holds the address; the oldest of several. */
  find(address: string): Trunk | undefined {
    if (this.#trunks.size === 0) return undefined;
    const known = this.#found.get(address);
    if (known !== undefined || this.#found.has(address)) return known;
    const trunk = this.#search(address);
    if (this.#found.size === REMEMBERED_MAX) this.#found.clear();
    this.#found.set(address, trunk);
    return trunk;
  }

  #search(address: string): Trunk | undefined {
    const bits: AddressBits | undefined = bitsOf(address);
    if (bits === undefined) return undefined;
    for (const length of this.#longestFirst[bits.family]) {
      const trunks = this.#trunks.get(keyOf(bits, length));
      if (trunks !== undefined) return trunks[0];
    }
    return undefined;
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

/** Each network once, however often the trunk names it. */
function networksOf(trunk: Trunk) {
  if (!trunk.authTypes.includes('ip')) return [];
  const networks = trunk.allowedIps.map(networkOf).filter((network) => network !== undefined);
  return [...new Map(networks.map((network) => [network.key, network])).values()];
}

function byAge(a: Trunk, b: Trunk): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
