import { Directory } from '../../core/directory/directory.ts';
import type { Customer, Extension } from '../../core/directory/records.ts';
import type { CustomerId, ExtensionId, LegId } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { QueuedSignaling } from '../../sip/signaling.ts';
import { type SipPacket, SipStack } from '../../sip/stack.ts';
import type { StackOptions } from '../../sip/stack-options.ts';
import type { Party, Send } from './world.ts';

const CUSTOMER = 'c' as CustomerId;

/** One customer, reached at these hosts, with extensions 1000 to 1009 whose password is `secret`. */
export function smallDirectory(hosts: readonly string[]): Directory {
  const directory = new Directory();
  const stamps = { createdAt: 0, updatedAt: null, deletedAt: null };
  const customer: Customer = {
    ...stamps,
    id: CUSTOMER,
    name: '',
    detail: '',
    email: '',
    status: 'active',
    ordinal: 1,
  };
  directory.putCustomer(customer);
  for (const host of hosts) directory.addOwnHost(host);
  for (let number = 1000; number < 1010; number++) {
    const extension: Extension = {
      ...stamps,
      id: `e${number}` as ExtensionId,
      customerId: CUSTOMER,
      extension: String(number),
      name: '',
      detail: '',
      password: 'secret',
      codecs: '',
      srtp: 'off' as const,
    };
    directory.putExtension(extension);
  }
  return directory;
}

/**
 * The smallest user that a SIP stack can have: connects an offered leg to the first binding of the extension called,
 * and passes on what either side does. Stands in for the switch where only SIP is tried.
 */
export class BackToBack implements Party {
  readonly name = 'switch';
  readonly addresses: readonly TransportAddress[];
  readonly directory: Directory;
  readonly stack: SipStack;
  readonly signaling = new QueuedSignaling();
  /** Every event that signalling reported, in order. */
  readonly events: SignalingEvent[] = [];
  readonly #peers = new Map<LegId, LegId>();
  readonly #sends: Send[] = [];
  #lastLeg = 0;

  constructor(address: TransportAddress, random: Random, settings: Partial<StackOptions['settings']> = {}) {
    this.addresses = [address, { ...address, transport: address.transport === 'udp' ? 'tcp' : 'udp' }];
    this.directory = smallDirectory([address.address]);
    this.stack = new SipStack({
      directory: this.directory,
      random,
      calendar: (now) => now,
      nextLeg: () => this.#nextLeg(),
      settings: {
        userAgent: 'Tandem',
        contactFor: (peer) => ({ host: address.address, port: address.port, transport: peer.transport }),
        ...settings,
      },
    });
  }

  receive(packet: SipPacket, now: Instant): void {
    this.stack.receive(packet, now);
    this.settle(now);
  }

  expire(now: Instant): void {
    this.stack.expire(now);
    this.settle(now);
  }

  deadline(): Instant {
    return this.stack.deadline();
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  /** Executes what waits in `signaling`, and all that follows. */
  settle(now: Instant): void {
    for (;;) {
      const output = this.stack.poll();
      if (output?.kind === 'send') this.#sends.push(output);
      else if (output?.kind === 'signal') {
        this.events.push(output.event);
        this.#react(output.event, now);
      } else {
        const command = this.signaling.poll();
        if (command === undefined) return;
        this.stack.execute(command, now);
      }
    }
  }

  #react(event: SignalingEvent, now: Instant): void {
    const { signaling } = this;
    const peer = 'leg' in event ? this.#peers.get(event.leg) : undefined;
    switch (event.kind) {
      case 'bound':
        this.directory.putBinding(event.binding);
        break;
      case 'unbound':
        this.directory.dropBinding(event.binding.extensionId, event.binding.contact);
        break;
      case 'offered':
        this.#connect(event, now);
        break;
      case 'ringing':
        if (peer !== undefined) signaling.ring(peer, event.body);
        break;
      case 'answered':
        if (peer !== undefined) signaling.answer(peer, event.body ?? new Uint8Array(0));
        break;
      case 'reoffered':
        signaling.acceptOffer(event.leg, event.offer ?? new Uint8Array(0));
        break;
      case 'failed':
      case 'ended':
        if (peer !== undefined) signaling.hangup(peer, event.cause);
        this.#peers.delete(event.leg);
        break;
    }
  }

  #connect(offered: Extract<SignalingEvent, { kind: 'offered' }>, now: Instant): void {
    const { leg, customerId, toUser, fromUser, fromName, offer } = offered;
    const extension = this.directory.extensionByName(customerId, toUser);
    const binding = extension && this.directory.bindings(extension.id, now)[0];
    if (binding === undefined) {
      this.signaling.hangup(leg, extension === undefined ? 'not-found' : 'unavailable');
      return;
    }
    const callee = this.#nextLeg();
    this.#peers.set(leg, callee).set(callee, leg);
    const { transport, address, port, contact, path, localPort } = binding;
    this.signaling.dial(callee, {
      target: { contact, path, via: { transport, address, port }, localPort },
      fromUser,
      fromName,
      toUser,
      offer: offer ?? new Uint8Array(0),
    });
  }

  #nextLeg(): LegId {
    return ++this.#lastLeg as LegId;
  }
}
