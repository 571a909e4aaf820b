import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { QueueProbe } from '../../sip/transport/queue-probe.ts';

const secret = seeded(1).bytes(16);

test('the delay is that of the latest of those sent together', () => {
  const probe = new QueueProbe(secret);
  const [a, b, c] = probe.send(0);
  expect(probe.receive(a!, 1)).toBe(true);
  expect(probe.receive(b!, 2)).toBe(true);
  expect(probe.receive(c!, 7)).toBe(true);
  expect(probe.delayMs(100)).toBe(7);
});

test('one that does not come is as late as it has been under way', () => {
  const probe = new QueueProbe(secret);
  const [a, , c] = probe.send(0);
  probe.receive(a!, 1);
  probe.receive(c!, 1);
  expect(probe.delayMs(100)).toBe(100);
  expect(probe.delayMs(400)).toBe(400);
});

test('what was measured long ago says nothing of now', () => {
  const probe = new QueueProbe(secret);
  expect(probe.delayMs(0)).toBe(0);
  for (const bytes of probe.send(0)) probe.receive(bytes, 50);
  expect(probe.delayMs(900)).toBe(50);
  expect(probe.delayMs(1_100)).toBe(0);
  probe.send(2_000);
  expect(probe.delayMs(5_000)).toBe(0);
});

test('those given up count no more when they come', () => {
  const probe = new QueueProbe(secret);
  const old = probe.send(0);
  const fresh = probe.send(100);
  for (const bytes of old) expect(probe.receive(bytes, 110)).toBe(true);
  expect(probe.delayMs(150)).toBe(50);
  for (const bytes of fresh) probe.receive(bytes, 160);
  expect(probe.delayMs(200)).toBe(60);
});

test('datagrams of strangers are none of ours', () => {
  const probe = new QueueProbe(secret);
  const [ours] = probe.send(0);
  const forged = new QueueProbe(seeded(2).bytes(16)).send(0)[0]!;
  expect(probe.receive(forged, 1)).toBe(false);
  expect(probe.receive(ours!.subarray(0, 10), 1)).toBe(false);
  expect(probe.receive(new Uint8Array(22), 1)).toBe(false);
});
