import { isIpv4, isIpv6 } from '../core/kernel/address-text.ts';
import { ipv6Groups } from './sdp/address.ts';

/** Which of our addresses a peer is told to send its media to: one of the family that it speaks itself. */
export class OwnAddress {
  readonly #addressFor: (peerAddress: string) => string;
  /** The media threads have sockets for it. */
  carriesIpv6 = true;

  constructor(addressFor: (peerAddress: string) => string) {
    this.#addressFor = addressFor;
  }

  /** Whether media can go to this address at all. Without a way to IPv6, ours would be the loopback's. */
  reaches(address: string): boolean {
    if (isIpv4(address)) return true;
    if (!this.carriesIpv6 || !isIpv6(address)) return false;
    return isUnspecified(address) || isLoopback(address) || !isLoopback(this.#addressFor(address));
  }

  /**
   * For a new leg: towards its signalling, which tells who is behind which NAT, unless its description is of the other
   * family. Undefined when neither can be reached.
   */
  towards(signalling: string, described: string | undefined): string | undefined {
    const peer = described === undefined || !isOther(signalling, described) ? withoutZone(signalling) : described;
    return this.reaches(peer) ? this.#addressFor(peer) : undefined;
  }

  /** What stands for `told` when the peer's new description is of the other family; else what it was told. */
  following(described: string, told: string): string {
    return isOther(told, described) ? this.#addressFor(described) : told;
  }
}

/** Whether a description names an address of the other family; 0.0.0.0 and :: name none. */
function isOther(address: string, described: string): boolean {
  return !isUnspecified(described) && isIpv4(described) !== isIpv4(address);
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || ipv6Groups(address)?.every((group) => group === 0) === true;
}

function isLoopback(address: string): boolean {
  return ipv6Groups(address)?.every((group, index) => group === (index === 7 ? 1 : 0)) === true;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
