import type { Instant } from '../../core/kernel/time.ts';
import { at } from '../media/phones.ts';
import type { Phone } from './phone.ts';
import type { Scene } from './scene.ts';

/** When each phone was sent a packet of sound; the silence that keeps firewalls open is none. */
export class Ears {
  readonly #heard = new Map<number, Instant[]>();

  constructor({ tandem, world }: Scene) {
    tandem.onMedia = ({ remote, isRtcp, bytes }) => {
      if (isRtcp || isSilence(bytes)) return;
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

/** No payload, or all of it the same byte, as G.711 says nothing. */
function isSilence(packet: Uint8Array): boolean {
  return packet.subarray(12).every((byte) => byte === packet[12]);
}
