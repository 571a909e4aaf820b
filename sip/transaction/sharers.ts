import { LiveMap } from '../../core/kernel/live-map.ts';
import type { TransportAddress } from '../../core/ports.ts';

/** One of those who send to one address. */
export interface Sharer<Self> {
  /** Changed only while it is not among them. */
  towards: string;
  /** Its neighbours among them; written by `Sharers` alone. */
  previous: Self | undefined;
  next: Self | undefined;
}

/**
 * Who sends to which address. Most addresses have one or two transactions at a time: they are linked with each other,
 * so that an address costs no set of its own.
 */
export class Sharers<Thing extends Sharer<Thing>> {
  readonly #last = new LiveMap<string, Thing>();

  add(thing: Thing): void {
    const before = this.#last.get(thing.towards);
    thing.previous = before;
    if (before !== undefined) before.next = thing;
    this.#last.set(thing.towards, thing);
  }

  /** It must have been added. */
  remove(thing: Thing): void {
    const { previous, next } = thing;
    if (next !== undefined) next.previous = previous;
    else if (previous === undefined) this.#last.delete(thing.towards);
    else this.#last.set(thing.towards, previous);
    if (previous !== undefined) previous.next = next;
    thing.previous = undefined;
    thing.next = undefined;
  }

  /** All that send to this address, oldest first. */
  of(towards: string): readonly Thing[] {
    const things: Thing[] = [];
    for (let thing = this.#last.get(towards); thing !== undefined; thing = thing.previous) things.push(thing);
    return things.reverse();
  }
}

/** What those who send to one address have in common. */
export function addressKey({ transport, address, port, name }: TransportAddress): string {
  return name === undefined ? `${transport} ${address} ${port}` : `${transport} ${address} ${port} ${name}`;
}
