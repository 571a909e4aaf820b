import type { Instant } from '../../core/kernel/time.ts';
import { at } from '../media/phones.ts';
import type { Phone } from './phone.ts';
import type { Scene } from './scene.ts';

/** When each phone was sent a packet of sound. */
export class Ears {
  readonly #heard = new Map<number, Instant[]>();

  constructor({ tandem, world }: Scene) {
    tandem.onMedia = ({ remote, isRtcp }) => {
      if (isRtcp) return;
      const heard = this.#heard.get(remote) ?? [];
      heard.push(world.now);
      this.#heard.set(remote, heard);
    };
  }

  /** Milliseconds of sound, in packets of 20 ms, that the phone was sent from one instant to another. */
  heardMs({ addresses, mediaPort }: Phone, from: Instant, to: Instant): number {
    const heard = this.#heard.get(at(addresses[0]!.address, mediaPort)) ?? [];
    return 20 * heard.filter((instant) => instant >= from && instant < to).length;
  }
}
