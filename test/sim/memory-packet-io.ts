import { assert } from '../../core/kernel/assert.ts';
import { formatIpv4, keyOfIpv6, pack, parseIpv4, parseIpv6, STRANGER_IPV6 } from '../../media/io/addresses.ts';
import { BATCH_COUNT_MAX, PACKET_SIZE_MAX_BYTES, type PacketIo, packetIoCounters } from '../../media/io/packet-io.ts';

/** A packet on its way: our RTP port whose pair it came to or leaves from, and the packed address of the other side. */
export interface Packet {
  readonly port: number;
  readonly isRtcp: boolean;
  readonly remote: number;
  readonly bytes: Uint8Array;
}

/**
 * Packet I/O of a media engine without a network: a simulated one delivers packets and is told what is sent. Nothing
 * blocks, and nothing is sent before `flush`.
 */
export class MemoryPacketIo implements PacketIo {
  readonly counters = packetIoCounters();
  readonly bytes = new Uint8Array(BATCH_COUNT_MAX * PACKET_SIZE_MAX_BYTES);
  readonly out = new Uint8Array(PACKET_SIZE_MAX_BYTES);
  readonly starts = new Int32Array(BATCH_COUNT_MAX);
  readonly ends = new Int32Array(BATCH_COUNT_MAX);
  readonly sources = new Float64Array(BATCH_COUNT_MAX);
  batchPort = 0;
  batchIsRtcp = false;
  readonly carriesIpv6 = true;
  readonly #numbers = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #open = new Set<number>();
  readonly #taken: ReadonlySet<number>;
  #arrived: Packet[] = [];
  #queued: Packet[] = [];
  #listener: (packet: Packet, from: MemoryPacketIo) => void = () => {};

  /** `taken`: RTP ports that another program has, so that `openPort` fails. */
  constructor(taken: Iterable<number> = []) {
    this.#taken = new Set(taken);
  }

  /** Who is told, in order, of every packet that is sent. */
  onSend(listener: (packet: Packet, from: MemoryPacketIo) => void): void {
    this.#listener = listener;
  }

  learnAddress(number: number, address: string): void {
    assert(!this.#numbers.has(address) && !this.#texts.has(number), `${address} and ${number} are new`);
    this.#numbers.set(address, number);
    this.#texts.set(number, address);
  }

  forgetAddress(number: number): void {
    const address = this.#texts.get(number);
    assert(address !== undefined, `${number} is known`);
    this.#texts.delete(number);
    this.#numbers.delete(address);
  }

  /** IPv6 addresses that are known. */
  get knownAddressCount(): number {
    return this.#texts.size;
  }

  /** The packed form of an address as the sockets would make it: a stranger's when it is not known. */
  packed(address: string, port: number): number {
    const groups = parseIpv6(address);
    if (groups === undefined) return pack(parseIpv4(address)!, port);
    return pack(this.#numbers.get(keyOfIpv6(groups)) ?? STRANGER_IPV6, port);
  }

  /** Text of the address in a packed one: of IPv6 eight groups. */
  addressIn(packed: number): string {
    const number = Math.floor(packed / 65536);
    return number < STRANGER_IPV6 ? formatIpv4(number) : (this.#texts.get(number) ?? 'nobody');
  }

  /** A packet arrives from a packed address; false when the port is not open, as a network would lose it. */
  deliver(source: number, port: number, isRtcp: boolean, bytes: Uint8Array): boolean {
    if (!this.#open.has(port)) return false;
    if (bytes.length > PACKET_SIZE_MAX_BYTES) this.counters.truncated++;
    else this.#arrived.push({ port, isRtcp, remote: source, bytes: bytes.slice() });
    return true;
  }

  get openPorts(): readonly number[] {
    return [...this.#open];
  }

  openPort(port: number): boolean {
    assert(!this.#open.has(port), `port ${port} is open already`);
    if (this.#taken.has(port)) return false;
    this.#open.add(port);
    return true;
  }

  closePort(port: number): void {
    this.flush();
    this.#open.delete(port);
    this.#arrived = this.#arrived.filter((packet) => packet.port !== port);
  }

  receive(): number {
    const first = this.#arrived[0];
    if (first === undefined) return 0;
    let count = 0;
    for (const packet of this.#arrived) {
      if (count === BATCH_COUNT_MAX || packet.port !== first.port || packet.isRtcp !== first.isRtcp) break;
      const start = count * PACKET_SIZE_MAX_BYTES;
      this.bytes.set(packet.bytes, start);
      this.starts[count] = start;
      this.ends[count] = start + packet.bytes.length;
      this.sources[count] = packet.remote;
      count++;
    }
    this.#arrived.splice(0, count);
    this.batchPort = first.port;
    this.batchIsRtcp = first.isRtcp;
    this.counters.received += count;
    this.counters.receiveCalls++;
    return count;
  }

  reserve(): number {
    return 0;
  }

  send(port: number, isRtcp: boolean, destinations: Float64Array, index: number, sizeBytes: number): void {
    const destination = destinations[index]!;
    if (!this.#open.has(port) || destination % 65536 === 0) {
      this.counters.refused++;
      return;
    }
    this.#queued.push({ port, isRtcp, remote: destination, bytes: this.out.slice(0, sizeBytes) });
  }

  flush(): void {
    const queued = this.#queued;
    this.#queued = [];
    if (queued.length > 0) this.counters.sendCalls++;
    this.counters.sent += queued.length;
    for (const packet of queued) this.#listener(packet, this);
  }

  close(): void {
    this.flush();
    this.#open.clear();
    this.#arrived = [];
  }
}
