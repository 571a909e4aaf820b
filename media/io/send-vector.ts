import { assert } from '../../core/kernel/assert.ts';
import type { Arena } from './arena.ts';
import type { Libc } from './libc.ts';
import { LINUX, type NativeLayout } from './native-layout.ts';
import { PACKET_SIZE_MAX_BYTES, type PacketIoCounters } from './packet-io.ts';
import { SocketAddresses, type SocketFamily } from './socket-addresses.ts';

/** Packets that may wait for a flush. */
const SLOT_COUNT = 512;
/** Buffers lie 64 bytes further apart than they are long, so that packets do not all fall into the same cache sets. */
const STRIDE_BYTES = PACKET_SIZE_MAX_BYTES + 64;
const NONE = -1;

/**
 * Packets that wait to be sent, in a chain for each of our ports: the structures for `sendmmsg`, filled chain by chain
 * when they are flushed, one call for a port.
 */
export class SendVector {
  readonly #arena: Arena;
  readonly #libc: Libc;
  readonly #layout: NativeLayout;
  readonly #addresses: SocketAddresses;
  readonly #messages: number;
  readonly #pointer: readonly [number, null];
  readonly #vectors: number;
  readonly #names: number;
  readonly #buffers: number;
  readonly #nextSlot = new Int16Array(SLOT_COUNT);
  /** Ends of the chain of each port that has packets waiting. */
  readonly #firstSlot = new Int16Array(65536).fill(NONE);
  readonly #lastSlot = new Int16Array(65536).fill(NONE);
  readonly #ports = new Uint16Array(SLOT_COUNT);
  #portCount = 0;
  #slotCount = 0;

  static sizeBytes({ message, vector }: NativeLayout, family: SocketFamily): number {
    const one = message.sizeBytes + vector.sizeBytes + SocketAddresses.strideBytes(family) + STRIDE_BYTES;
    return SLOT_COUNT * one;
  }

  constructor(arena: Arena, libc: Libc, layout: NativeLayout, addresses: SocketAddresses) {
    this.#arena = arena;
    this.#libc = libc;
    this.#layout = layout;
    this.#addresses = addresses;
    const { message, vector } = layout;
    this.#messages = arena.carve(SLOT_COUNT * message.sizeBytes);
    this.#pointer = arena.pointer(this.#messages);
    this.#vectors = arena.carve(SLOT_COUNT * vector.sizeBytes);
    this.#names = arena.carve(SLOT_COUNT * addresses.strideBytes);
    this.#buffers = arena.carve(SLOT_COUNT * STRIDE_BYTES);
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const at = this.#messages + slot * message.sizeBytes;
      arena.words[(at + message.nameLength) >> 2] = addresses.sizeBytes;
      arena.words[(at + message.vectorCount) >> 2] = 1;
      arena.point(this.#vectors + slot * vector.sizeBytes + vector.base, this.#buffers + slot * STRIDE_BYTES);
    }
  }

  get isFull(): boolean {
    return this.#slotCount === SLOT_COUNT;
  }

  /** Where the next packet is to be written. */
  reserve(): number {
    assert(!this.isFull, 'flush before the next packet');
    return this.#buffers + this.#slotCount * STRIDE_BYTES;
  }

  /** Queues the packet written where `reserve` said. */
  add(port: number, destinations: Float64Array, index: number, sizeBytes: number): void {
    assert(sizeBytes <= PACKET_SIZE_MAX_BYTES, 'a packet fits its buffer');
    const slot = this.#slotCount++;
    const { vector } = this.#layout;
    this.#addresses.write(this.#names + slot * this.#addresses.strideBytes, destinations, index);
    this.#arena.words[(this.#vectors + slot * vector.sizeBytes + vector.length) >> 2] = sizeBytes;
    this.#nextSlot[slot] = NONE;
    if (this.#firstSlot[port] === NONE) {
      this.#firstSlot[port] = slot;
      this.#ports[this.#portCount++] = port;
    } else {
      this.#nextSlot[this.#lastSlot[port]!] = slot;
    }
    this.#lastSlot[port] = slot;
  }

  /** Hands every chain to the kernel; `descriptors` by port. */
  flush(descriptors: Int32Array, counters: PacketIoCounters): void {
    for (let i = 0; i < this.#portCount; i++) {
      const port = this.#ports[i]!;
      const count = this.#gather(this.#firstSlot[port]!);
      this.#firstSlot[port] = NONE;
      this.#transmit(descriptors[port]!, count, counters);
    }
    this.#portCount = 0;
    this.#slotCount = 0;
  }

  /** Points the first messages at the packets of a chain; how many they are. */
  #gather(first: number): number {
    const { message, vector } = this.#layout;
    const { strideBytes } = this.#addresses;
    let count = 0;
    for (let slot = first; slot !== NONE; slot = this.#nextSlot[slot]!) {
      const at = this.#messages + count * message.sizeBytes;
      this.#arena.point(at + message.name, this.#names + slot * strideBytes);
      this.#arena.point(at + message.vector, this.#vectors + slot * vector.sizeBytes);
      count++;
    }
    return count;
  }

  /** Where a message lies: the first nearly always. */
  #pointerOf(message: number): number {
    if (message === 0) return this.#pointer[0];
    return this.#arena.address(this.#messages + message * this.#layout.message.sizeBytes);
  }

  /**
   * `sendmmsg` stops at the first message that the kernel refuses, and tells why only when that is the first it is
   * given. So it is called again from there: the refused one is skipped, a full buffer ends it, and an error that an
   * earlier packet left on the socket is cleared by being reported.
   */
  #transmit(descriptor: number, count: number, counters: PacketIoCounters): void {
    let done = 0;
    let isRetry = false;
    while (done < count) {
      const sent = this.#libc.sendMessages(descriptor, this.#pointerOf(done), count - done, 0);
      counters.sendCalls++;
      if (sent > 0) {
        done += sent;
        counters.sent += sent;
        isRetry = false;
        continue;
      }
      const error = this.#libc.errno();
      if (error === LINUX.EAGAIN || error === LINUX.ENOBUFS) {
        counters.dropped += count - done;
        return;
      }
      const isTransient = error === LINUX.ECONNREFUSED || error === LINUX.EINTR;
      if (isTransient && !isRetry) {
        isRetry = true;
        continue;
      }
      isRetry = false;
      counters.refused++;
      done++;
    }
  }
}
