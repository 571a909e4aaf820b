import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { QueueProbe } from '../../sip/transport/queue-probe.ts';

const secret = seeded(1).bytes(16);

test('the delay is that of the latest since it was asked last', () => {
  const probe = new QueueProbe(secret);
  for (const [index, bytes] of probe.send(0).entries()) expect(probe.receive(bytes, 1 + 3 * index)).toBe(true);
  expect(probe.take(100)).toEqual({ isOverflowing: false, delayMs: 7 });
  expect(probe.take(200)).toEqual({ isOverflowing: false, delayMs: 0 });
});

test('one that is missing when a later one comes was lost; one that is only late was not', () => {
  const probe = new QueueProbe(secret);
  const [a, , c] = probe.send(0);
  probe.receive(a!, 1);
  expect(probe.take(100).isOverflowing).toBe(false);
  probe.receive(c!, 300);
  expect(probe.take(300)).toEqual({ isOverflowing: true, delayMs: 300 });
  for (const bytes of probe.send(300)) probe.receive(bytes, 301);
  expect(probe.take(400)).toEqual({ isOverflowing: false, delayMs: 1 });
});

test('when none has come for a second, they were lost, and that is told once', () => {
  const probe = new QueueProbe(secret);
  probe.send(0);
  expect(probe.take(900).isOverflowing).toBe(false);
  expect(probe.take(1_100).isOverflowing).toBe(true);
  expect(probe.take(1_200).isOverflowing).toBe(false);
});

test('datagrams of strangers are none of ours', () => {
  const probe = new QueueProbe(secret);
  const [ours] = probe.send(0);
  const forged = new QueueProbe(seeded(2).bytes(16)).send(0)[0]!;
  expect(probe.receive(forged, 1)).toBe(false);
  expect(probe.receive(ours!.subarray(0, 10), 1)).toBe(false);
  expect(probe.receive(new Uint8Array(30), 1)).toBe(false);
});
