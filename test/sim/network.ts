import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { SipPacket } from '../../sip/stack.ts';

export interface Link {
  /** One-way delay in ms. */
  readonly delayMs: number;
  /** Up to this many ms more, chosen per packet; reordering follows from it. */
  readonly jitterMs: number;
  /** Probability of loss, 0 to 1. */
  readonly loss: number;
  /** Probability that a packet arrives twice, 0 to 1. */
  readonly duplication: number;
}

export const PERFECT_LINK: Link = { delayMs: 10, jitterMs: 0, loss: 0, duplication: 0 };

interface InFlight {
  readonly at: Instant;
  readonly order: number;
  readonly destination: TransportAddress;
  readonly packet: SipPacket;
}

/** Packets on their way. Datagrams suffer the link; connections only its delay, and keep their order. */
export class Network {
  link: Link;
  readonly #random: Random;
  readonly #inFlight: InFlight[] = [];
  #order = 0;

  constructor(link: Link, random: Random) {
    this.link = link;
    this.#random = random;
  }

  /** Sends a packet. Tells whether it was lost. */
  send(source: TransportAddress, destination: TransportAddress, bytes: Uint8Array, now: Instant): 'sent' | 'lost' {
    const isDatagram = destination.transport === 'udp';
    if (isDatagram && this.#random.next() < this.link.loss) return 'lost';
    const copies = isDatagram && this.#random.next() < this.link.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = now + this.link.delayMs + (isDatagram ? this.#random.next() * this.link.jitterMs : 0);
      const packet = { bytes, source, localPort: destination.port };
      this.#inFlight.push({ at, order: this.#order++, destination, packet });
    }
    this.#inFlight.sort((a, b) => a.at - b.at || a.order - b.order);
    return 'sent';
  }

  /** Arrival of the next packet, or `NEVER`. */
  deadline(): Instant {
    return this.#inFlight[0]?.at ?? NEVER;
  }

  /** The next packet that has arrived at `now`. */
  arrive(now: Instant): { readonly destination: TransportAddress; readonly packet: SipPacket } | undefined {
    return this.deadline() <= now ? this.#inFlight.shift() : undefined;
  }
}
