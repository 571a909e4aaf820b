import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { keyOfIpv6, mappedIpv4, parseIpv4, parseIpv6, STRANGER_IPV6 } from './addresses.ts';
import { QUARANTINE_MS } from './quarantine.ts';

/** An address keeps its number for so long after its last leg: longer than anything that is left of a stream. */
const LINGER_MS = 2 * QUARANTINE_MS;
/** Numbers end together, as quarantines do. */
const RELEASE_STEP_MS = 1_000;
/** Places of addresses; none is at 0, where strangers are. */
const PLACE_COUNT = 65_536;
/** How often a place is used before its numbers begin again: all numbers are below 2^37. */
const ROUND_COUNT = 2 ** 20;

export type AddressBookOutput =
  | { readonly kind: 'learnAddress'; readonly number: number; readonly address: string }
  | { readonly kind: 'forgetAddress'; readonly number: number };

interface Entry {
  readonly number: number;
  readonly key: string;
  holderCount: number;
  until: Instant;
}

/**
 * Numbers of IPv6 addresses, for the time that legs have to do with them: what the media thread has to tell apart from
 * strangers, so that no stranger's packet ever needs a place in a table. A number is `2^32 + round * 65536 + place`; who
 * comes to a place after another has another number.
 */
export class AddressBook {
  readonly #placeCount: number;
  readonly #byKey = new Map<string, Entry>();
  readonly #byNumber = new Map<number, Entry>();
  /** Those that nobody held when they came here, oldest first, and until when they are kept. */
  #lingering: { readonly entry: Entry; readonly until: Instant }[] = [];
  #lingeringStart = 0;
  #usedPlaces = 1;
  /** Places that are free again → the round of the next address there. */
  readonly #free: { readonly place: number; readonly round: number }[] = [];
  readonly #outputs: AddressBookOutput[] = [];

  /** `placeCount`: one more than the addresses that fit. */
  constructor(placeCount = PLACE_COUNT) {
    this.#placeCount = placeCount;
  }

  /** Addresses that have a number. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Number of an address: of IPv4 always, of IPv6 while it has one. 0 for any other text, and what means no address. */
  numberOf(text: string): number {
    const groups = parseIpv6(text);
    if (groups === undefined) return parseIpv4(text) ?? 0;
    return mappedIpv4(groups) ?? this.#byKey.get(keyOfIpv6(groups))?.number ?? 0;
  }

  /** The same, and an IPv6 address is given a number until as many times `release`d; 0 also when no place is left. */
  hold(text: string): number {
    const groups = parseIpv6(text);
    if (groups === undefined) return parseIpv4(text) ?? 0;
    const ipv4 = mappedIpv4(groups);
    if (ipv4 !== undefined) return ipv4;
    if (groups.every((group) => group === 0)) return 0;
    const key = keyOfIpv6(groups);
    const entry = this.#byKey.get(key) ?? this.#add(key);
    if (entry === undefined) return 0;
    entry.holderCount++;
    return entry.number;
  }

  /** No effect on IPv4. */
  release(number: number, now: Instant): void {
    const entry = this.#byNumber.get(number);
    if (entry === undefined || --entry.holderCount > 0) return;
    entry.until = Math.ceil((now + LINGER_MS) / RELEASE_STEP_MS) * RELEASE_STEP_MS;
    this.#lingering.push({ entry, until: entry.until });
  }

  expire(now: Instant): void {
    while (this.deadline() <= now) this.#endFirst();
  }

  deadline(): Instant {
    return this.#lingering[this.#lingeringStart]?.until ?? NEVER;
  }

  poll(): AddressBookOutput | undefined {
    return this.#outputs.shift();
  }

  #add(key: string): Entry | undefined {
    while (this.#free.length === 0 && this.#usedPlaces === this.#placeCount) if (!this.#endFirst()) return undefined;
    const { place, round } = this.#free.pop() ?? { place: this.#usedPlaces++, round: 0 };
    const number = STRANGER_IPV6 + round * PLACE_COUNT + place;
    const entry = { number, key, holderCount: 0, until: NEVER };
    this.#byKey.set(key, entry);
    this.#byNumber.set(number, entry);
    this.#outputs.push({ kind: 'learnAddress', number, address: key });
    return entry;
  }

  /** Ends what has lingered longest, unless it is held again or has been since; false when nothing lingers. */
  #endFirst(): boolean {
    const first = this.#lingering[this.#lingeringStart];
    if (first === undefined) return false;
    this.#lingeringStart++;
    if (this.#lingeringStart >= Math.max(1024, this.#lingering.length / 2)) {
      this.#lingering = this.#lingering.slice(this.#lingeringStart);
      this.#lingeringStart = 0;
    }
    const { entry, until } = first;
    if (entry.holderCount === 0 && entry.until === until) this.#end(entry);
    return true;
  }

  #end({ number, key }: Entry): void {
    this.#byKey.delete(key);
    this.#byNumber.delete(number);
    const place = number % PLACE_COUNT;
    const round = (number - STRANGER_IPV6 - place) / PLACE_COUNT;
    this.#free.push({ place, round: (round + 1) % ROUND_COUNT });
    this.#outputs.push({ kind: 'forgetAddress', number });
  }
}
