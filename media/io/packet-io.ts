import type { Instant } from '../../core/kernel/time.ts';

/** Largest datagram taken or sent. */
export const PACKET_SIZE_MAX_BYTES = 2048;
/** Most packets in one received batch. */
export const BATCH_COUNT_MAX = 64;
/** No wait is longer: a thread that blocks in the kernel sees no request to stop. */
export const WAIT_MAX_MS = 1000;

/**
 * Batched UDP for one media thread. Two implementations: `batch-udp` (libc through koffi) and `dgram-udp`.
 * Nothing here allocates per packet: a received batch is described by parallel arrays over one arena.
 *
 * Remote addresses are numbers where the thread works, packed with their port as `addresses.ts` says, never 0. An IPv6
 * address must be learnt before its packets are told from those of strangers.
 */
export interface PacketIo {
  /** Whether IPv6 is to be had; else a packet to such an address is refused. */
  readonly carriesIpv6: boolean;
  /** An IPv6 address, and the number that stands for it until it is forgotten (`address-book.ts`). */
  learnAddress(number: number, address: string): void;
  forgetAddress(number: number): void;

  /** Binds an RTP socket on `port` and an RTCP socket on `port + 1`; false when either is taken. */
  openPort(port: number): boolean;
  closePort(port: number): void;

  /**
   * Receives the next batch (1 to 64 packets of one socket) from what the last `wait` found ready; 0 when that is
   * drained. Sockets take turns, so one that never runs dry keeps this from returning 0 but starves no other: bound
   * the loop. The batch stays valid until the next call.
   */
  receive(): number;
  /** Arena that holds the received bytes; packet i is `bytes[starts[i] … ends[i])`. */
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Packed source of packet i. */
  readonly sources: Float64Array;
  /** Our RTP port whose pair received the batch, and whether it came in on the RTCP socket. */
  readonly batchPort: number;
  readonly batchIsRtcp: boolean;

  /**
   * Place for one packet to be sent: offset into `out`, at least 2,048 bytes; flushes by itself when a batch is full.
   * Write there, then `send` it.
   */
  reserve(): number;
  readonly out: Uint8Array;
  /**
   * Queues the reserved packet: from our `port` (its RTCP twin when `isRtcp`) to the packed address
   * `destinations[index]`. In an array, because a number beyond 31 bits that crosses a call becomes an object.
   */
  send(port: number, isRtcp: boolean, destinations: Float64Array, index: number, sizeBytes: number): void;
  /** Hands everything queued to the kernel. */
  flush(): void;

  readonly counters: PacketIoCounters;
  /** Closes everything but a wake handle that was handed over. */
  close(): void;
}

/** Packet I/O as the rim of a media thread has it: it knows the time, and can be waited at. */
export interface ThreadIo extends PacketIo {
  /**
   * The time of the thread, since it began, in whole milliseconds: whoever works with a number that is no integer makes
   * an object of it at every call.
   */
  now(): Instant;

  /**
   * Waits for a packet, a wake-up or `timeoutMs` (at most 1,000) from the beginning of the millisecond that `now` said
   * last; returns at once when something waits. It may return
   * early with nothing to receive, and while traffic is dense it lets packets gather for up to `gatherMs` (1 where
   * nothing is said).
   *
   * `undefined`: it has waited, blocking the thread. A promise: packets arrive through the event loop, await it. The
   * worker's rim is the same for both, and stays synchronous where nothing is returned:
   *
   *     const waiting = io.wait(timeoutMs);
   *     if (waiting !== undefined) await waiting;
   */
  wait(timeoutMs: number, gatherMs?: number): Promise<void> | undefined;

  /**
   * What a `Waker` of another thread needs to make `wait` return. The waker's to close from then on: that thread writes to
   * it when it likes, and if it were closed here, its number could be another file's by then.
   */
  handOverWakeHandle(): number;
}

/** Nothing counted yet. */
export function packetIoCounters(): PacketIoCounters {
  return { received: 0, sent: 0, receiveCalls: 0, sendCalls: 0, refused: 0, dropped: 0, truncated: 0 };
}

export interface PacketIoCounters {
  received: number;
  sent: number;
  receiveCalls: number;
  sendCalls: number;
  /** To be sent, but refused by the kernel (skipped, one by one). */
  refused: number;
  /** To be sent or received, but a buffer was full. */
  dropped: number;
  /** Received, but longer than 2,048 bytes: thrown away. */
  truncated: number;
}
