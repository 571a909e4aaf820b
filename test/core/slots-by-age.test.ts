import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByAge } from '../../core/directory/by-age.ts';
import { SlotsByAge } from '../../core/directory/slots-by-age.ts';

const steps = fc.array(
  fc.record({ slot: fc.integer({ min: 0, max: 30 }), isAdded: fc.boolean(), before: fc.integer({ min: 0, max: 6 }) }),
  { maxLength: 120 },
);

/** Several have the same age. */
const rowOf = (slot: number) => ({ id: `id ${slot}`, createdAt: slot % 6, slot });

test('rows known by slot are paged by age as rows themselves are', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [slots, rows] = [new SlotsByAge((slot) => rowOf(slot).id), new ByAge<ReturnType<typeof rowOf>>()];
      for (const { slot, isAdded, before } of all) {
        const row = rowOf(slot);
        if (isAdded) {
          slots.add(row.createdAt, row.id, slot);
          rows.put(row);
        } else {
          slots.delete(row.createdAt, row.id, slot);
          rows.delete(row);
        }
        expect(slots.size).toBe(rows.size);
        expect(slots.newestBefore(before, 5)).toEqual(rows.newestBefore(before, 5).map((found) => found.slot));
      }
    }),
    { numRuns: 300, seed: 13 },
  );
});
