import { describe, expect, test } from 'vitest';
import { type Random, seeded } from '../../../core/kernel/random.ts';
import { addressOf, contains, pack, parseIpv4, parseNetwork } from '../../../media/io/addresses.ts';
import { Latching, RELATCH_SILENCE_MS } from '../../../media/io/latching.ts';
import type { LatchingEntry } from '../../../media/io/latching-entry.ts';
import { hearRtcp, hearRtp } from './one-packet.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 60);
const PACKETS = 600;
const STREAMS = 6;
const QUARANTINE_MS = 60_000;
const AGREE_WITHIN_MS = 2000;
const AGREE_GAP_MAX = 50;
const HOSTS = ['198.51.100.1', '198.51.100.2', '203.0.113.9', '192.0.2.77'].map((text) => parseIpv4(text)!);
const NETWORK = parseNetwork('203.0.113.0/24')!;

/** What the rules know of a stream, from outside. */
interface Known {
  readonly slot: number;
  readonly entry: LatchingEntry;
  destination: number;
  ssrc: number;
  heardAt: number;
  isHeard: boolean;
}

interface Tried {
  readonly port: number;
  readonly source: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly payloadType: number;
}

/**
 * A table of ports in which anything may happen: addresses, SSRCs, numbers and payload types of few values each, so that
 * they meet. After every packet each rule is asked whether what became of it was allowed.
 */
class Tables {
  readonly latching = new Latching(STREAMS);
  readonly known = new Map<number, Known>();
  readonly #random: Random;
  readonly #name: string;
  readonly #sharing: 'on' | 'off';
  /** Packets that may be the first of two. */
  #firsts: (Tried & { readonly at: number })[] = [];
  /** Until when a source and its SSRC are told from a new stream. */
  readonly #quarantined = new Map<string, number>();
  now = 0;

  constructor(sharing: 'on' | 'off', random: Random, name: string) {
    this.#sharing = sharing;
    this.#random = random;
    this.#name = name;
  }

  live(): void {
    for (let i = 0; i < PACKETS; i++) {
      this.now += this.#random.next() < 0.05 ? RELATCH_SILENCE_MS : 20;
      if (this.#random.next() < 0.08) this.#begin();
      if (this.#random.next() < 0.04) this.#end();
      if (this.#random.next() < 0.01) this.now += QUARANTINE_MS;
      this.latching.expire(this.now);
      this.#hear(this.#packet());
      this.#report();
    }
  }

  #begin(): void {
    const slot = this.#below(STREAMS);
    if (this.known.has(slot)) return;
    const port = this.#sharing === 'on' ? 20_000 + 2 * this.#below(2) : 20_000 + 2 * slot;
    const host = this.#one(HOSTS.slice(0, 2));
    const remote = this.#random.next() < 0.5 ? pack(host, 4000 + this.#below(4)) : 0;
    const entry: LatchingEntry = {
      port,
      remote,
      remoteRtcp: 0,
      allowed: [host],
      allowedNetworks: this.#random.next() < 0.2 ? [NETWORK] : [],
      payloadTypes: this.#random.next() < 0.5 ? [0] : [0, 8],
      ...(this.#random.next() < 0.2 ? { relatch: 'never' } : {}),
    };
    this.latching.add(slot, entry);
    const destination = this.latching.destination(slot);
    this.known.set(slot, { slot, entry, destination, ssrc: -1, heardAt: 0, isHeard: false });
    this.#check(destination === 0 || destination === remote, 'a stream began at an address that nobody named');
  }

  #end(): void {
    const stream = this.known.get(this.#below(STREAMS));
    if (stream === undefined) return;
    this.latching.remove(stream.slot, this.now);
    this.known.delete(stream.slot);
    if (stream.isHeard) this.#quarantined.set(this.#left(stream.entry.port, stream.destination, stream.ssrc), this.now);
  }

  #packet(): Tried {
    const stream = this.known.get(this.#below(STREAMS));
    const guess = stream?.isHeard === true && this.#random.next() < 0.6 ? stream.ssrc : this.#below(5);
    const own = stream !== undefined && stream.destination !== 0 && this.#random.next() < 0.4;
    return {
      port: stream?.entry.port ?? 20_000,
      source: own ? stream.destination : pack(this.#one(HOSTS), 4000 + this.#below(4)),
      ssrc: guess,
      sequence: this.#random.next() < 0.7 ? Math.floor(this.now / 20) : this.#below(65_536),
      payloadType: this.#one([0, 0, 0, 8, 96]),
    };
  }

  #hear(packet: Tried): void {
    const exact = [...this.known.values()].find(
      ({ entry, destination }) => entry.port === packet.port && destination === packet.source,
    );
    const given = hearRtp(this.latching, packet.port, packet.source, packet, this.now);
    if (exact !== undefined) this.#check(given === exact.slot, 'an exact source was not heard by its own stream');
    else if (given !== -1) this.#judge(this.known.get(given)!, packet);
    this.#firsts = this.#firsts.filter(({ at }) => this.now - at <= AGREE_WITHIN_MS);
    this.#firsts.push({ ...packet, at: this.now });
    const hearer = this.known.get(given);
    if (hearer !== undefined) {
      Object.assign(hearer, { destination: packet.source, ssrc: packet.ssrc, heardAt: this.now, isHeard: true });
    }
    for (const { slot, destination } of this.known.values()) {
      this.#check(this.latching.destination(slot) === destination, 'a packet moved a stream that did not hear it');
    }
    const pairs = [...this.known.values()].filter(({ destination }) => destination !== 0);
    const distinct = new Set(pairs.map(({ entry, destination }) => `${entry.port} ${destination}`));
    this.#check(distinct.size === pairs.length, 'two streams share a port and a source');
  }

  /** The packet came from where the stream was not. */
  #judge(stream: Known, { port, source, ssrc, sequence, payloadType }: Tried): void {
    const { entry } = stream;
    this.#check(entry.port === port, 'a stream heard a packet to another port');
    this.#check(this.#isVouchedFor(entry, source), 'a stranger was heard');
    this.#check(entry.payloadTypes.includes(payloadType), 'a payload type that was not negotiated took up a stream');
    const leftAt = this.#quarantined.get(this.#left(port, source, ssrc));
    this.#check(leftAt === undefined || this.now - leftAt >= QUARANTINE_MS, 'a stream that ended was heard in another');
    if (stream.isHeard) {
      this.#check(stream.ssrc === ssrc, 'a heard stream moved to another SSRC');
      this.#check(this.now - stream.heardAt >= RELATCH_SILENCE_MS, 'a stream moved while its own packets came');
      this.#check(entry.relatch !== 'never', 'a stream moved against its policy');
    } else {
      const others = [...this.known.values()].filter(
        (other) =>
          other !== stream &&
          !other.isHeard &&
          other.entry.port === port &&
          other.entry.payloadTypes.includes(payloadType) &&
          this.#isVouchedFor(other.entry, source),
      );
      this.#check(others.length === 0, 'a packet that two open streams might be meant by took up one of them');
      const owner = [...this.known.values()].some(
        (other) => other.isHeard && other.entry.port === port && other.ssrc === ssrc,
      );
      this.#check(!owner, 'the SSRC of a heard stream took up another');
    }
    const isSecond = this.#firsts.some((first) => {
      const gap = (sequence - first.sequence) & 0xffff;
      return first.port === port && first.source === source && first.ssrc === ssrc && gap > 0 && gap <= AGREE_GAP_MAX;
    });
    this.#check(isSecond, 'one packet alone took up a stream');
  }

  /** RTCP follows its stream: from its address alone, and it moves no RTP. */
  #report(): void {
    const stream = this.known.get(this.#below(STREAMS));
    if (stream === undefined) return;
    const source = pack(this.#one(HOSTS), 4000 + this.#below(5));
    const given = hearRtcp(this.latching, stream.entry.port, source, stream.ssrc, true);
    if (given === -1) return;
    const hearer = this.known.get(given)!;
    this.#check(addressOf(hearer.destination) === addressOf(source), 'a report from another address was believed');
    this.#check(this.latching.destination(given) === hearer.destination, 'a report moved a stream');
    this.#check(this.#isVouchedFor(hearer.entry, this.latching.destinationRtcp(given)), 'reports go to a stranger');
  }

  #isVouchedFor({ remote, allowed, allowedNetworks = [] }: LatchingEntry, source: number): boolean {
    const address = addressOf(source);
    return (
      source === remote || allowed.includes(address) || allowedNetworks.some((network) => contains(network, address))
    );
  }

  #left(port: number, source: number, ssrc: number): string {
    return `${port} ${source} ${ssrc}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #one<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }

  #check(isRight: boolean, complaint: string): void {
    if (!isRight) expect.fail(`${this.#name}, at ${this.now}: ${complaint}`);
  }
}

describe.each(['on', 'off'] as const)('with port sharing %s', (sharing) => {
  test('whatever comes from wherever, each rule of the table of ports holds after every packet', () => {
    const counted = { latched: 0, relatched: 0, ambiguous: 0, late: 0, premature: 0, strangers: 0, unconfirmed: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const tables = new Tables(sharing, seeded(seed), `seed ${seed}`);
      tables.live();
      for (const name of Object.keys(counted) as (keyof typeof counted)[])
        counted[name] += tables.latching.counters[name];
    }
    // Each of the rules had something to decide.
    const { ambiguous, ...decided } = counted;
    for (const count of Object.values(decided)) expect(count).toBeGreaterThan(0);
    expect(ambiguous > 0).toBe(sharing === 'on');
  });
});
