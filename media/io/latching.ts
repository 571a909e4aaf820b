import { assert } from '../../core/kernel/assert.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { addressOf, contains, type Network, portOf } from './addresses.ts';
import { Agreement } from './agreement.ts';
import { type LatchingEntry, noCounters, type PacketIdentity, type PacketProof } from './latching-entry.ts';
import { type PortTable, portTable } from './port-table.ts';
import { Quarantine } from './quarantine.ts';
import { SlotQueue } from './slot-queue.ts';

/** A stream does not move while its own packets arrive. */
export const RELATCH_SILENCE_MS = 500;
const QUARANTINE_COUNT_MAX = 16_384;

/** Nothing there: not a slot. */
const NONE = -1;
/** `waiting`: no address yet. `expected`: at a certain address, not heard yet. `heard`: at its present address. */
const FREE = 0;
const WAITING = 1;
const EXPECTED = 2;
const HEARD = 3;

/**
 * Which stream a packet belongs to, where many streams share a port, and where a stream's packets are sent. Peers
 * behind a NAT are found by their packets, as RFC 7362 describes, and only from addresses that their signalling vouches
 * for. A packet is judged in this order: its exact source; the SSRC of a heard stream, which may have moved; a stream
 * that has not been heard yet. STUN has been sorted out before.
 */
export class Latching {
  readonly counters = noCounters();
  readonly #tables = new LiveMap<number, PortTable>();
  readonly #quarantine = new Quarantine(QUARANTINE_COUNT_MAX, (port, source, index) =>
    this.#leave(port, source, index),
  );
  readonly #state: Uint8Array;
  readonly #port: Uint16Array;
  /** The certain address as the description said it, to tell a new one from a repetition. */
  readonly #described: Float64Array;
  readonly #remote: Float64Array;
  readonly #remoteRtcp: Float64Array;
  readonly #ssrc: Uint32Array;
  readonly #heardAt: Float64Array;
  readonly #relatches: Uint8Array;
  /** Which stream has the slot: no two have the same number. */
  readonly #stream: Uint32Array;
  #streamCount = 0;
  /** 1 when the stream in the slot has left an address. */
  readonly #hasLeft: Uint8Array;
  readonly #payloadTypes: Uint32Array;
  readonly #isProtected: Uint8Array;
  /** While it is 0, packets cost no look at whose they are. */
  #protectedCount = 0;
  readonly #proof: PacketProof | undefined;
  readonly #allowed: (readonly number[])[];
  readonly #networks: (readonly Network[])[];
  readonly #agreement: Agreement;
  readonly #latched: SlotQueue;

  /** Without a proof nothing is taken up that is protected. */
  constructor(slotCount: number, proof?: PacketProof) {
    this.#proof = proof;
    this.#isProtected = new Uint8Array(slotCount);
    this.#state = new Uint8Array(slotCount);
    this.#port = new Uint16Array(slotCount);
    this.#described = new Float64Array(slotCount);
    this.#remote = new Float64Array(slotCount);
    this.#remoteRtcp = new Float64Array(slotCount);
    this.#ssrc = new Uint32Array(slotCount);
    this.#heardAt = new Float64Array(slotCount);
    this.#relatches = new Uint8Array(slotCount);
    this.#stream = new Uint32Array(slotCount);
    this.#hasLeft = new Uint8Array(slotCount);
    this.#payloadTypes = new Uint32Array(4 * slotCount);
    this.#allowed = new Array(slotCount).fill([]);
    this.#networks = new Array(slotCount).fill([]);
    this.#agreement = new Agreement(slotCount);
    this.#latched = new SlotQueue(slotCount);
  }

  add(slot: number, entry: LatchingEntry): void {
    assert(this.#state[slot] === FREE, `slot ${slot} is taken`);
    let table = this.#tables.get(entry.port);
    if (table === undefined) {
      table = portTable();
      this.#tables.set(entry.port, table);
    }
    table.slotCount++;
    this.#port[slot] = entry.port;
    this.#remote[slot] = 0;
    this.#remoteRtcp[slot] = 0;
    this.#ssrc[slot] = 0;
    this.#stream[slot] = ++this.#streamCount;
    this.#hasLeft[slot] = 0;
    this.#permit(slot, entry);
    this.#state[slot] = WAITING;
    table.open.push(slot);
    this.#expect(table, slot, entry);
  }

  /** A new description of the same stream. What is heard goes on where it is, unless the description moves it. */
  update(slot: number, entry: LatchingEntry, now: Instant): void {
    assert(this.#state[slot] !== FREE, `slot ${slot} is free`);
    assert(this.#port[slot] === entry.port, 'a stream stays on its port');
    const isMoved = entry.remote !== this.#described[slot] && entry.remote !== this.#remote[slot];
    this.#permit(slot, entry);
    const remote = this.#remote[slot]!;
    const isKept = remote !== 0 && (entry.remote === remote || this.#isAllowed(slot, addressOf(remote)));
    const table = this.#tables.get(entry.port)!;
    if (entry.remote !== 0 ? isMoved : !isKept) {
      if (entry.remote === 0 && this.#hasLeft[slot] === 1) this.#takeBack(table, slot);
      this.#leaveBehind(table, slot, now);
      this.#forget(table, slot);
      this.#state[slot] = WAITING;
      table.open.push(slot);
    }
    this.#expect(table, slot, entry);
  }

  /** The stream has ended; what still comes from it is told apart for 60 s. */
  remove(slot: number, now: Instant): void {
    assert(this.#state[slot] !== FREE, `slot ${slot} is free`);
    const port = this.#port[slot]!;
    const table = this.#tables.get(port)!;
    this.#leaveBehind(table, slot, now);
    this.#forget(table, slot);
    this.#state[slot] = FREE;
    this.#allowed[slot] = [];
    this.#networks[slot] = [];
    this.#protect(slot, 0);
    table.slotCount--;
    this.#tidy(port, table);
  }

  /**
   * The slot that an RTP packet from `sources[index]` belongs to, or -1 when it is to be dropped. Numbers that do not fit
   * into a small integer come in arrays and views: handed over by themselves they would be objects, made for each packet.
   */
  classify(port: number, sources: Float64Array, index: number, packet: PacketIdentity, now: Instant): number {
    const table = this.#tables.get(port);
    if (table === undefined) return this.#refuseStranger();
    const known = table.bySource.find(sources, index);
    if (known !== NONE) {
      if (this.#protectedCount > 0 && !this.#isGenuine(known, 'rtp')) return NONE;
      this.#heardAt[known] = now;
      if (this.#state[known] !== HEARD || this.#ssrc[known] !== packet.ssrc) this.#hear(table, known, packet.ssrc);
      return known;
    }
    return this.#classifyUnknown(table, sources[index]!, packet, now);
  }

  /** The slot whose packets come from exactly there, or -1: nothing is judged. */
  slotFrom(port: number, sources: Float64Array, index: number): number {
    return this.#tables.get(port)?.bySource.find(sources, index) ?? NONE;
  }

  #classifyUnknown(table: PortTable, source: number, packet: PacketIdentity, now: Instant): number {
    const { ssrc, sequence, payloadType } = packet;
    const left = table.quarantined.get(source);
    if (left !== undefined && this.#quarantine.ssrcAt(left) === ssrc) {
      this.counters.late++;
      return NONE;
    }
    const moved = table.bySsrc.get(ssrc);
    const slot =
      moved === undefined ? this.#findOpen(table, source, payloadType) : this.#mayMove(moved, source, payloadType, now);
    if (slot === NONE) return NONE;
    if (this.#isProtected[slot] === 1) {
      if (!this.#isGenuine(slot, 'rtp')) return NONE;
    } else if (!this.#agreement.reached(slot, source, ssrc, sequence, now)) {
      this.counters.unconfirmed++;
      return NONE;
    }
    if (this.#state[slot] === HEARD) this.counters.relatched++;
    else this.counters.latched++;
    this.#move(table, slot, source);
    this.#heardAt[slot] = now;
    this.#hear(table, slot, ssrc);
    this.#latched.push(slot);
    return slot;
  }

  /**
   * The slot that an RTCP packet from `sources[index]` belongs to, or -1: by its source, else by the SSRC of its sender
   * when it comes from the address of that stream. `isRtcp`: it came in on the RTCP socket, not multiplexed (RFC 5761).
   */
  classifyRtcp(port: number, sources: Float64Array, index: number, ssrc: number, isRtcp: boolean): number {
    const table = this.#tables.get(port);
    if (table === undefined) return this.#refuseStranger();
    const known = (isRtcp ? table.byRtcpSource : table.bySource).find(sources, index);
    if (known !== NONE) return this.#isGenuine(known, 'rtcp') ? known : NONE;
    const source = sources[index]!;
    const slot = table.bySsrc.get(ssrc);
    if (!isRtcp || slot === undefined || addressOf(source) !== addressOf(this.#remote[slot]!)) {
      return this.#refuseStranger();
    }
    if (!this.#isGenuine(slot, 'rtcp')) return NONE;
    this.#setRtcp(table, slot, source);
    return slot;
  }

  #isGenuine(slot: number, kind: 'rtp' | 'rtcp'): boolean {
    return this.#isProtected[slot] === 0 || this.#proof?.proves(slot, kind) === true;
  }

  /** Packed addresses to send RTP to, by slot; 0 while none is known. */
  get destinations(): Float64Array {
    return this.#remote;
  }

  /** Packed address to send a slot's RTP to; 0 while none is known. */
  destination(slot: number): number {
    return this.#remote[slot]!;
  }

  /** Packed address to send a slot's RTCP to: its own, else one port above RTP (RFC 3550 §11); 0 while none is known. */
  destinationRtcp(slot: number): number {
    const own = this.#remoteRtcp[slot]!;
    const remote = this.#remote[slot]!;
    if (own !== 0) return own;
    return remote === 0 || portOf(remote) === 65535 ? 0 : remote + 1;
  }

  /** The next slot that latched or moved, see `destination`; -1 when there is none. */
  takeLatched(): number {
    for (let slot = this.#latched.shift(); slot !== NONE; slot = this.#latched.shift()) {
      if (this.#state[slot] === HEARD) return slot;
    }
    return NONE;
  }

  expire(now: Instant): void {
    this.#quarantine.expire(now);
  }

  deadline(): Instant {
    return this.#quarantine.deadline();
  }

  /** Ports about which anything is remembered. */
  get portCount(): number {
    return this.#tables.size;
  }

  #permit(slot: number, entry: LatchingEntry): void {
    this.#described[slot] = entry.remote;
    this.#allowed[slot] = entry.allowed;
    this.#networks[slot] = entry.allowedNetworks ?? [];
    this.#relatches[slot] = entry.relatch === 'never' ? 0 : 1;
    this.#protect(slot, entry.isProtected === true ? 1 : 0);
    this.#agreement.clear(slot);
    this.#payloadTypes.fill(0, 4 * slot, 4 * slot + 4);
    for (const payloadType of entry.payloadTypes) {
      this.#payloadTypes[4 * slot + (payloadType >> 5)]! |= 1 << (payloadType & 31);
    }
  }

  #protect(slot: number, isProtected: 0 | 1): void {
    this.#protectedCount += isProtected - this.#isProtected[slot]!;
    this.#isProtected[slot] = isProtected;
  }

  /** Enters the certain addresses of a slot, as far as no other stream has them. */
  #expect(table: PortTable, slot: number, entry: LatchingEntry): void {
    if (this.#state[slot] === WAITING && entry.remote !== 0) {
      if (table.bySource.has(entry.remote)) {
        this.counters.conflicts++;
      } else {
        this.#remote[slot] = entry.remote;
        table.bySource.set(entry.remote, slot);
        this.#state[slot] = EXPECTED;
      }
    }
    const isWhereDescribed = entry.remote !== 0 && this.#remote[slot] === entry.remote;
    if (isWhereDescribed && entry.remoteRtcp !== 0) this.#setRtcp(table, slot, entry.remoteRtcp);
  }

  /** A stream is heard for the first time at its present address, or by another SSRC. */
  #hear(table: PortTable, slot: number, ssrc: number): void {
    if (this.#state[slot] === HEARD) this.#dropSsrc(table, slot);
    else this.#close(table, slot);
    this.#state[slot] = HEARD;
    this.#ssrc[slot] = ssrc;
    if (!table.bySsrc.has(ssrc)) table.bySsrc.set(ssrc, slot);
  }

  /** The one open stream that a packet may belong to. */
  #findOpen(table: PortTable, source: number, payloadType: number): number {
    const address = addressOf(source);
    let found = NONE;
    for (let i = 0; i < table.open.length; i++) {
      const slot = table.open[i]!;
      if (!this.#isNegotiated(slot, payloadType) || !this.#isAllowed(slot, address)) continue;
      if (found !== NONE) {
        this.counters.ambiguous++;
        return NONE;
      }
      found = slot;
    }
    return found === NONE ? this.#refuseStranger() : found;
  }

  /** The heard stream with this SSRC, when it may go on from another source. */
  #mayMove(slot: number, source: number, payloadType: number, now: Instant): number {
    const isWelcome = this.#relatches[slot] === 1 && this.#isNegotiated(slot, payloadType);
    if (!isWelcome || !this.#isAllowed(slot, addressOf(source))) return this.#refuseStranger();
    if (now - this.#heardAt[slot]! >= RELATCH_SILENCE_MS) return slot;
    this.counters.premature++;
    return NONE;
  }

  #move(table: PortTable, slot: number, source: number): void {
    this.#dropSource(table, slot);
    this.#dropRtcp(table, slot);
    this.#remote[slot] = source;
    this.#agreement.clear(slot);
    table.bySource.set(source, slot);
  }

  #setRtcp(table: PortTable, slot: number, source: number): void {
    if (table.byRtcpSource.has(source)) return;
    this.#dropRtcp(table, slot);
    this.#remoteRtcp[slot] = source;
    table.byRtcpSource.set(source, slot);
  }

  /** What is still under way from where a stream was heard shall not be taken for another one. */
  #leaveBehind(table: PortTable, slot: number, now: Instant): void {
    if (this.#state[slot] !== HEARD) return;
    const remote = this.#remote[slot]!;
    const [port, ssrc, stream] = [this.#port[slot]!, this.#ssrc[slot]!, this.#stream[slot]!];
    table.quarantined.set(remote, this.#quarantine.add(port, remote, ssrc, stream, now));
    this.#hasLeft[slot] = 1;
  }

  /** A stream is described where it was before, as a branch that was heard before another one is when it answers. */
  #takeBack(table: PortTable, slot: number): void {
    for (const [source, index] of table.quarantined) {
      const isOwn = this.#quarantine.streamAt(index) === this.#stream[slot];
      if (isOwn && this.#isAllowed(slot, addressOf(source))) table.quarantined.delete(source);
    }
  }

  /** Removes every trace of a slot from its port's table. */
  #forget(table: PortTable, slot: number): void {
    this.#dropSource(table, slot);
    this.#dropRtcp(table, slot);
    if (this.#state[slot] === HEARD) this.#dropSsrc(table, slot);
    else this.#close(table, slot);
  }

  #dropSource(table: PortTable, slot: number): void {
    if (this.#remote[slot] !== 0) table.bySource.delete(this.#remote[slot]!);
    this.#remote[slot] = 0;
  }

  #dropRtcp(table: PortTable, slot: number): void {
    if (this.#remoteRtcp[slot] !== 0) table.byRtcpSource.delete(this.#remoteRtcp[slot]!);
    this.#remoteRtcp[slot] = 0;
  }

  #dropSsrc(table: PortTable, slot: number): void {
    if (table.bySsrc.get(this.#ssrc[slot]!) === slot) table.bySsrc.delete(this.#ssrc[slot]!);
  }

  /** The slot is no longer open. */
  #close(table: PortTable, slot: number): void {
    const at = table.open.indexOf(slot);
    assert(at !== NONE, 'a stream that was not heard is open');
    const last = table.open.pop()!;
    if (last !== slot) table.open[at] = last;
  }

  #leave(port: number, source: number, index: number): void {
    const table = this.#tables.get(port);
    if (table === undefined) return;
    if (table.quarantined.get(source) === index) table.quarantined.delete(source);
    this.#tidy(port, table);
  }

  #tidy(port: number, table: PortTable): void {
    if (table.slotCount === 0 && table.quarantined.size === 0) this.#tables.delete(port);
  }

  #refuseStranger(): number {
    this.counters.strangers++;
    return NONE;
  }

  #isAllowed(slot: number, address: number): boolean {
    const allowed = this.#allowed[slot]!;
    for (let i = 0; i < allowed.length; i++) if (allowed[i] === address) return true;
    const networks = this.#networks[slot]!;
    for (let i = 0; i < networks.length; i++) if (contains(networks[i]!, address)) return true;
    return false;
  }

  #isNegotiated(slot: number, payloadType: number): boolean {
    return ((this.#payloadTypes[4 * slot + (payloadType >> 5)]! >>> (payloadType & 31)) & 1) === 1;
  }
}
