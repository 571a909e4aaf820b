import { createSocket } from 'node:dgram';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Clock, systemClock } from '../../core/kernel/clock.ts';
import { Fault } from '../../core/kernel/fault.ts';
import type { Instant } from '../../core/kernel/time.ts';

type Family = 4 | 6;

/** Interfaces are read again after this, when someone asks. */
const REFRESH_MS = 30_000;

/** Peers whose answer is remembered between two readings. */
const REMEMBERED_MAX = 10_000;

/** Addresses of documentation networks: connecting a UDP socket sends nothing, it only asks the system for a route. */
const FAR_AWAY: Readonly<Record<Family, string>> = { 4: '192.0.2.1', 6: '2001:db8::1' };

interface Subnet {
  readonly address: string;
  readonly prefixLength: number;
  readonly members: BlockList;
}

/** Which of this machine's addresses a peer sees: that of the interface which routes to it. Answers at once. */
export class LocalAddresses {
  readonly #clock: Clock;
  #subnets: readonly Subnet[] = [];
  /** What was found since the interfaces were read: asked several times for each call. */
  readonly #towards = new Map<string, string>();
  readonly #defaults: Record<Family, string> = { 4: '127.0.0.1', 6: '::1' };
  #readAt: Instant = -Infinity;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  static async open(clock: Clock = systemClock): Promise<LocalAddresses> {
    const addresses = new LocalAddresses(clock);
    await addresses.refresh();
    return addresses;
  }

  /** Address of the interface whose network holds the peer, else of the one with the default route, else loopback. */
  towards(peer: string): string {
    if (this.#clock.now() - this.#readAt > REFRESH_MS) void this.refresh();
    const known = this.#towards.get(peer);
    if (known !== undefined) return known;
    const found = this.#find(peer);
    if (this.#towards.size < REMEMBERED_MAX) this.#towards.set(peer, found);
    return found;
  }

  #find(peer: string): string {
    const address = withoutZone(peer);
    const family = familyOf(address);
    const subnet = this.#subnets.find(({ members }) => members.check(address, familyName(family)));
    return subnet?.address ?? this.#defaults[family];
  }

  /** Reads interfaces and default routes again. */
  async refresh(): Promise<void> {
    this.#readAt = this.#clock.now();
    this.#subnets = readSubnets();
    for (const family of [4, 6] as const) {
      this.#defaults[family] = (await sourceTowards(family)) ?? (family === 4 ? '127.0.0.1' : '::1');
    }
    this.#towards.clear();
  }
}

/** The networks of this machine's interfaces, narrowest first. */
function readSubnets(): readonly Subnet[] {
  const subnets: Subnet[] = [];
  for (const { cidr, address, family } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    if (cidr === null) continue;
    const prefixLength = Number(cidr.slice(cidr.indexOf('/') + 1));
    const members = new BlockList();
    members.addSubnet(address, prefixLength, family === 'IPv6' ? 'ipv6' : 'ipv4');
    subnets.push({ address, prefixLength, members });
  }
  return subnets.sort((a, b) => b.prefixLength - a.prefixLength);
}

/** The address that the system would send from; undefined when it has no route. */
function sourceTowards(family: Family): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    const finish = (address: string | undefined) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => finish(undefined));
    socket.connect(9, FAR_AWAY[family], () => finish(withoutZone(socket.address().address)));
  });
}

/** A test for addresses within these networks. Throws INVALID_SETTING when one is no CIDR. */
export function localNetTest(cidrs: readonly string[]): (address: string) => boolean {
  const members = new BlockList();
  for (const cidr of cidrs) {
    const slash = cidr.lastIndexOf('/');
    const network = cidr.slice(0, slash);
    const length = cidr.slice(slash + 1);
    const family = isIP(network);
    if (family === 0 || !/^\d{1,3}$/.test(length) || Number(length) > (family === 4 ? 32 : 128)) {
      throw new Fault('INVALID_SETTING', `expected a network such as 10.0.0.0/8, got ${cidr}`, { got: cidr });
    }
    members.addSubnet(network, Number(length), familyName(family as Family));
  }
  return (address) => {
    const literal = withoutZone(address);
    return isIP(literal) !== 0 && members.check(literal, familyName(familyOf(literal)));
  };
}

/** Whether an address lies within one of these networks. Throws INVALID_SETTING when one is no CIDR. */
export function isLocalNet(address: string, cidrs: readonly string[]): boolean {
  return localNetTest(cidrs)(address);
}

function familyOf(address: string): Family {
  return isIP(address) === 6 ? 6 : 4;
}

function familyName(family: Family): 'ipv4' | 'ipv6' {
  return family === 6 ? 'ipv6' : 'ipv4';
}

function withoutZone(address: string): string {
  const percent = address.indexOf('%');
  return percent < 0 ? address : address.slice(0, percent);
}
