import { expect, test } from 'vitest';
import type { TransportAddress } from '../../core/ports.ts';
import { Gatekeeper } from '../../sip/user-agent/gatekeeper.ts';
import { networkOf } from '../../sip/user-agent/refusal-budget.ts';

const from = (address: string): TransportAddress => ({ transport: 'udp', address, port: 5060 });
const HERE = from('198.51.100.1');
const THERE = from('198.51.100.2');

function gatekeeper(registered: readonly string[] = [], mode: 'on' | 'off' = 'on'): Gatekeeper {
  return new Gatekeeper({ registeredFrom: (address) => registered.includes(address), mode });
}

function fail(gate: Gatekeeper, times: number, source = HERE, account = '1000', now = 0): void {
  for (let i = 0; i < times; i++) gate.failed(source, account, now);
}

test('ten failures in a minute ban the account from that address, for three minutes', () => {
  const gate = gatekeeper();
  fail(gate, 9);
  expect(gate.admit(HERE, '1000', 0)).toBe('allow');
  fail(gate, 1, HERE, '1000', 59_000);
  expect(gate.admit(HERE, '1000', 59_000)).toBe('drop');
  expect(gate.admit(HERE, '1001', 59_000)).toBe('allow');
  expect(gate.admit(THERE, '1000', 59_000)).toBe('allow');
  expect(gate.list(59_000)).toEqual([{ address: HERE.address, account: '1000', since: 59_000, until: 239_000 }]);
  expect(gate.admit(HERE, '1000', 239_000)).toBe('allow');
  expect(gate.list(239_000)).toEqual([]);
  expect(gate.counters).toMatchObject({ failures: 10, bans: 1, droppedBanned: 1 });
});

test('failures spread over more than a minute never ban', () => {
  const gate = gatekeeper();
  for (let i = 0; i < 100; i++) gate.failed(HERE, '1000', i * 6_700);
  expect(gate.list(700_000)).toEqual([]);
});

test('the right password forgives what failed before', () => {
  const gate = gatekeeper();
  fail(gate, 9);
  gate.succeeded(HERE, '1000', 1);
  fail(gate, 9, HERE, '1000', 2);
  expect(gate.admit(HERE, '1000', 2)).toBe('allow');
});

test('ten different accounts ban the address as a whole', () => {
  const gate = gatekeeper();
  for (let account = 0; account < 10; account++) fail(gate, 1, HERE, `${account}`, account);
  expect(gate.admit(HERE, 'another', 10)).toBe('drop');
  expect(gate.admit(THERE, 'another', 10)).toBe('allow');
  expect(gate.list(10)).toMatchObject([{ address: HERE.address, account: '' }]);
});

test('an address where a phone is registered is never banned as a whole', () => {
  const registered: string[] = [HERE.address];
  const gate = gatekeeper(registered);
  for (let account = 0; account < 30; account++) fail(gate, 1, HERE, `${account}`);
  expect(gate.admit(HERE, 'another', 0)).toBe('allow');
  registered.pop();
  for (let account = 0; account < 10; account++) fail(gate, 1, HERE, `${account}`);
  expect(gate.admit(HERE, 'another', 0)).toBe('drop');
  registered.push(HERE.address);
  expect(gate.admit(HERE, 'another', 0)).toBe('allow');
});

test('an IPv6 source is its network of 64 bits: guessing from another address of it changes nothing', () => {
  const registered: string[] = [];
  const gate = gatekeeper(registered);
  for (let i = 1; i <= 10; i++) gate.failed(from(`2001:db8:0:7::${i}`), '1000', i);
  expect(gate.list(10)).toMatchObject([{ address: '2001:db8:0:7::/64', account: '1000' }]);
  expect(gate.admit(from('2001:db8::7:a:b:c:d'), '1000', 10)).toBe('drop');
  expect(gate.admit(from('2001:db8::7:a:b:c:d'), '1001', 10)).toBe('allow');
  expect(gate.admit(from('2001:db8:0:8::1'), '1000', 10)).toBe('allow');
  expect(gate.lift('2001:db8:0:7::99', '1000')).toBe(true);
  for (let i = 0; i < 10; i++) gate.failed(from(`2001:db8:0:7::${i}`), `${i}`, 20);
  expect(gate.list(20)).toMatchObject([{ address: '2001:db8:0:7::/64', account: '' }]);
  expect(gate.lift('2001:db8:0:7::/64', '')).toBe(true);
  expect(gate.admit(from('2001:db8:0:7::1'), 'another', 20)).toBe('allow');
});

test('neighbours on a link, who share one IPv6 network, are banned each by themselves', () => {
  const gate = gatekeeper();
  fail(gate, 10, from('fe80::1%eth0'));
  expect(gate.admit(from('fe80::1%eth0'), '1000', 0)).toBe('drop');
  expect(gate.admit(from('fe80::2%eth0'), '1000', 0)).toBe('allow');
});

test('a ban can be lifted', () => {
  const gate = gatekeeper();
  fail(gate, 10);
  expect(gate.lift(HERE.address, '1000')).toBe(true);
  expect(gate.lift(HERE.address, '1000')).toBe(false);
  expect(gate.admit(HERE, '1000', 0)).toBe('allow');
});

test('refusals are bounded for each network, and users get theirs back', () => {
  const gate = gatekeeper();
  const refused = (address: string, count: number, now: number) =>
    Array.from({ length: count }, () => gate.mayRefuse(from(address), now)).filter((verdict) => verdict === 'allow')
      .length;
  expect(refused('203.0.113.1', 1_500, 0)).toBe(1_500);
  expect(refused('203.0.113.2', 1_500, 0)).toBe(500);
  expect(refused('203.0.114.1', 10, 0)).toBe(10);
  expect(refused('203.0.113.3', 1_000, 1_000)).toBe(500);
  gate.succeeded(from('203.0.113.4'), '1000', 1_000);
  expect(refused('203.0.113.3', 10, 1_000)).toBe(1);
  expect(gate.counters.droppedRefusals).toBe(1_000 + 500 + 9);
  expect(refused('127.0.0.1', 10_000, 0)).toBe(10_000);
});

test('networks are the first 24 bits of IPv4 and the first 64 of IPv6', () => {
  expect(networkOf('192.0.2.17')).toBe('192.0.2');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0');
  expect(networkOf('2001:db8:0:2::')).toBe('2001:db8:0:2');
  expect(networkOf('::1')).toBe('0:0:0:0');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0');
});

test('switched off, it admits everything', () => {
  const gate = gatekeeper([], 'off');
  fail(gate, 100);
  for (let i = 0; i < 5_000; i++) expect(gate.mayRefuse(HERE, 0)).toBe('allow');
  expect(gate.admit(HERE, '1000', 0)).toBe('allow');
  expect(gate.counters).toMatchObject({ failures: 100, bans: 0 });
});

test('a hundred thousand hostile sources fill the tables to their limits and no further', () => {
  const gate = gatekeeper();
  const long = 'x'.repeat(200);
  for (let i = 0; i < 100_000; i++) {
    const source = from(`${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.7`);
    gate.mayRefuse(source, i);
    gate.failed(source, `${long}${i}`, i);
    gate.failed(source, `${i}`, i);
  }
  expect(gate.size).toBeLessThanOrEqual(4 * 16_384);
  for (let i = 0; i < 30_000; i++) fail(gate, 10, from(`20.${(i >> 8) & 255}.${i & 255}.7`), '1000', 100_000);
  expect(gate.size).toBeLessThanOrEqual(4 * 16_384);
  const bans = gate.list(100_000).length;
  expect(bans).toBeGreaterThanOrEqual(8_192);
  expect(bans).toBeLessThanOrEqual(16_384);
  expect(gate.counters.bansDisplaced).toBe(30_000 - bans);
});
