import { describe, expect, test } from 'vitest';
import { type Random, seeded } from '../../../core/kernel/random.ts';
import { addressOf, contains, pack, parseIpv4, parseNetwork } from '../../../media/io/addresses.ts';
import { at, type Leg, peer, SharedPortsWorld } from './shared-ports-world.ts';

describe.each([
  ['on', 4],
  ['off', 4],
  ['on', 6],
  ['off', 6],
] as const)('with port sharing %s, over IPv%d', (sharing, family) => {
  test('a NAT rebinding beside an unlatched stream goes on in its own stream', () => {
    const world = new SharedPortsWorld(sharing, family);
    const settled = world.call(peer('10.0.0.1:4000', '198.51.100.1'), 0);
    for (let i = 0; i < 3; i++) world.packet(settled.port, at('198.51.100.1:31000'), 111, i, 20 * i);
    const waiting = world.call(peer('10.0.0.1:4000', '198.51.100.2'), 100);
    expect(waiting.port === settled.port).toBe(sharing === 'on');
    const moved = at('198.51.100.1:32000');
    expect(world.packet(settled.port, moved, 111, 3, 400)).toBe(-1);
    expect(world.packet(settled.port, moved, 111, 40, 800)).toBe(-1);
    expect(world.packet(settled.port, moved, 111, 41, 820)).toBe(settled.slot);
    expect(world.destination(settled.slot)).toBe(moved);
    expect(world.destination(waiting.slot)).toBe(0);
    expect(world.latching.counters).toMatchObject({ latched: 1, relatched: 1, premature: 1 });
  });

  test.each(['10.0.0.5:4000', '198.51.100.5:4000'])(
    'a phone that always uses one port (%s) and redials within 1 s is heard, its old packets are not',
    (sdp) => {
      const world = new SharedPortsWorld(sharing, family);
      const from = peer(sdp, '198.51.100.5');
      const source = at('198.51.100.5:4000');
      const first = world.call(from, 0);
      for (let i = 0; i < 10; i++) world.packet(first.port, source, 111, i, 20 * i);
      world.hangup(first, 200);
      const second = world.call(from, 900);
      expect(second.port).not.toBe(first.port);
      expect(world.packet(first.port, source, 111, 11, 910)).toBe(-1);
      const heard = [0, 1, 2].map((i) => world.packet(second.port, source, 222, i, 920 + 20 * i));
      expect(heard.at(-1)).toBe(second.slot);
      expect(world.latching.counters.late).toBe(1);
      world.hangup(second, 2000);
      world.expire(62_000);
      expect(world.pool.usedPorts()).toBe(1);
    },
  );

  test('an SBC with 500 calls from one address is heard in every one', () => {
    const world = new SharedPortsWorld(sharing, family);
    const legs = Array.from({ length: 500 }, (_, i) => world.call(peer(`192.0.2.9:${10000 + 2 * i}`, '192.0.2.9'), 0));
    expect(legs.every(({ placed }) => placed.mode === 'exact')).toBe(true);
    for (const [i, leg] of legs.entries()) {
      expect(world.packet(leg.port, pack(parseIpv4('192.0.2.9')!, 10000 + 2 * i), 7000 + i, 0, 20)).toBe(leg.slot);
    }
    expect(world.pool.usedPorts()).toBe(sharing === 'on' ? 3 : 501);
  });

  test('phones behind one NAT that call at once each hear their own call', () => {
    const world = new SharedPortsWorld(sharing, family);
    const legs = Array.from({ length: 40 }, (_, i) => world.call(peer(`192.168.1.${10 + i}:4000`, '203.0.113.7'), i));
    for (let round = 0; round < 3; round++) {
      for (const [i, leg] of legs.entries()) {
        const slot = world.packet(leg.port, at(`203.0.113.7:${50000 + i}`), 900 + i, round, 100 + 20 * round);
        expect(slot).toBe(round === 0 ? -1 : leg.slot);
      }
    }
    for (const [i, leg] of legs.entries()) {
      expect(world.destination(leg.slot)).toBe(at(`203.0.113.7:${50000 + i}`));
    }
  });

  test('two switches trunked together share ports on both sides and mix up no call', () => {
    const [near, far] = [new SharedPortsWorld(sharing, family), new SharedPortsWorld(sharing, family)];
    const [nearAddress, farAddress] = ['192.0.2.1', '192.0.2.2'];
    const calls = Array.from({ length: 60 }, (_, i) => {
      // The near switch dials: it has no description of the far side yet, and the far side answers.
      const out = near.call(peer(':0', farAddress), i);
      const offered = peer(`${nearAddress}:${out.port}`, nearAddress);
      const into = far.call(offered, i);
      expect(into.placed.mode).toBe('exact');
      const answer = peer(`${farAddress}:${into.port}`, farAddress);
      expect(near.settle(out, answer, i)).toBe('exact');
      return { out, into };
    });
    for (const [i, { out, into }] of calls.entries()) {
      expect(far.packet(into.port, at(`${nearAddress}:${out.port}`), i, 0, 100)).toBe(into.slot);
      expect(near.packet(out.port, at(`${farAddress}:${into.port}`), 1000 + i, 0, 100)).toBe(out.slot);
    }
  });

  test('a stranger who guesses SSRC and sequence is never heard and never draws a packet', () => {
    const world = new SharedPortsWorld(sharing, family);
    const natted = world.call(peer('10.0.0.1:4000', '198.51.100.1'), 0);
    const waiting = world.call(peer('10.0.0.2:4000', '198.51.100.2'), 0);
    const exact = world.call(peer('198.51.100.3:4000', '198.51.100.3'), 0);
    for (let i = 0; i < 3; i++) world.packet(natted.port, at('198.51.100.1:31000'), 111, i, 20 * i);
    const stranger = at('203.0.113.66:31000');
    for (const { port } of [natted, waiting, exact]) {
      for (let i = 3; i < 100; i++) expect(world.packet(port, stranger, 111, i, 2000 + 20 * i)).toBe(-1);
    }
    const destinations = [natted, waiting, exact].map(({ slot }) => world.destination(slot));
    expect(destinations).toEqual([at('198.51.100.1:31000'), 0, at('198.51.100.3:4000')]);
    expect(world.report(natted.port, stranger, 111)).toBe(-1);
    expect(world.destinationRtcp(natted.slot)).toBe(at('198.51.100.1:31001'));
    expect(world.latching.counters.strangers).toBe(3 * 97 + 1);
  });

  test('in a seeded world of phones, NATs, trunks and strangers every stream is heard, and only by its own leg', () => {
    for (let seed = 1; seed <= 20; seed++)
      new Crowd(new SharedPortsWorld(sharing, family), seeded(seed), `seed ${seed}`).live();
  });
});

test.each([4, 6] as const)(
  'the same holds when few ports may be bound to keep streams of one IPv%d address apart',
  (family) => {
    for (let seed = 1; seed <= 40; seed++) {
      new Crowd(new SharedPortsWorld('on', family, 3), seeded(seed), `seed ${seed}`).live();
    }
  },
);

interface Party {
  readonly leg: Leg;
  readonly ssrc: number;
  source: number;
  sequence: number;
  silentUntil: number;
  received: number;
}

/** Random calls in time; checks after each packet who heard it, and from time to time that nobody is forgotten. */
class Crowd {
  readonly #world: SharedPortsWorld;
  readonly #random: Random;
  readonly #name: string;
  readonly #parties: Party[] = [];
  /** Ended streams whose packets still arrive. */
  readonly #ghosts: Party[] = [];

  constructor(world: SharedPortsWorld, random: Random, name: string) {
    this.#world = world;
    this.#random = random;
    this.#name = name;
  }

  live(): void {
    let now = 0;
    for (let turn = 0; turn < 150; turn++, now += 20) {
      if (this.#parties.length < 40 && this.#random.next() < 0.5) this.#begin(now);
      if (this.#random.next() < 0.1) this.#end(now);
      if (this.#random.next() < 0.1) this.#rebind(now);
      for (const party of this.#parties) if (party.silentUntil <= now) this.#speak(party, now);
      for (const ghost of this.#ghosts) this.#haunt(ghost, now);
      this.#intrude(now);
      if (this.#random.next() < 0.02) {
        now += 61_000;
        this.#world.expire(now);
      }
    }
    // Everyone has a second more: nobody may stay unheard.
    for (const party of this.#parties) party.silentUntil = 0;
    now += 600;
    for (let turn = 0; turn < 4; turn++, now += 20) for (const party of this.#parties) this.#speak(party, now);
    for (const party of this.#parties) {
      expect(this.#world.destination(party.leg.slot), this.#name).toBe(party.source);
    }
    for (const party of this.#parties) this.#world.hangup(party.leg, now);
    this.#world.expire(now + 61_000);
    expect([this.#world.latching.portCount, this.#world.pool.usedPorts()], this.#name).toEqual([0, 1]);
  }

  /** Cheaper than `expect`, for what is checked with every packet. */
  #check(isRight: boolean, complaint: string): void {
    if (!isRight) expect.fail(`${this.#name}: ${complaint}`);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #begin(now: number): void {
    const kind = this.#below(4);
    const host = `198.51.100.${1 + this.#below(6)}`;
    const freePort = () => {
      for (;;) {
        const source = at(`${host}:${1024 + this.#below(60000)}`);
        if (![...this.#parties, ...this.#ghosts].some((party) => party.source === source)) return source;
      }
    };
    const source = kind === 3 ? at(`203.0.113.${1 + this.#below(40)}:${2000 + 2 * this.#below(200)}`) : freePort();
    if ([...this.#parties, ...this.#ghosts].some((party) => party.source === source)) return;
    const sourceText = `${[24, 16, 8, 0].map((bits) => (addressOf(source) >>> bits) & 255).join('.')}:${source % 65536}`;
    const natted = `192.168.0.${this.#below(250)}:${4000 + this.#below(9)}`;
    const from = [
      peer(natted, host),
      peer(':0', host),
      peer(sourceText, host),
      peer(sourceText, '198.51.100.250', ['203.0.113.0/24']),
    ][kind]!;
    const ssrc = this.#below(2 ** 32);
    const leg = this.#world.call(from, now);
    this.#parties.push({ leg, ssrc, source, sequence: this.#below(65536), silentUntil: now, received: 0 });
  }

  #end(now: number): void {
    if (this.#parties.length === 0) return;
    const [party] = this.#parties.splice(this.#below(this.#parties.length), 1);
    this.#world.hangup(party!.leg, now);
    if (party!.received > 0 && this.#ghosts.length < 10) this.#ghosts.push(party!);
  }

  /** A NAT forgets the mapping of a silent stream, which goes on from another port of the same address. */
  #rebind(now: number): void {
    const party = this.#parties[this.#below(this.#parties.length)];
    if (party === undefined || party.received === 0) return;
    const source = pack(addressOf(party.source), 1024 + this.#below(60000));
    if ([...this.#parties, ...this.#ghosts].some((other) => other.source === source)) return;
    party.source = source;
    party.silentUntil = now + 520;
  }

  #speak(party: Party, now: number): void {
    const heardBy = this.#world.packet(party.leg.port, party.source, party.ssrc, party.sequence++, now);
    this.#check(heardBy === party.leg.slot || heardBy === -1, `${party.leg.slot} was heard by ${heardBy}`);
    if (heardBy !== -1) party.received++;
    const destination = this.#world.destination(party.leg.slot);
    this.#check(destination === 0 || this.#mayBeSentTo(party, destination), `${party.leg.slot} sends to a stranger`);
  }

  #mayBeSentTo({ leg }: Party, destination: number): boolean {
    const { sdpAddress, signallingAddress, mediaNetworks } = leg.peer;
    const address = addressOf(destination);
    const single = [sdpAddress, signallingAddress].map(parseIpv4).includes(address);
    return single || mediaNetworks.some((text) => contains(parseNetwork(text)!, address));
  }

  #haunt(ghost: Party, now: number): void {
    const heardBy = this.#world.packet(ghost.leg.port, ghost.source, ghost.ssrc, ghost.sequence++, now);
    this.#check(heardBy === -1, `an ended stream was heard by ${heardBy}`);
    if (this.#random.next() < 0.05) this.#ghosts.splice(this.#ghosts.indexOf(ghost), 1);
  }

  /** Somebody from elsewhere who knows everything about a stream but has another address. */
  #intrude(now: number): void {
    const victim = this.#parties[this.#below(this.#parties.length)];
    if (victim === undefined) return;
    const source = at(`100.64.0.${this.#below(250)}:${1024 + this.#below(60000)}`);
    for (let i = 0; i < 2; i++) {
      const heardBy = this.#world.packet(victim.leg.port, source, victim.ssrc, victim.sequence + i, now);
      this.#check(heardBy === -1, `a stranger was heard by ${heardBy}`);
    }
  }
}
