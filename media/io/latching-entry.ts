import type { Network } from './addresses.ts';

/** From where a stream may come and what it may carry. Addresses as in `addresses.ts`. */
export interface LatchingEntry {
  /** Our RTP port. */
  readonly port: number;
  /** Packed RTP address of the peer when it is certain, else 0: then the stream latches. */
  readonly remote: number;
  /** Packed RTCP address of the peer when it is certain, else 0: then it follows the stream. */
  readonly remoteRtcp: number;
  /** Addresses from which the stream may be taken up: its description's, its signalling's, its trunk's networks. */
  readonly allowed: readonly number[];
  readonly allowedNetworks?: readonly Network[];
  readonly payloadTypes: readonly number[];
  /** What comes is protected: nothing of it counts that is not proved genuine. */
  readonly isProtected?: boolean;
  /** Whether a stream that fell silent may go on from another allowed address; it may unless told otherwise. */
  readonly relatch?: 'allowed' | 'never';
}

export interface LatchingCounters {
  /** Streams taken up where they were not expected, and streams that moved. */
  latched: number;
  relatched: number;
  /** Packets dropped: from where no stream may come, or with a payload type that was not negotiated. */
  strangers: number;
  /** Dropped: the first of two that have to agree. */
  unconfirmed: number;
  /** Dropped: the SSRC of a stream that is being heard from elsewhere. */
  premature: number;
  /** Dropped: several streams may be meant. */
  ambiguous: number;
  /** Dropped: left over from a stream that has ended. */
  late: number;
  /** Streams whose certain address was taken by another one that latched to it; they wait instead. */
  conflicts: number;
}

/** Proves the packet that is being judged genuine, by the keys of a stream; asked once for a packet at most. */
export interface PacketProof {
  proves(slot: number, kind: 'rtp' | 'rtcp'): boolean;
}

/** What a packet says of whose it is. */
export interface PacketIdentity {
  readonly ssrc: number;
  readonly sequence: number;
  readonly payloadType: number;
}

export function noCounters(): LatchingCounters {
  return {
    latched: 0,
    relatched: 0,
    strangers: 0,
    unconfirmed: 0,
    premature: 0,
    ambiguous: 0,
    late: 0,
    conflicts: 0,
  };
}
