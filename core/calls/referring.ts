import type { GatewayId, LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, ReferRequest, Signaling, SignalingEvent } from '../ports.ts';
import type { Dialling } from '../routing/destination.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { Cause } from './cause.ts';
import { type Connections, tokenFor } from './connections.ts';
import type { Dialler } from './dialler.ts';
import { ringbackOf } from './ringback.ts';
import { isBroughtByTrunk } from './transfer-target.ts';
import type { Pair, Transfers } from './transfers.ts';

export interface ReferringPorts {
  readonly signaling: Signaling;
  readonly media: MediaPlane;
}

export interface ReferringParts {
  readonly life: CallLife;
  readonly dialler: Dialler;
  readonly connections: Connections;
  readonly transfers: Transfers;
}

type Settled = Extract<SignalingEvent, { kind: 'referSettled' }>;

/** A peer that was asked to call somebody by itself. */
interface Reference {
  /** Its call is the transferee's. */
  readonly pair: Pair;
  /** Called by us when the peer does not do that; undefined when the two are with each other already. */
  readonly diallings: readonly Dialling[] | undefined;
  isTransferorGone: boolean;
}

/**
 * Transfers that the far side carries out (RFC 5589): its phone or switch is asked to call the target itself, and our
 * two calls end when it has. A peer that refuses gets its transfer from us, as any other does.
 */
export class Referring {
  readonly #ports: ReferringPorts;
  readonly #parts: ReferringParts;
  /** By the legs of both. */
  readonly #references = new LiveMap<LegId, Reference>();

  constructor(ports: ReferringPorts, parts: ReferringParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  /** Legs of calls whose peers have not said what came of it. */
  get size(): number {
    return this.#references.size;
  }

  /** Whether a peer is being referred because of one of these two. */
  isReferring({ transferor, transferee }: Pair): boolean {
    return this.#references.has(transferor.leg) || this.#references.has(transferee.leg);
  }

  /** Asks the transferee's peer to call the target. False when it could not reach it as we would. */
  begin(pair: Pair, diallings: readonly Dialling[]): boolean {
    const request = diallings.length === 1 ? this.#requestFor(pair.transferee, diallings[0]!) : undefined;
    if (request === undefined) return false;
    this.#refer({ pair, diallings, isTransferorGone: false }, request);
    return true;
  }

  /** Two who are connected lie at one peer: it is asked to connect them without us. */
  join(one: LegId): void {
    const pair = this.#parts.transfers.pairOf(one);
    if (pair === undefined || !this.#isAtOnePeer(pair)) return;
    const replaces = pair.transferee.leg;
    const reference = { pair: reversed(pair), diallings: undefined, isTransferorGone: false };
    this.#refer(reference, { toUser: '', domain: 'theirs', replaces });
  }

  #refer(reference: Reference, request: ReferRequest): void {
    const { transferor, transferee } = reference.pair;
    this.#references.set(transferor.leg, reference).set(transferee.leg, reference);
    this.#ports.signaling.refer(transferee.leg, request);
  }

  /** What came of it. Whose peer does not say that may be in another call by now: nothing is done to it. */
  settled({ leg, outcome }: Settled, now: Instant): void {
    const reference = this.#references.get(leg);
    if (reference?.pair.transferee.leg !== leg) return;
    this.#forget(reference);
    const { pair, diallings, isTransferorGone } = reference;
    const isConnected = this.#isConnected(pair);
    if (outcome === 'done') {
      if (isConnected) this.#parts.connections.release(pair.connection);
      this.#parts.life.end(pair.transferee.leg, 'normal', now);
      if (isConnected) this.#parts.life.end(pair.transferor.leg, 'normal', now);
    } else if (outcome === 'refused' && diallings !== undefined && (isConnected || isTransferorGone)) {
      this.#dial(pair, diallings, now);
    } else if (isTransferorGone) this.#leave(pair, 'no-answer', now);
  }

  /** The two are where they were. */
  #isConnected({ transferee, connection }: Pair): boolean {
    return this.#parts.connections.of(transferee.leg) === connection;
  }

  #dial(pair: Pair, diallings: readonly Dialling[], now: Instant): void {
    const { transfers } = this.#parts;
    const attempt = transfers.dial(pair, pair.transferee, diallings, undefined, now);
    if (attempt.callees.length > 0) transfers.sendOff(pair, attempt, now);
    else if (!pair.transferor.isGoingOn) this.#leave(pair, attempt.cause, now);
  }

  /** Nobody is left for the transferee. */
  #leave({ transferee, connection }: Pair, cause: Cause, now: Instant): void {
    this.#ports.media.stopPlaying(transferee.leg);
    this.#parts.life.disconnect(transferee.leg, tokenFor(connection, transferee.leg), cause, now);
  }

  /** A transferor who hangs up has done their part: the transferee hears ringback meanwhile. */
  part(leg: LegId): void {
    const reference = this.#references.get(leg);
    if (reference === undefined) return;
    const { pair, diallings } = reference;
    if (diallings === undefined || leg === pair.transferee.leg) {
      this.#forget(reference);
      return;
    }
    this.#references.delete(leg);
    // The transferee may talk to somebody else by now.
    if (!this.#isConnected(pair)) return;
    reference.isTransferorGone = true;
    this.#parts.connections.release(pair.connection);
    this.#ports.media.unbridge(pair.transferee.leg);
    this.#ports.media.play(pair.transferee.leg, ringbackOf(diallings.map(({ destination }) => destination)));
  }

  #forget({ pair }: Reference): void {
    this.#references.delete(pair.transferor.leg);
    this.#references.delete(pair.transferee.leg);
  }

  /**
   * How the peer of this call is told whom to call: a phone of ours as it would dial, a trunk that called as a switch of
   * its own, who carries the call when it would carry that one too. Undefined for all others.
   */
  #requestFor({ leg, record }: Call, { destination, toUser, target, carrier }: Dialling): ReferRequest | undefined {
    const { type, target: wanted } = destination;
    if (record.extensionId !== null) {
      if (type === 'sip') return undefined;
      return { toUser: type === 'extension' ? toUser : wanted, domain: 'ours' };
    }
    if (isBroughtByTrunk(record)) {
      if (type === 'extension') return undefined;
      return type === 'sip' ? { toUser, domain: 'theirs', uri: target.contact } : { toUser: wanted, domain: 'theirs' };
    }
    const gateway = this.#parts.dialler.carried.gatewayOf(leg);
    if (gateway === undefined || carrier?.gatewayId !== gateway) return undefined;
    return { toUser, domain: 'theirs', uri: target.contact };
  }

  #isAtOnePeer({ transferor, transferee }: Pair): boolean {
    const one = this.#gatewayOf(transferor);
    return one !== undefined && one === this.#gatewayOf(transferee);
  }

  /** A trunk that called, or whoever carries the call. */
  #gatewayOf({ leg, record }: Call): GatewayId | undefined {
    return record.trunkId ?? this.#parts.dialler.carried.gatewayOf(leg);
  }
}

function reversed({ transferor, transferee, connection }: Pair): Pair {
  return { transferor: transferee, transferee: transferor, connection };
}
