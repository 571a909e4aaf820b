import type { Arena } from './arena.ts';
import type { Libc } from './libc.ts';
import { LINUX, type NativeLayout } from './native-layout.ts';
import { BATCH_COUNT_MAX, PACKET_SIZE_MAX_BYTES, type PacketIoCounters } from './packet-io.ts';
import { SocketAddresses, type SocketFamily } from './socket-addresses.ts';

/** Buffers lie 64 bytes further apart than they are long, so that packets do not all fall into the same cache sets. */
const STRIDE_BYTES = PACKET_SIZE_MAX_BYTES + 64;
/** A socket's pending error (an ICMP message about something sent) is reported once, in place of a packet. */
const ATTEMPTS_MAX = 4;

/** One batch of received packets: the structures for `recvmmsg`, and what came as parallel arrays. */
export class ReceiveVector {
  readonly starts = new Int32Array(BATCH_COUNT_MAX);
  readonly ends = new Int32Array(BATCH_COUNT_MAX);
  readonly sources = new Float64Array(BATCH_COUNT_MAX);
  /** True when the last call filled every buffer: there is probably more. */
  wasFull = false;
  readonly #arena: Arena;
  readonly #libc: Libc;
  readonly #layout: NativeLayout;
  readonly #addresses: SocketAddresses;
  readonly #messages: number;
  readonly #pointer: readonly [number, null];
  readonly #names: number;
  readonly #buffers: number;

  static sizeBytes({ message, vector }: NativeLayout, family: SocketFamily): number {
    const one = message.sizeBytes + vector.sizeBytes + SocketAddresses.strideBytes(family) + STRIDE_BYTES;
    return BATCH_COUNT_MAX * one;
  }

  constructor(arena: Arena, libc: Libc, layout: NativeLayout, addresses: SocketAddresses) {
    this.#arena = arena;
    this.#libc = libc;
    this.#layout = layout;
    this.#addresses = addresses;
    const { message, vector } = layout;
    this.#messages = arena.carve(BATCH_COUNT_MAX * message.sizeBytes);
    this.#pointer = arena.pointer(this.#messages);
    const vectors = arena.carve(BATCH_COUNT_MAX * vector.sizeBytes);
    this.#names = arena.carve(BATCH_COUNT_MAX * addresses.strideBytes);
    this.#buffers = arena.carve(BATCH_COUNT_MAX * STRIDE_BYTES);
    for (let i = 0; i < BATCH_COUNT_MAX; i++) {
      const at = this.#messages + i * message.sizeBytes;
      const vectorAt = vectors + i * vector.sizeBytes;
      arena.point(at + message.name, this.#names + i * addresses.strideBytes);
      arena.words[(at + message.nameLength) >> 2] = addresses.sizeBytes;
      arena.point(at + message.vector, vectorAt);
      arena.words[(at + message.vectorCount) >> 2] = 1;
      arena.point(vectorAt + vector.base, this.#buffers + i * STRIDE_BYTES);
      arena.words[(vectorAt + vector.length) >> 2] = PACKET_SIZE_MAX_BYTES;
    }
  }

  /** Receives up to 64 packets of a socket; their number without those that were too long. 0: none waits. */
  receive(descriptor: number, counters: PacketIoCounters): number {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const count = this.#libc.receiveMessages(descriptor, this.#pointer[0], BATCH_COUNT_MAX, LINUX.MSG_DONTWAIT, 0);
      counters.receiveCalls++;
      if (count > 0) {
        this.wasFull = count === BATCH_COUNT_MAX;
        return this.#describe(count, counters);
      }
      if (this.#libc.errno() === LINUX.EAGAIN) break;
    }
    this.wasFull = false;
    return 0;
  }

  #describe(count: number, counters: PacketIoCounters): number {
    const { words } = this.#arena;
    const { message } = this.#layout;
    const addresses = this.#addresses;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const at = this.#messages + i * message.sizeBytes;
      if ((words[(at + message.flags) >> 2]! & LINUX.MSG_TRUNC) !== 0) {
        counters.truncated++;
        continue;
      }
      const start = this.#buffers + i * STRIDE_BYTES;
      this.starts[kept] = start;
      this.ends[kept] = start + words[(at + message.length) >> 2]!;
      addresses.read(this.#names + i * addresses.strideBytes, this.sources, kept);
      kept++;
    }
    counters.received += kept;
    return kept;
  }
}
