import { expect, test } from 'vitest';
import { Queue } from '../../../core/kernel/queue.ts';
import { seeded } from '../../../core/kernel/random.ts';

test('a queue gives back what it was given, in that order, however it grows and empties', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seeded(seed);
    const queue = new Queue<number>();
    const model: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      // Ebb and flow: it fills far beyond its slots, and runs empty again.
      if (random.next() < (Math.floor(step / 1_000) % 2 === 0 ? 0.9 : 0.2)) {
        queue.push(step);
        model.push(step);
      } else expect(queue.shift()).toBe(model.shift());
      expect(queue.length).toBe(model.length);
    }
    while (model.length > 0) expect(queue.shift()).toBe(model.shift());
    expect(queue.shift()).toBeUndefined();
  }
});
