import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { SlotDeadlines } from '../../../core/kernel/slot-deadlines.ts';
import { NEVER } from '../../../core/kernel/time.ts';

test('slots come due in the order of their deadlines, moved and removed ones included, however much room there was', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const deadlines = new SlotDeadlines(seed % 2 === 0 ? 100 : 1);
    const expected = new Map<number, number>();
    for (let step = 0; step < 400; step++) {
      const slot = Math.floor(random.next() * 100);
      if (random.next() < 0.3) {
        deadlines.remove(slot);
        expected.delete(slot);
      } else {
        const at = Math.floor(random.next() * 1000);
        deadlines.set(slot, at);
        expected.set(slot, at);
      }
      expect(deadlines.next()).toBe(Math.min(NEVER, ...expected.values()));
      expect(deadlines.size).toBe(expected.size);
    }
    let last = -1;
    while (deadlines.size > 0) {
      const at = deadlines.next();
      expect(deadlines.takeDue(at - 1)).toBe(-1);
      const slot = deadlines.takeDue(at);
      expect(expected.get(slot)).toBe(at);
      expect(at).toBeGreaterThanOrEqual(last);
      last = at;
    }
    expect(deadlines.takeDue(NEVER)).toBe(-1);
  }
});

test('a deadline of never is none', () => {
  const deadlines = new SlotDeadlines(2);
  deadlines.set(1, 5);
  deadlines.set(1, NEVER);
  expect(deadlines.next()).toBe(NEVER);
  expect(deadlines.size).toBe(0);
});
