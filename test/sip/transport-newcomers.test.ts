import { expect, test } from 'vitest';
import { Newcomers } from '../../sip/transport/newcomers.ts';

/** How many of so many get in. */
function admitted(newcomers: Newcomers, hosts: readonly string[], now: number): number {
  return hosts.filter((host) => newcomers.take(host, now)).length;
}

test('one host connects 100 times at once and 20 times a second after that, whatever others do', () => {
  const newcomers = new Newcomers(0);
  const flood = Array<string>(500).fill('203.0.113.1');
  expect(admitted(newcomers, flood, 0)).toBe(100);
  expect(admitted(newcomers, ['203.0.113.2'], 0)).toBe(1);
  expect(admitted(newcomers, flood, 1_000)).toBe(20);
  expect(admitted(newcomers, flood, 3_600_000)).toBe(100);
});

test('all hosts together connect 1,000 times at once and 200 times a second after that', () => {
  const newcomers = new Newcomers(0);
  const crowd = Array.from({ length: 3_000 }, (_, index) => `198.51.${index >> 8}.${index & 255}`);
  expect(admitted(newcomers, crowd, 0)).toBe(1_000);
  expect(admitted(newcomers, crowd, 1_000)).toBe(200);
});
