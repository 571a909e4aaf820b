import { assert } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { type Hop, ladder } from '../../sip/ladder.ts';
import { parse } from '../../sip/parser.ts';
import type { SipPacket } from '../../sip/stack.ts';
import type { Link, Network } from './network.ts';

/** A packet that a party wants to send. */
export interface Send {
  readonly destination: TransportAddress;
  readonly localPort: number | undefined;
  readonly bytes: Uint8Array;
}

/** A machine that speaks SIP. */
export interface SipMachine {
  receive(packet: SipPacket, now: Instant): void;
  expire(now: Instant): void;
  deadline(): Instant;
  /** Next packet to send, or undefined when drained. */
  poll(): Send | undefined;
  /** A connection to there is broken, or there is nobody to connect to. */
  transportFailed?(destination: TransportAddress, now: Instant): void;
}

/** A participant of the simulation: a machine, its name on the ladder and the addresses it is reached at. */
export interface Party extends SipMachine {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
}

/** Any machine that speaks SIP, such as a whole switch, as a party. */
export function party(name: string, addresses: readonly TransportAddress[], machine: SipMachine): Party {
  return {
    name,
    addresses,
    receive: (packet, now) => machine.receive(packet, now),
    expire: (now) => machine.expire(now),
    deadline: () => machine.deadline(),
    poll: () => machine.poll(),
  };
}

const EVENTS_MAX = 100_000;

/** Parties, the network between them, and one clock that jumps from event to event. */
export class World {
  now: Instant = 0;
  readonly hops: Hop[] = [];
  /** Packets to nobody. */
  unroutable = 0;
  readonly #network: Network;
  readonly #parties: Party[] = [];
  readonly #byAddress = new Map<string, Party>();
  /** Inside address → how the network outside sees it. */
  readonly #translated = new Map<string, TransportAddress>();

  constructor(network: Network) {
    this.#network = network;
  }

  get link(): Link {
    return this.#network.link;
  }

  /** The network becomes better or worse for what is sent from now on. */
  set link(link: Link) {
    this.#network.link = link;
  }

  add(party: Party): void {
    this.#parties.push(party);
    for (const address of party.addresses) this.#byAddress.set(addressKey(address), party);
  }

  /**
   * Puts an address of a party behind NAT: others see it, and reach it, as `outside`. Once more with another address is
   * a rebinding: the old one leads nowhere.
   */
  translate(inside: TransportAddress, outside: TransportAddress): void {
    const party = this.#parties.find(({ addresses }) => addresses.includes(inside));
    assert(party !== undefined, 'the address is that of a party');
    const before = this.#translated.get(addressKey(inside)) ?? inside;
    this.#byAddress.delete(addressKey(before));
    this.#byAddress.set(addressKey(outside), party);
    this.#translated.set(addressKey(inside), outside);
  }

  /** Breaks the connections of an address: others find out now, or when they send to it. `translate` gives it another. */
  cut(inside: TransportAddress): void {
    const address = this.#translated.get(addressKey(inside)) ?? inside;
    this.#byAddress.delete(addressKey(address));
    for (const party of this.#parties) {
      if (!party.addresses.includes(inside)) party.transportFailed?.(address, this.now);
      this.#drain(party);
    }
  }

  /** Sends what the parties say after they were spoken to from outside. */
  settle(): void {
    for (const party of this.#parties) this.#drain(party);
  }

  /** Runs until nothing is left to do, or until `limit`. */
  run(limit: Instant = NEVER): void {
    this.settle();
    for (let events = 0; ; events++) {
      assert(events < EVENTS_MAX, 'the simulation does not settle');
      const at = Math.min(this.#network.deadline(), ...this.#parties.map((party) => party.deadline()));
      if (at === NEVER || at > limit) break;
      assert(at >= this.now, `time runs backwards: ${at} after ${this.now}`);
      this.now = at;
      this.#deliver();
      for (const party of this.#parties) {
        while (party.deadline() <= this.now) {
          party.expire(this.now);
          this.#drain(party);
        }
      }
    }
    if (limit !== NEVER) this.now = limit;
  }

  /** What was said so far, as text. `columns` are names of parties, from left to right. */
  ladder(columns: readonly string[]): string {
    return ladder(
      columns,
      this.hops.filter((hop) => columns.includes(hop.from) && columns.includes(hop.to)),
    );
  }

  /** What was said so far, one line each: `alice INVITE bob`. */
  get lines(): readonly string[] {
    return this.hops.map(({ from, to, message }) => {
      const text = message.type === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
      return `${from} ${text} ${to}`;
    });
  }

  #deliver(): void {
    for (let arrived = this.#network.arrive(this.now); arrived; arrived = this.#network.arrive(this.now)) {
      const party = this.#byAddress.get(addressKey(arrived.destination));
      if (party === undefined) {
        this.unroutable++; // Its address was translated anew meanwhile.
        continue;
      }
      party.receive(arrived.packet, this.now);
      this.#drain(party);
    }
  }

  #drain(party: Party): void {
    for (let send = party.poll(); send !== undefined; send = party.poll()) this.#send(party, send);
  }

  #send(party: Party, { destination, localPort, bytes }: Send): void {
    const target = this.#byAddress.get(addressKey(destination));
    const inside = sourceOf(party, destination, localPort);
    const source = this.#translated.get(addressKey(inside)) ?? inside;
    if (target === undefined) {
      this.unroutable++;
      if (destination.transport !== 'udp') party.transportFailed?.(destination, this.now);
      return;
    }
    const fate = this.#network.send(source, destination, bytes, this.now);
    const { message, defects } = parse(bytes);
    assert(
      message !== undefined && defects.length === 0,
      `${party.name} wrote a message with defects: ${defects[0]?.code}`,
    );
    this.hops.push({ at: this.now, from: party.name, to: target.name, message, lost: fate === 'lost' });
  }
}

function sourceOf(party: Party, to: TransportAddress, localPort: number | undefined): TransportAddress {
  const { transport } = to;
  const isIpv6 = to.address.includes(':');
  const candidates = party.addresses.filter(
    (own) => own.transport === transport && own.address.includes(':') === isIpv6,
  );
  const source = candidates.find((address) => address.port === localPort) ?? candidates[0];
  assert(source !== undefined, `${party.name} speaks no ${transport}`);
  return source;
}

function addressKey({ transport, address, port }: TransportAddress): string {
  return `${transport} ${address} ${port}`;
}
