import { assert } from '../../core/kernel/assert.ts';
import { secure } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { Arena } from './arena.ts';
import { KnownAddresses } from './known-addresses.ts';
import type { Libc } from './libc.ts';
import type { Koffi } from './native.ts';
import { LINUX, type NativeLayout } from './native-layout.ts';
import { packetIoCounters, type ThreadIo, WAIT_MAX_MS } from './packet-io.ts';
import { ReceiveVector } from './receive-vector.ts';
import { SendVector } from './send-vector.ts';
import { SocketAddresses, type SocketFamily } from './socket-addresses.ts';

/** Ready sockets that one `epoll_wait` reports. The kernel goes on with the others the next time. */
const READY_COUNT_MAX = 256;
const SCRATCH_SIZE_BYTES = 64;
/** Socket buffers: a second of 300 streams. The kernel grants less where `net.core.rmem_max` is lower. */
const SOCKET_BUFFER_SIZE_BYTES = 4 << 20;
/** DSCP "expedited forwarding" (RFC 3246, 46) in the upper six bits of the former type-of-service byte. */
const TOS_EXPEDITED_FORWARDING = 46 << 2;
/** Above this rate packets are left to gather: a wake-up for each would cost more than its transport. */
const DENSE_PACKETS_PER_MS = 6;
const GATHER_MS = 1;
/** Weight of the latest turn in the average rate. */
const RATE_WEIGHT = 0.1;
/** What so many milliseconds weigh in it. */
const WEIGHTS = Float64Array.from({ length: 64 }, (_, ms) => 1 - (1 - RATE_WEIGHT) ** Math.max(ms, 1));
/** Stands for the wake-up among ready ports; no socket of ours has it. */
const WAKE_PORT = 0;
const CLOSED = -1;
const SOCKET_TYPE = LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC;

export interface BatchUdpOptions {
  /** Number of the address to bind to, of IPv6 one that is learnt before ports are opened; 0 for all interfaces. */
  readonly address: number;
  /** What the sockets carry: a socket for both costs IPv4 no more. */
  readonly family: SocketFamily;
}

/** UDP in batches by `epoll_wait`, `recvmmsg` and `sendmmsg` of libc (recvmmsg(2), sendmmsg(2), epoll(7)). */
export class BatchUdp implements ThreadIo {
  readonly counters = packetIoCounters();
  readonly bytes: Uint8Array;
  readonly out: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly sources: Float64Array;
  batchPort = 0;
  batchIsRtcp = false;
  readonly #address: number;
  readonly #known = new KnownAddresses(Math.floor(secure().next() * 2 ** 32));
  readonly #addresses: SocketAddresses;
  readonly #arena: Arena;
  readonly #libc: Libc;
  readonly #layout: NativeLayout;
  readonly #received: ReceiveVector;
  readonly #toSend: SendVector;
  readonly #events: number;
  readonly #scratch: number;
  readonly #epoll: number;
  readonly #descriptors = new Int32Array(65536).fill(CLOSED);
  /** Ports that the last `wait` found ready and that are not drained yet: a queue, taken in turns. */
  readonly #ready = new Uint16Array(READY_COUNT_MAX);
  #readyStart = 0;
  #readyCount = 0;
  /** In a list of numbers: a field would be a new object at each change. */
  readonly #packetsPerMs = new Float64Array(1);
  #receivedBefore = 0;
  #waitedAt: Instant = 0;
  /** Second at which `now` is 0, what it said last, and how far into that millisecond it was. */
  readonly #firstSecond: number;
  #saidAt: Instant = 0;
  #beyondUs = 0;
  readonly #eventsPointer: readonly [number, null];
  readonly #scratchPointer: readonly [number, null];
  readonly #wakeHandle: number;
  #isWakeHandleOurs = true;
  #isClosed = false;

  constructor(koffi: Koffi, libc: Libc, layout: NativeLayout, options: BatchUdpOptions) {
    this.#libc = libc;
    this.#layout = layout;
    this.#address = options.address;
    const { family } = options;
    const eventsSizeBytes = READY_COUNT_MAX * layout.event.sizeBytes;
    const vectorsSizeBytes = ReceiveVector.sizeBytes(layout, family) + SendVector.sizeBytes(layout, family);
    this.#arena = new Arena(koffi, vectorsSizeBytes + eventsSizeBytes + SCRATCH_SIZE_BYTES);
    this.#addresses = new SocketAddresses(this.#arena, family, this.#known);
    this.#received = new ReceiveVector(this.#arena, libc, layout, this.#addresses);
    this.#toSend = new SendVector(this.#arena, libc, layout, this.#addresses);
    this.#events = this.#arena.carve(eventsSizeBytes);
    this.#scratch = this.#arena.carve(SCRATCH_SIZE_BYTES);
    this.#eventsPointer = this.#arena.pointer(this.#events);
    this.#scratchPointer = this.#arena.pointer(this.#scratch);
    this.bytes = this.#arena.bytes;
    this.out = this.#arena.bytes;
    this.starts = this.#received.starts;
    this.ends = this.#received.ends;
    this.sources = this.#received.sources;
    this.#epoll = libc.epollCreate(LINUX.SOCK_CLOEXEC);
    this.#wakeHandle = libc.eventfd(0, LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC);
    assert(this.#epoll >= 0 && this.#wakeHandle >= 0, `no descriptors left, error ${libc.errno()}`);
    const watched = this.#watch(this.#wakeHandle, WAKE_PORT);
    assert(watched, `epoll refuses an eventfd, error ${libc.errno()}`);
    this.#firstSecond = this.#readSeconds();
  }

  get carriesIpv6(): boolean {
    return this.#addresses.family === 'both';
  }

  learnAddress(number: number, address: string): void {
    this.#known.learn(number, address);
  }

  forgetAddress(number: number): void {
    this.#known.forget(number);
  }

  now(): Instant {
    const seconds = this.#readSeconds() - this.#firstSecond;
    const microseconds = Math.floor(this.#arena.words[(this.#scratch >> 2) + 2]! / 1000);
    const milliseconds = Math.floor(microseconds / 1000);
    this.#beyondUs = microseconds - 1000 * milliseconds;
    this.#saidAt = 1000 * seconds + milliseconds;
    return this.#saidAt;
  }

  openPort(port: number): boolean {
    assert(port > 0 && port % 2 === 0 && port < 65535, `RTP ports are even, got ${port}`);
    assert(this.#descriptors[port] === CLOSED, `port ${port} is open already`);
    if (!this.#open(port)) return false;
    if (this.#open(port + 1)) return true;
    this.#close(port);
    return false;
  }

  closePort(port: number): void {
    this.flush();
    this.#close(port);
    this.#close(port + 1);
  }

  wait(timeoutMs: number, gatherMs = GATHER_MS): undefined {
    const limitUs = Math.ceil(1000 * Math.min(Math.max(timeoutMs, 0), WAIT_MAX_MS)) - this.#beyondUs;
    this.#beyondUs = 0;
    if (this.#readyCount > 0 || limitUs <= 0) {
      this.#poll(0);
    } else if (this.#isDense() || limitUs < 1000) {
      // epoll counts whole milliseconds; the rest of one is slept, so that a tick is not late by it.
      this.#libc.usleep(Math.min(limitUs, Math.ceil(1000 * gatherMs)));
      this.#poll(0);
    } else {
      this.#poll(Math.floor(limitUs / 1000));
    }
    return undefined;
  }

  receive(): number {
    while (this.#readyCount > 0) {
      const port = this.#ready[this.#readyStart]!;
      this.#readyStart = (this.#readyStart + 1) % READY_COUNT_MAX;
      this.#readyCount--;
      const descriptor = this.#descriptors[port]!;
      if (descriptor === CLOSED) continue;
      const count = this.#received.receive(descriptor, this.counters);
      if (this.#received.wasFull) this.#pushReady(port);
      if (count === 0) continue;
      this.batchIsRtcp = port % 2 === 1;
      this.batchPort = this.batchIsRtcp ? port - 1 : port;
      return count;
    }
    return 0;
  }

  reserve(): number {
    if (this.#toSend.isFull) this.flush();
    return this.#toSend.reserve();
  }

  send(port: number, isRtcp: boolean, destinations: Float64Array, index: number, sizeBytes: number): void {
    const from = isRtcp ? port + 1 : port;
    if (this.#descriptors[from] === CLOSED) this.counters.refused++;
    else this.#toSend.add(from, destinations, index, sizeBytes);
  }

  flush(): void {
    this.#toSend.flush(this.#descriptors, this.counters);
  }

  handOverWakeHandle(): number {
    this.#isWakeHandleOurs = false;
    return this.#wakeHandle;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.flush();
    for (let port = 1; port < 65536; port++) this.#close(port);
    if (this.#isWakeHandleOurs) this.#libc.close(this.#wakeHandle);
    this.#libc.close(this.#epoll);
  }

  /** Leaves its nanoseconds in the third word. */
  #readSeconds(): number {
    this.#libc.clockGettime(LINUX.CLOCK_MONOTONIC, this.#scratchPointer[0]);
    return this.#arena.words[this.#scratch >> 2]! | 0;
  }

  /** By the packets per ms since the last wait, smoothed over some ten turns. */
  #isDense(): boolean {
    const elapsedMs = this.#saidAt - this.#waitedAt;
    if (elapsedMs > 0) {
      const weight = WEIGHTS[Math.min(elapsedMs, WEIGHTS.length - 1)]!;
      const rate = (this.counters.received - this.#receivedBefore) / elapsedMs;
      this.#packetsPerMs[0]! += (rate - this.#packetsPerMs[0]!) * weight;
      this.#receivedBefore = this.counters.received;
      this.#waitedAt = this.#saidAt;
    }
    return this.#packetsPerMs[0]! >= DENSE_PACKETS_PER_MS;
  }

  #poll(timeoutMs: number): void {
    const count = this.#libc.epollWait(this.#epoll, this.#eventsPointer[0], READY_COUNT_MAX, timeoutMs);
    const { event } = this.#layout;
    this.#readyStart = 0;
    this.#readyCount = 0;
    for (let i = 0; i < count; i++) {
      const port = this.#arena.words[(this.#events + i * event.sizeBytes + event.value) >> 2]!;
      if (port === WAKE_PORT) this.#libc.read(this.#wakeHandle, this.#scratchPointer[0], 8);
      else this.#pushReady(port);
    }
  }

  #pushReady(port: number): void {
    this.#ready[(this.#readyStart + this.#readyCount) % READY_COUNT_MAX] = port;
    this.#readyCount++;
  }

  #open(port: number): boolean {
    const libc = this.#libc;
    const { family, sizeBytes } = this.#addresses;
    const descriptor = libc.socket(family === 'both' ? LINUX.AF_INET6 : LINUX.AF_INET, SOCKET_TYPE, 0);
    if (descriptor < 0) return false;
    this.#set(descriptor, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, SOCKET_BUFFER_SIZE_BYTES);
    this.#set(descriptor, LINUX.SOL_SOCKET, LINUX.SO_SNDBUF, SOCKET_BUFFER_SIZE_BYTES);
    this.#set(descriptor, LINUX.IPPROTO_IP, LINUX.IP_TOS, TOS_EXPEDITED_FORWARDING);
    if (family === 'both') {
      this.#set(descriptor, LINUX.IPPROTO_IPV6, LINUX.IPV6_TCLASS, TOS_EXPEDITED_FORWARDING);
      this.#set(descriptor, LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 0);
    }
    this.#addresses.writeOwn(this.#scratch, this.#address, port);
    const address = this.#arena.address(this.#scratch);
    if (libc.bind(descriptor, address, sizeBytes) !== 0 || !this.#watch(descriptor, port)) {
      libc.close(descriptor);
      return false;
    }
    this.#descriptors[port] = descriptor;
    return true;
  }

  #close(port: number): void {
    const descriptor = this.#descriptors[port]!;
    if (descriptor === CLOSED) return;
    this.#libc.close(descriptor); // Leaves the epoll set by itself: no other descriptor refers to the socket.
    this.#descriptors[port] = CLOSED;
  }

  /** A wish, not a condition: a kernel that refuses it still carries packets. */
  #set(descriptor: number, level: number, option: number, value: number): void {
    this.#arena.words[this.#scratch >> 2] = value;
    this.#libc.setsockopt(descriptor, level, option, this.#arena.address(this.#scratch), 4);
  }

  #watch(descriptor: number, port: number): boolean {
    const { event } = this.#layout;
    const words = this.#arena.words;
    words[(this.#scratch + event.events) >> 2] = LINUX.EPOLLIN;
    words[(this.#scratch + event.value) >> 2] = port;
    words[((this.#scratch + event.value) >> 2) + 1] = 0;
    const address = this.#arena.address(this.#scratch);
    return this.#libc.epollControl(this.#epoll, LINUX.EPOLL_CTL_ADD, descriptor, address) === 0;
  }
}
