import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { MixExchange } from '../../media/mix-exchange.ts';

function frame(value: number): Int32Array {
  return new Int32Array(160).fill(value);
}

/** What the reader gets in one tick: the first sample of the sum, and how many threads were heard. */
function take(reader: MixExchange): { sum: number; voiced: number } {
  const sum = new Int32Array(160);
  const voiced = reader.addOthers(sum);
  expect(new Set(sum).size).toBe(1);
  return { sum: sum[0]!, voiced };
}

test('each thread hears the sums of all others and not its own', () => {
  const buffer = MixExchange.allocate(3);
  const threads = [0, 1, 2].map(
    (own) =>
      new MixExchange(
        buffer,
        own,
        [0, 1, 2].filter((other) => other !== own),
      ),
  );
  for (const [i, thread] of threads.entries()) thread.publish(frame(10 ** i), true);
  expect(threads.map(take)).toEqual([
    { sum: 110, voiced: 2 },
    { sum: 101, voiced: 2 },
    { sum: 11, voiced: 2 },
  ]);
});

test('a thread on which nobody speaks is heard as nothing, and is not missing', () => {
  const buffer = MixExchange.allocate(2);
  const [writer, reader] = [new MixExchange(buffer, 0, [1]), new MixExchange(buffer, 1, [0])];
  writer.publish(frame(5), true);
  take(reader);
  writer.publish(frame(0), false);
  expect(take(reader)).toEqual({ sum: 0, voiced: 0 });
  expect(reader.missing).toBe(0);
});

test('what lies there from before is not heard, and nothing is missing until the other begins', () => {
  const buffer = MixExchange.allocate(2);
  const writer = new MixExchange(buffer, 0, [1]);
  for (let i = 1; i < 20; i++) writer.publish(frame(i), true);
  const reader = new MixExchange(buffer, 1, [0]);
  expect(take(reader)).toEqual({ sum: 0, voiced: 0 });
  expect(reader.missing).toBe(0);
  writer.publish(frame(99), true);
  expect(take(reader)).toEqual({ sum: 99, voiced: 1 });
});

test('ticks that come early and late lose at most the first frames, whatever their order', () => {
  const random = seeded(4);
  const buffer = MixExchange.allocate(2);
  const [writer, reader] = [new MixExchange(buffer, 0, [1]), new MixExchange(buffer, 1, [0])];
  let [written, last] = [0, 0];
  for (let tick = 0; tick < 2000; tick++) {
    const isEarly = random.next() < 0.5;
    if (isEarly) writer.publish(frame(++written), true);
    const { sum, voiced } = take(reader);
    if (voiced > 0) {
      expect(sum).toBe(last + 1);
      last = sum;
    }
    if (!isEarly) writer.publish(frame(++written), true);
  }
  expect(reader.missing).toBeLessThanOrEqual(1);
  expect(reader.skipped).toBe(0);
});

test('a thread that stood still and makes up for it is silence, then its newest frames, and both are counted', () => {
  const buffer = MixExchange.allocate(2);
  const [writer, reader] = [new MixExchange(buffer, 0, [1]), new MixExchange(buffer, 1, [0])];
  writer.publish(frame(1), true);
  expect(take(reader).sum).toBe(1);
  for (let tick = 0; tick < 4; tick++) expect(take(reader).voiced).toBe(0);
  for (let i = 2; i <= 6; i++) writer.publish(frame(i), true);
  expect([take(reader).sum, take(reader).sum]).toEqual([5, 6]);
  expect([reader.missing, reader.skipped]).toEqual([4, 3]);
});
