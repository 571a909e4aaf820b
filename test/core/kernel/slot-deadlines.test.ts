import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlotDeadlines } from '../../../core/kernel/slot-deadlines.ts';

const steps = fc.array(
  fc.record({ slot: fc.integer({ min: 0, max: 40 }), time: fc.option(fc.integer({ min: 0, max: 50 })) }),
  { maxLength: 200 },
);

test('the first deadline is the earliest of those that are set, however they are set, moved and cleared', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [deadlines, times] = [new SlotDeadlines(), new Map<number, number>()];
      for (const { slot, time } of all) {
        if (time === null) {
          deadlines.clear(slot);
          times.delete(slot);
        } else {
          deadlines.set(slot, time);
          times.set(slot, time);
        }
        const earliest = Math.min(...times.values());
        expect([deadlines.size, deadlines.next()]).toEqual([times.size, earliest]);
        expect(times.get(deadlines.first()) ?? Number.POSITIVE_INFINITY).toBe(earliest);
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});
