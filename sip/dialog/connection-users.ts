import type { TransportAddress } from '../../core/ports.ts';
import { addressKey, type Sharer, Sharers } from '../transaction/sharers.ts';

/** Which dialogs need which connection: all of them are to be told when it is gone (RFC 5626 §4.2.2, §5.3). */
export class ConnectionUsers<Thing extends Sharer<Thing>> {
  readonly #sharers = new Sharers<Thing>();

  /** It needs this connection now (`Dialog.connectionKey`), or none: ''. */
  follow(thing: Thing, needed: string): void {
    if (needed === thing.towards) return;
    if (thing.towards !== '') this.#sharers.remove(thing);
    thing.towards = needed;
    if (needed !== '') this.#sharers.add(thing);
  }

  /** Those who need this connection, oldest first. */
  of(remote: TransportAddress): readonly Thing[] {
    return this.#sharers.of(addressKey(remote));
  }
}
