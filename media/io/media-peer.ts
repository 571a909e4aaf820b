import type { AddressBook } from './address-book.ts';
import { contains, type Network, pack, parseNetwork } from './addresses.ts';

/** What is known of a leg's peer when it is placed. */
export interface MediaPeer {
  /** From its session description; '' and 0 while there is none. */
  readonly sdpAddress: string;
  readonly sdpPort: number;
  /** Where its signalling comes from or goes to. */
  readonly signallingAddress: string;
  /** IPv4 networks (`a.b.c.d/n`) from which its trunk may send media. */
  readonly mediaNetworks: readonly string[];
}

/** The packed address of the peer's description when its signalling or its trunk vouches for it, else 0. */
export function exactRemote(peer: MediaPeer, book: AddressBook): number {
  const address = book.numberOf(peer.sdpAddress);
  if (address === 0 || peer.sdpPort <= 0 || peer.sdpPort > 65535) return 0;
  const isVouchedFor =
    address === book.numberOf(peer.signallingAddress) ||
    mediaNetworks(peer).some((network) => contains(network, address));
  return isVouchedFor ? pack(address, peer.sdpPort) : 0;
}

/** From where the peer's stream may be taken up. */
export function allowedNetworks(peer: MediaPeer, book: AddressBook): readonly Network[] {
  const networks: Network[] = [];
  for (const text of [peer.sdpAddress, peer.signallingAddress]) {
    const address = book.numberOf(text);
    if (address !== 0) networks.push({ address, prefixBits: 32 });
  }
  networks.push(...mediaNetworks(peer));
  return networks;
}

function mediaNetworks(peer: MediaPeer): readonly Network[] {
  return peer.mediaNetworks.map(parseNetwork).filter((network) => network !== undefined);
}
