import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { PcmRing } from '../../media/ring.ts';

function pair(samples: number): { writer: PcmRing; reader: PcmRing } {
  const buffer = PcmRing.allocate(samples);
  return { writer: new PcmRing(buffer), reader: new PcmRing(buffer) };
}

function readAll(reader: PcmRing, chunk = 100): number[] {
  const into = new Int16Array(chunk);
  const all: number[] = [];
  for (let count = reader.read(into); count > 0; count = reader.read(into)) all.push(...into.subarray(0, count));
  return all;
}

test('samples come out in the order they went in', () => {
  const { writer, reader } = pair(1000);
  writer.write(Int16Array.of(1, 2, 3), 3);
  writer.write(Int16Array.of(4, 5, 6), 2);
  expect(readAll(reader)).toEqual([1, 2, 3, 4, 5]);
  expect(readAll(reader)).toEqual([]);
});

test('what does not fit is silence at its exact place', () => {
  const { writer, reader } = pair(8);
  expect(writer.write(Int16Array.of(1, 2, 3, 4, 5, 6), 6)).toBe(true);
  expect(writer.write(Int16Array.of(7, 8, 9), 3)).toBe(false);
  const into = new Int16Array(4);
  expect(reader.read(into)).toBe(4);
  expect(writer.write(Int16Array.of(10, 11), 2)).toBe(true);
  expect(readAll(reader)).toEqual([5, 6, 0, 0, 0, 10, 11]);
  expect(reader.lostSamples).toBe(3);
});

test('a gap before the close is not forgotten', () => {
  const { writer, reader } = pair(4);
  writer.write(Int16Array.of(1, 2, 3), 3);
  writer.write(Int16Array.of(4, 5), 2);
  writer.close();
  expect(reader.closed).toBe(true);
  expect(readAll(reader)).toEqual([1, 2, 3, 0, 0]);
});

test('any pace of writing and reading keeps length and order', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed);
    const { writer, reader } = pair(64);
    const out: number[] = [];
    let next = 1;
    let lost = 0;
    for (let step = 0; step < 500; step++) {
      const count = 1 + Math.floor(random.next() * 20);
      const block = Int16Array.from({ length: count }, () => next++);
      if (!writer.write(block, count)) lost += count;
      if (random.next() < 0.7) {
        const into = new Int16Array(1 + Math.floor(random.next() * 30));
        out.push(...into.subarray(0, reader.read(into)));
      }
    }
    out.push(...readAll(reader));
    writer.close();
    out.push(...readAll(reader));
    const silent = out.filter((sample) => sample === 0).length;
    expect(silent, `seed ${seed}`).toBeLessThanOrEqual(lost);
    out.forEach((sample, i) => {
      if (sample !== 0) expect(sample, `seed ${seed}`).toBe(i + 1);
    });
  }
});
