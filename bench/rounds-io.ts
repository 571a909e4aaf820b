import { BATCH_COUNT_MAX, PACKET_SIZE_MAX_BYTES, type PacketIo, packetIoCounters } from '../media/io/packet-io.ts';

/** Packet I/O without a network: each round of 20 ms brings packets, and what is sent is thrown away: RTP is counted. */
export abstract class RoundsIo implements PacketIo {
  readonly carriesIpv6 = false;
  readonly counters = packetIoCounters();
  readonly bytes = new Uint8Array(PACKET_SIZE_MAX_BYTES * BATCH_COUNT_MAX);
  readonly out = new Uint8Array(PACKET_SIZE_MAX_BYTES);
  readonly starts = Int32Array.from({ length: BATCH_COUNT_MAX }, (_, i) => PACKET_SIZE_MAX_BYTES * i);
  readonly ends: Int32Array;
  readonly sources = new Float64Array(BATCH_COUNT_MAX);
  readonly batchIsRtcp = false;
  readonly batchPort: number;
  round = 0;
  /** Packets of this round that were handed out. */
  protected given = 0;

  /** Everything comes to this port, in packets of this size. */
  constructor(port: number, packetBytes: number) {
    this.batchPort = port;
    this.ends = this.starts.map((start) => start + packetBytes);
  }

  /** Puts the packet of this stream, in this round, at place `i` of the batch. */
  protected abstract write(stream: number, i: number): void;

  /** Packets of this round. */
  protected abstract get due(): number;

  /** The time of the next round, in ms. */
  nextRound(): number {
    this.given = 0;
    return ++this.round * 20;
  }

  /** Full batches, as a socket of many streams gives them. */
  receive(): number {
    const count = Math.min(BATCH_COUNT_MAX, this.due - this.given);
    for (let i = 0; i < count; i++) this.write(this.given++, i);
    return count;
  }

  send(_port: number, isRtcp: boolean): void {
    if (!isRtcp) this.counters.sent++;
  }

  reserve(): number {
    return 0;
  }

  openPort(): boolean {
    return true;
  }

  closePort(): void {}
  learnAddress(): void {}
  forgetAddress(): void {}
  flush(): void {}
  close(): void {}
}
