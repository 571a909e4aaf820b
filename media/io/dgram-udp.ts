import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { assert } from '../../core/kernel/assert.ts';
import { systemClock } from '../../core/kernel/clock.ts';
import type { Instant } from '../../core/kernel/time.ts';
import {
  addressOf,
  formatIpv4,
  keyOfIpv6,
  mappedIpv4,
  pack,
  parseIpv4,
  parseIpv6,
  STRANGER_IPV6,
} from './addresses.ts';
import { BATCH_COUNT_MAX, PACKET_SIZE_MAX_BYTES, packetIoCounters, type ThreadIo, WAIT_MAX_MS } from './packet-io.ts';

/** Packets held between two turns of the event loop; what comes on top is dropped. */
const HELD_COUNT_MAX = 1024;
/** Packets that libuv keeps for one socket: all but the first of a turn of the event loop wait for the next one. */
const SEND_QUEUE_COUNT_MAX = 4096;
const SOCKET_BUFFER_SIZE_BYTES = 4 << 20;

export interface DgramUdpOptions {
  /** Number of the address to bind to, of IPv6 one that is learnt before ports are opened; 0 for all of both families. */
  readonly address: number;
}

interface Port {
  readonly rtp: Socket;
  readonly rtcp: Socket;
}

/**
 * UDP by `node:dgram`, for systems without the calls that `BatchUdp` needs. About four times the cost for a packet;
 * packets are not marked for expedited forwarding, which Node cannot ask for.
 */
export class DgramUdp implements ThreadIo {
  readonly counters = packetIoCounters();
  readonly bytes = new Uint8Array(HELD_COUNT_MAX * PACKET_SIZE_MAX_BYTES);
  readonly out = new Uint8Array(PACKET_SIZE_MAX_BYTES);
  readonly starts = new Int32Array(BATCH_COUNT_MAX);
  readonly ends = new Int32Array(BATCH_COUNT_MAX);
  readonly sources = new Float64Array(BATCH_COUNT_MAX);
  batchPort = 0;
  batchIsRtcp = false;
  readonly carriesIpv6: boolean;
  readonly #address: number;
  /** IPv6 addresses that are known: text → number, and back. */
  readonly #numbers = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #ports = new Map<number, Port>();
  readonly #wakeSocket: Socket;
  /** A ring of received packets: our port that each came to (odd for RTCP), its size and its source. */
  readonly #heldPort = new Uint16Array(HELD_COUNT_MAX);
  readonly #heldSizeBytes = new Uint16Array(HELD_COUNT_MAX);
  readonly #heldSource = new Float64Array(HELD_COUNT_MAX);
  #heldStart = 0;
  #heldCount = 0;
  /** Packets of the batch handed out last; their places are free again at the next call. */
  #batchCount = 0;
  #isWoken = false;
  #isClosed = false;
  #wake: () => void = nothing;

  constructor(options: DgramUdpOptions) {
    this.#address = options.address;
    this.carriesIpv6 = (options.address === 0 || options.address > STRANGER_IPV6) && hasIpv6();
    this.#wakeSocket = immediateSocket('udp4');
    this.#wakeSocket.on('message', () => this.#interrupt());
    const isBound = bindNow(this.#wakeSocket, 0, '127.0.0.1');
    assert(isBound, 'a loopback port is left');
  }

  learnAddress(number: number, address: string): void {
    this.forgetAddress(number);
    this.#numbers.set(address, number);
    this.#texts.set(number, address);
  }

  forgetAddress(number: number): void {
    const text = this.#texts.get(number);
    if (text === undefined) return;
    this.#numbers.delete(text);
    this.#texts.delete(number);
  }

  now(): Instant {
    return Math.floor(systemClock.now());
  }

  openPort(port: number): boolean {
    assert(port > 0 && port % 2 === 0 && port < 65535, `RTP ports are even, got ${port}`);
    assert(!this.#ports.has(port), `port ${port} is open already`);
    const rtp = this.#open(port);
    if (rtp === undefined) return false;
    const rtcp = this.#open(port + 1);
    if (rtcp === undefined) {
      rtp.close();
      return false;
    }
    this.#ports.set(port, { rtp, rtcp });
    return true;
  }

  closePort(port: number): void {
    const sockets = this.#ports.get(port);
    sockets?.rtp.close();
    sockets?.rtcp.close();
    this.#ports.delete(port);
  }

  wait(timeoutMs: number): Promise<void> {
    const limitMs = Math.min(Math.max(timeoutMs, 0), WAIT_MAX_MS);
    return new Promise((resolve) => {
      let turn: NodeJS.Immediate | undefined;
      const done = () => {
        clearImmediate(turn);
        clearTimeout(timer);
        this.#wake = nothing;
        this.#isWoken = false;
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      // Not before the event loop has read the sockets: what it reads in one turn is received as one batch.
      this.#wake = () => {
        turn ??= setImmediate(done);
      };
      if (this.#heldCount > this.#batchCount || this.#isWoken || limitMs === 0) this.#wake();
    });
  }

  receive(): number {
    this.#heldStart = (this.#heldStart + this.#batchCount) % HELD_COUNT_MAX;
    this.#heldCount -= this.#batchCount;
    const port = this.#heldPort[this.#heldStart]!;
    let count = 0;
    while (count < Math.min(this.#heldCount, BATCH_COUNT_MAX)) {
      const held = (this.#heldStart + count) % HELD_COUNT_MAX;
      if (this.#heldPort[held] !== port) break;
      this.starts[count] = held * PACKET_SIZE_MAX_BYTES;
      this.ends[count] = held * PACKET_SIZE_MAX_BYTES + this.#heldSizeBytes[held]!;
      this.sources[count] = this.#heldSource[held]!;
      count++;
    }
    this.#batchCount = count;
    this.batchIsRtcp = port % 2 === 1;
    this.batchPort = this.batchIsRtcp ? port - 1 : port;
    if (count > 0) this.counters.receiveCalls++;
    return count;
  }

  reserve(): number {
    return 0;
  }

  send(port: number, isRtcp: boolean, destinations: Float64Array, index: number, sizeBytes: number): void {
    const destination = destinations[index]!;
    assert(sizeBytes <= PACKET_SIZE_MAX_BYTES, 'a packet fits its buffer');
    const sockets = this.#ports.get(port);
    const remotePort = destination % 65536;
    const remote = this.#textOf(addressOf(destination));
    if (sockets === undefined || remotePort === 0 || remote === undefined) {
      this.counters.refused++;
      return;
    }
    const socket = isRtcp ? sockets.rtcp : sockets.rtp;
    if (socket.getSendQueueCount() >= SEND_QUEUE_COUNT_MAX) {
      this.counters.dropped++;
      return;
    }
    this.counters.sendCalls++;
    // A copy: libuv may keep it after `out` has been written again.
    const packet = Buffer.from(this.out.subarray(0, sizeBytes));
    socket.send(packet, remotePort, remote, this.#sent);
  }

  flush(): void {
    // Every packet has been handed over by `send`.
  }

  handOverWakeHandle(): number {
    return -this.#wakeSocket.address().port;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const port of [...this.#ports.keys()]) this.closePort(port);
    this.#wakeSocket.removeAllListeners('message');
    this.#wakeSocket.close();
    this.#interrupt();
  }

  readonly #sent = (error: Error | null): void => {
    if (error === null) this.counters.sent++;
    else this.counters.refused++;
  };

  /** As the sockets have it: those of both families take an IPv4 address in its IPv6 form. */
  #textOf(number: number): string | undefined {
    if (number >= STRANGER_IPV6) return this.#texts.get(number);
    return this.carriesIpv6 ? `::ffff:${formatIpv4(number)}` : formatIpv4(number);
  }

  #numberOf(text: string): number {
    const groups = parseIpv6(text);
    if (groups === undefined) return parseIpv4(text)!;
    return mappedIpv4(groups) ?? this.#numbers.get(keyOfIpv6(groups)) ?? STRANGER_IPV6;
  }

  #interrupt(): void {
    this.#isWoken = true;
    this.#wake();
  }

  #open(port: number): Socket | undefined {
    const socket = immediateSocket(this.carriesIpv6 ? 'udp6' : 'udp4');
    const all = this.carriesIpv6 ? '::' : '0.0.0.0';
    if (!bindNow(socket, port, this.#address === 0 ? all : this.#textOf(this.#address)!)) return undefined;
    socket.setRecvBufferSize(SOCKET_BUFFER_SIZE_BYTES);
    socket.setSendBufferSize(SOCKET_BUFFER_SIZE_BYTES);
    socket.on('message', (packet, remote) => this.#hold(port, packet, remote));
    return socket;
  }

  #hold(port: number, packet: Buffer, remote: RemoteInfo): void {
    const source = this.#numberOf(remote.address);
    if (packet.length > PACKET_SIZE_MAX_BYTES) {
      this.counters.truncated++;
      return;
    }
    if (this.#heldCount === HELD_COUNT_MAX) {
      this.counters.dropped++;
      return;
    }
    const held = (this.#heldStart + this.#heldCount++) % HELD_COUNT_MAX;
    this.bytes.set(packet, held * PACKET_SIZE_MAX_BYTES);
    this.#heldPort[held] = port;
    this.#heldSizeBytes[held] = packet.length;
    this.#heldSource[held] = pack(source, remote.port);
    this.counters.received++;
    this.#wake();
  }
}

function hasIpv6(): boolean {
  const socket = immediateSocket('udp6');
  const isBound = bindNow(socket, 0, '::1');
  if (isBound) socket.close();
  return isBound;
}

/** A socket whose addresses are literal, so that `bind` and `send` act at once and not a turn later. */
function immediateSocket(type: 'udp4' | 'udp6'): Socket {
  const lookup = (host: string, _options: unknown, callback: (error: null, address: string, family: number) => void) =>
    callback(null, host, type === 'udp6' ? 6 : 4);
  return createSocket({ type, lookup });
}

/** False when the port is taken; the socket is closed then. */
function bindNow(socket: Socket, port: number, address: string): boolean {
  let isFailed = false;
  // Stays for the socket's life: an error about one packet is reported to whoever sent it.
  socket.on('error', () => {
    isFailed = true;
  });
  socket.bind({ port, address, exclusive: true });
  if (isFailed) socket.close();
  return !isFailed;
}

function nothing(): void {}
