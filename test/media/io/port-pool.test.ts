import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import { NEVER } from '../../../core/kernel/time.ts';
import { pack, parseIpv4 } from '../../../media/io/addresses.ts';
import type { MediaPeer } from '../../../media/io/media-peer.ts';
import { PortPool, type PortPoolOptions, type PortPoolOutput } from '../../../media/io/port-pool.ts';
import { peer } from './shared-ports-world.ts';

const leg = (id: number) => id as LegId;
const SBC = '192.0.2.9';
const packed = (address: string, port: number) => pack(parseIpv4(address)!, port);

function pool(options: Partial<PortPoolOptions> = {}): PortPool {
  return new PortPool({ from: 20000, to: 20019, sharing: 'on', ...options });
}

function outputs(of: PortPool): PortPoolOutput[] {
  const all: PortPoolOutput[] = [];
  for (let output = of.poll(); output !== undefined; output = of.poll()) all.push(output);
  return all;
}

test('a leg is exact when its description names its signalling address or its trunk vouches for it', () => {
  const cases: readonly [MediaPeer, 'exact' | 'unlatched'][] = [
    [peer(`${SBC}:4000`, SBC), 'exact'],
    [peer('203.0.113.5:4000', SBC, ['203.0.113.0/24']), 'exact'],
    [peer('203.0.113.5:4002', SBC, ['203.0.113.5']), 'exact'],
    [peer('10.0.0.1:4000', '198.51.100.1'), 'unlatched'],
    [peer('0.0.0.0:4000', '198.51.100.2'), 'unlatched'],
    [peer('198.51.100.3:0', '198.51.100.3'), 'unlatched'],
    [peer(':0', '198.51.100.4'), 'unlatched'],
    [peer('phone.example.com:4000', '198.51.100.5'), 'unlatched'],
    [peer('203.0.113.5:4004', '198.51.100.6', ['nonsense/99']), 'unlatched'],
  ];
  const some = pool({ to: 20099 });
  for (const [i, [from, mode]] of cases.entries()) {
    expect(some.place(leg(i), from, 0)?.mode, from.sdpAddress).toBe(mode);
  }
});

test('a peer without any address is not placed', () => {
  expect(pool().place(leg(1), { ...peer(':0', ''), sdpAddress: '::' }, 0)).toBeUndefined();
});

const six = (sdpAddress: string, sdpPort: number, signallingAddress: string): MediaPeer => {
  return { sdpAddress, sdpPort, signallingAddress, mediaNetworks: [] };
};

test('legs of IPv6 share a port with those of IPv4, and each of their addresses is told to the thread once', () => {
  const some = pool();
  outputs(some);
  expect(some.place(leg(1), peer(`${SBC}:4000`, SBC), 0)).toEqual({ port: 20000, mode: 'exact' });
  expect(some.place(leg(2), six('2001:db8::1', 4000, '2001:DB8:0::1'), 0)).toEqual({ port: 20000, mode: 'exact' });
  expect(some.place(leg(3), six('2001:db8::1', 4002, '2001:db8::1'), 0)).toEqual({ port: 20000, mode: 'exact' });
  expect(some.place(leg(4), six('2001:db8::1', 4000, '2001:db8::1'), 0)).toEqual({ port: 20002, mode: 'exact' });
  expect(some.place(leg(5), six('fd00::5', 4000, '2001:db8::2'), 0)).toEqual({ port: 20000, mode: 'unlatched' });
  expect(outputs(some).filter(({ kind }) => kind === 'learnAddress')).toMatchObject([
    { address: '2001:db8:0:0:0:0:0:1' },
    { address: '2001:db8:0:0:0:0:0:2' },
    { address: 'fd00:0:0:0:0:0:0:5' },
  ]);
  expect(some.place(leg(6), six('2001:db8::2', 5000, '2001:db8::2'), 0)?.port).toBe(20002);
});

test('an IPv6 address written as IPv4 in IPv6 is the IPv4 address (RFC 4291 §2.5.5.2)', () => {
  const some = pool();
  outputs(some);
  expect(some.place(leg(1), six(`::ffff:${SBC}`, 4000, SBC), 0)?.mode).toBe('exact');
  expect(outputs(some).filter(({ kind }) => kind === 'learnAddress')).toEqual([]);
});

test('an IPv6 address keeps its number beyond the quarantine of its last leg, and is forgotten then', () => {
  const some = pool();
  const phone = six('2001:db8::1', 4000, '2001:db8::1');
  some.place(leg(1), phone, 0);
  some.release(leg(1), 1_000);
  outputs(some);
  some.expire(60_000);
  some.place(leg(2), phone, 60_000);
  expect(outputs(some).filter(({ kind }) => kind.endsWith('Address'))).toEqual([]);
  some.release(leg(2), 70_000);
  some.expire(189_999);
  expect(outputs(some).filter(({ kind }) => kind === 'forgetAddress')).toEqual([]);
  some.expire(190_000);
  expect(outputs(some).filter(({ kind }) => kind === 'forgetAddress')).toHaveLength(1);
  expect([some.addresses.size, some.deadline()]).toEqual([0, NEVER]);
});

test('a leg that moves from one IPv6 address to the next without end has a bounded number of them', () => {
  const some = pool();
  some.place(leg(1), six('2001:db8::1', 4000, '2001:db8::1'), 0);
  for (let i = 2; i < 200; i++) some.settle(leg(1), six(`2001:db8::${i.toString(16)}`, 4000, '2001:db8::1'), i * 1_000);
  some.expire(400_000);
  expect(some.addresses.size).toBe(8);
  expect(some.settle(leg(1), six('2001:db8::1', 4000, '2001:db8::1'), 400_000)).toBe('exact');
  some.release(leg(1), 400_000);
  some.expire(600_000);
  expect([some.addresses.size, some.deadline()]).toEqual([0, NEVER]);
});

test('RTP ports are even, also when the range begins or ends in between', () => {
  const odd = pool({ from: 20001, to: 20006 });
  const placed = [1, 2, 3].map((id) => odd.place(leg(id), peer('10.0.0.1:4000', '198.51.100.1'), 0)?.port);
  expect(placed).toEqual([20002, 20004, undefined]);
});

test('exact legs fill a port before the next one is used, and a pair that is taken means another port', () => {
  const some = pool();
  expect(outputs(some)).toEqual([{ kind: 'bind', port: 20000 }]);
  const ports = [4000, 4002, 4004].map((port, i) => some.place(leg(i), peer(`${SBC}:${port}`, SBC), 0)?.port);
  expect(ports).toEqual([20000, 20000, 20000]);
  expect(some.place(leg(3), peer(`${SBC}:4002`, SBC), 0)?.port).toBe(20002);
  expect(some.place(leg(4), peer(`${SBC}:4006`, SBC), 0)?.port).toBe(20000);
  expect(outputs(some)).toEqual([
    { kind: 'bind', port: 20002 },
    { kind: 'bind', port: 20004 },
  ]);
});

test('one unlatched leg waits on a port, and no exact leg joins from where it may be taken up', () => {
  const some = pool();
  const natted = peer('10.0.0.1:4000', '198.51.100.1');
  expect(some.place(leg(1), natted, 0)?.port).toBe(20000);
  expect(some.place(leg(2), peer('10.0.0.2:4000', '198.51.100.2'), 0)?.port).toBe(20002);
  expect(some.place(leg(3), peer('198.51.100.1:5000', '198.51.100.1'), 0)?.port).toBe(20002);
  expect(some.place(leg(4), peer('10.0.0.1:5000', '10.0.0.1'), 0)?.port).toBe(20002);
  expect(some.place(leg(5), peer('198.51.100.9:5000', '198.51.100.9'), 0)?.port).toBe(20002);
  some.latched(leg(1), packed('198.51.100.1', 31000));
  expect(some.place(leg(6), peer('10.0.0.6:4000', '198.51.100.6'), 0)?.port).toBe(20000);
  expect(some.place(leg(7), peer('10.0.0.7:4000', '198.51.100.1'), 0)?.port).toBe(20004);
});

test('what a leg leaves is kept apart for 60 s, then its port is given back', () => {
  const some = pool({ to: 20003 });
  some.place(leg(1), peer(`${SBC}:4000`, SBC), 0);
  some.place(leg(2), peer(`${SBC}:4000`, SBC), 0);
  outputs(some);
  some.release(leg(1), 1000);
  expect(some.deadline()).toBe(61_000);
  expect(some.place(leg(3), peer(`${SBC}:4000`, SBC), 60_999)).toBeUndefined();
  expect(some.place(leg(3), peer(`${SBC}:4000`, SBC), 61_000)?.port).toBe(20000);
  some.release(leg(2), 62_000);
  some.release(leg(3), 62_000);
  some.expire(122_000);
  expect(outputs(some)).toEqual([{ kind: 'unbind', port: 20002 }]);
  expect([some.deadline(), some.usedPorts(), some.legCount()]).toEqual([NEVER, 1, 0]);
});

test('where nothing ever came from, nothing will: the pair is free as soon as the stream has ended', () => {
  const some = pool({ to: 20003 });
  const place = (id: number) => some.place(leg(id), peer(`${SBC}:4000`, SBC), 0)?.port;
  expect([place(1), place(2), place(3)]).toEqual([20000, 20002, undefined]);
  some.release(leg(1), 1000);
  some.ended(leg(1), 'something');
  expect(place(4)).toBeUndefined();
  some.release(leg(2), 1000);
  some.ended(leg(2), 'nothing');
  expect(place(5)).toBe(20002);
  some.ended(leg(2), 'nothing');
  expect(place(6)).toBeUndefined();
  some.release(leg(5), 2000);
  some.expire(62_000);
  expect([some.deadline(), some.busyPorts(), some.legCount()]).toEqual([NEVER, 0, 0]);
});

test('a peer that uses one address for thousands of calls costs no search through all its ports', () => {
  const some = pool({ to: 49_999 });
  for (let id = 1; id <= 10_000; id++) expect(some.place(leg(id), peer(`${SBC}:4000`, SBC), 0)).toBeDefined();
  expect(some.busyPorts()).toBe(10_000);
  // Another peer shares with one of them.
  expect(some.place(leg(20_000), peer('192.0.2.7:4000', '192.0.2.7'), 0)?.port).toBe(20000);
  for (let id = 1; id <= 10_000; id++) some.release(leg(id), 1000);
  some.expire(61_000);
  expect(some.usedPorts()).toBeLessThan(10);
});

test('without sharing every leg has a port of its own, for 60 s after its end too', () => {
  const some = pool({ to: 20003, sharing: 'off' });
  expect(some.place(leg(1), peer(`${SBC}:4000`, SBC), 0)?.port).toBe(20000);
  expect(some.place(leg(2), peer(`${SBC}:4002`, SBC), 0)?.port).toBe(20002);
  expect(some.place(leg(3), peer(`${SBC}:4004`, SBC), 0)).toBeUndefined();
  some.release(leg(1), 0);
  expect(some.place(leg(3), peer(`${SBC}:4004`, SBC), 59_999)).toBeUndefined();
  expect(some.place(leg(3), peer(`${SBC}:4004`, SBC), 60_000)?.port).toBe(20000);
});

test('a port that another program has is not chosen again for a minute', () => {
  const some = pool({ to: 20005 });
  expect(some.place(leg(1), peer(`${SBC}:4000`, SBC), 0)?.port).toBe(20000);
  expect(some.unbindable(20000)).toEqual([leg(1)]);
  expect(some.unbindable(20000)).toEqual([]);
  expect(some.place(leg(2), peer('10.0.0.2:4000', SBC), 0)?.port).toBe(20002);
  expect(some.place(leg(3), peer('10.0.0.3:4000', SBC), 0)?.port).toBe(20004);
  expect(some.place(leg(4), peer('10.0.0.4:4000', SBC), 59_999)).toBeUndefined();
  expect(some.place(leg(4), peer('10.0.0.4:4000', SBC), 60_000)?.port).toBe(20000);
  some.release(leg(1), 60_000);
});

test('a leg that was placed before its description is exact once that names its signalling address', () => {
  const some = pool();
  some.place(leg(1), peer(':0', SBC), 0);
  expect(some.settle(leg(1), peer(`${SBC}:4000`, SBC), 0)).toBe('exact');
  expect(some.place(leg(2), peer('10.0.0.2:4000', '198.51.100.2'), 0)?.port).toBe(20000);
  expect(some.place(leg(3), peer(`${SBC}:4000`, SBC), 0)?.port).toBe(20002);
  expect(some.settle(leg(2), peer('10.0.0.2:4000', '198.51.100.2'), 0)).toBe('unlatched');
  expect(some.settle(leg(1), peer(`${SBC}:4000`, SBC), 0)).toBe('exact');
});

test('a report about a leg that has ended changes nothing', () => {
  const some = pool();
  some.place(leg(1), peer('10.0.0.1:4000', SBC), 0);
  some.release(leg(1), 0);
  some.latched(leg(1), packed(SBC, 4000));
  some.latched(leg(9), packed(SBC, 4000));
  expect(some.legCount()).toBe(0);
});

test('a leg that moves without end holds a bounded number of pairs', () => {
  const some = pool();
  some.place(leg(1), peer('10.0.0.1:4000', '198.51.100.1'), 0);
  for (let port = 1024; port < 3024; port++) some.latched(leg(1), packed('198.51.100.1', port));
  expect(some.place(leg(2), peer('198.51.100.1:1024', '198.51.100.1'), 0)?.port).toBe(20000);
  expect(some.place(leg(3), peer('198.51.100.1:3023', '198.51.100.1'), 0)?.port).toBe(20002);
  some.release(leg(2), 0);
  some.release(leg(3), 0);
  some.release(leg(1), 0);
  some.expire(60_000);
  expect([some.deadline(), some.usedPorts()]).toEqual([NEVER, 1]);
});

test('a leg that latches to a pair in quarantine has it beyond the end of that quarantine', () => {
  const some = pool();
  const natted = peer('10.0.0.1:4000', '198.51.100.1', ['203.0.113.0/24']);
  some.place(leg(1), peer('203.0.113.9:4000', SBC, ['203.0.113.0/24']), 0);
  some.release(leg(1), 0);
  some.place(leg(2), peer('10.0.0.2:4000', '198.51.100.2'), 0);
  some.latched(leg(2), packed('203.0.113.9', 4000));
  some.expire(60_000);
  expect(some.place(leg(3), peer('203.0.113.9:4000', SBC, ['203.0.113.0/24']), 60_000)?.port).toBe(20002);
  expect(some.place(leg(4), natted, 60_000)?.port).toBe(20004);
});

test('a leg whose media comes from elsewhere still keeps others of its signalling address off its port', () => {
  const some = pool();
  const natted = peer('10.0.0.1:4000', SBC, ['203.0.113.0/24']);
  expect(some.place(leg(1), natted, 0)?.port).toBe(20000);
  some.latched(leg(1), packed('203.0.113.9', 4000));
  expect(some.place(leg(2), peer('10.0.0.2:4000', SBC), 0)?.port).toBe(20002);
  some.release(leg(1), 0);
  some.release(leg(2), 0);
  expect(some.place(leg(3), peer('10.0.0.3:4000', SBC), 59_999)?.port).toBe(20004);
});

test('no exact leg joins from the address that a later description named for the one that waits', () => {
  const some = pool();
  some.place(leg(1), peer(':0', '198.51.100.1'), 0);
  some.settle(leg(1), peer('10.0.0.1:4000', '198.51.100.1'), 0);
  expect(some.place(leg(2), peer('10.0.0.1:6000', '10.0.0.1'), 0)?.port).toBe(20002);
});

test('calls to one address share ports once many are bound, and wait on one each', () => {
  const some = pool({ to: 20099, apartPortsMax: 4 });
  const calls = Array.from({ length: 10 }, (_, i) => {
    const port = some.place(leg(i), peer(':0', SBC), 0)?.port;
    expect(some.settle(leg(i), peer(`${SBC}:${4000 + 2 * i}`, SBC), 0)).toBe('exact');
    return port;
  });
  expect(calls.slice(0, 4)).toEqual([20000, 20002, 20004, 20006]);
  expect(new Set(calls).size).toBe(4);
  expect(some.crowdedCount).toBe(6);
  const ringing = Array.from({ length: 6 }, (_, i) => some.place(leg(20 + i), peer(':0', SBC), 0)?.port);
  expect(new Set(ringing).size).toBe(6);
});

test('no two legs ever have the same pair, and one unlatched leg at most waits on a port', () => {
  const step = fc.record({
    verb: fc.constantFrom('exact', 'natted', 'trunk', 'release', 'latch', 'pass'),
    host: fc.integer({ min: 1, max: 4 }),
    port: fc.integer({ min: 4000, max: 4003 }),
    pick: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.constantFrom('on' as const, 'off' as const), fc.array(step, { maxLength: 80 }), (sharing, steps) => {
      const some = pool({ to: 20099, sharing });
      /** Leg → our port and where it is, '' while it is unlatched. */
      const live = new Map<number, { port: number; remote: string }>();
      let now = 0;
      for (const [i, { verb, host, port, pick }] of steps.entries()) {
        const signalling = `198.51.100.${host}`;
        const id = [...live.keys()][pick % Math.max(1, live.size)];
        if (verb === 'pass') {
          now += pick * 1000;
          some.expire(now);
        }
        if (verb === 'release' && id !== undefined) {
          some.release(leg(id), now);
          live.delete(id);
        }
        if (verb === 'latch' && id !== undefined && live.get(id)!.remote === '') {
          const at = live.get(id)!;
          const remote = `203.0.113.${id}:${port}`;
          some.latched(leg(id), packed(`203.0.113.${id}`, port));
          live.set(id, { port: at.port, remote });
        }
        const from = {
          exact: peer(`${signalling}:${port}`, signalling),
          natted: peer(`10.0.0.${host}:${port}`, signalling),
          trunk: peer(`192.0.2.${host}:${port}`, signalling, ['192.0.2.0/24']),
        }[verb as 'exact'];
        if (from === undefined) continue;
        const placed = some.place(leg(i), from, now);
        if (placed === undefined) continue;
        live.set(i, { port: placed.port, remote: placed.mode === 'exact' ? `${from.sdpAddress}:${port}` : '' });
        const pairs = [...live.values()].map((at) => `${at.port} ${at.remote}`);
        expect(new Set(pairs).size).toBe(pairs.length);
        if (sharing === 'off') expect(new Set([...live.values()].map((at) => at.port)).size).toBe(live.size);
      }
      for (const id of live.keys()) some.release(leg(id), now);
      some.expire(now + 60_000);
      expect([some.usedPorts(), some.legCount(), some.deadline()]).toEqual([1, 0, NEVER]);
    }),
    { numRuns: 150, seed: 4961 },
  );
});
