/**
 * Batched UDP for one media thread. Two implementations: `batch-udp` (libc through koffi) and `dgram-udp`.
 * Nothing here allocates per packet: a received batch is described by parallel arrays over one arena.
 *
 * Remote addresses are numbers where the thread works: an IPv4 address and port packed as `ip * 65536 + port`
 * (exact below 2^48), never 0.
 */
export interface PacketIo {
  /** Binds an RTP socket on `port` and an RTCP socket on `port + 1`; false when either is taken. */
  openPort(port: number): boolean;
  closePort(port: number): void;

  /** Blocks until a packet, a wake-up or `timeoutMs` (at most 1,000). Returns at once when something waits. */
  wait(timeoutMs: number): void;

  /**
   * Receives the next batch (up to 64 packets of one socket); 0 when every socket is drained. The batch stays valid
   * until the next call.
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
  /** Queues the reserved packet: from our `port` (its RTCP twin when `isRtcp`) to the packed `destination`. */
  send(port: number, isRtcp: boolean, destination: number, sizeBytes: number): void;
  /** Hands everything queued to the kernel. */
  flush(): void;

  /** Makes `wait` return; callable from another thread through `wakeHandle`. */
  readonly wakeHandle: number;
  readonly counters: PacketIoCounters;
  close(): void;
}

export interface PacketIoCounters {
  received: number;
  sent: number;
  receiveCalls: number;
  sendCalls: number;
  /** Refused by the kernel one by one (skipped), dropped because its buffer was full, cut off at 2,048 bytes. */
  refused: number;
  dropped: number;
  truncated: number;
}
