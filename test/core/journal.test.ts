import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventBody } from '../../core/event.ts';
import { type Cursor, Journal } from '../../core/journal.ts';
import type { AgentId, CustomerId } from '../../core/kernel/ids.ts';

const NUM_RUNS = Number(process.env['TANDEM_SEEDS'] ?? 200);
const ALPHA = 'alpha' as CustomerId;
const BETA = 'beta' as CustomerId;
const body: EventBody = { type: 'agent_updated', agentId: 'a' as AgentId };

/** Numbers read, a gap as `from-to`. */
function readAll(cursor: Cursor, sequences: 'numbers' | 'sequences' = 'numbers'): (number | string)[] {
  const read: (number | string)[] = [];
  for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
    if (reading.kind === 'lagged') read.push(`${reading.from}-${reading.to}`);
    else read.push(sequences === 'numbers' ? reading.event.number : reading.event.sequence);
  }
  return read;
}

test('numbers count per customer from 1, sequences over all', () => {
  const journal = new Journal({ epoch: 'e' });
  expect([journal.append(ALPHA, body, 1), journal.append(BETA, body, 2), journal.append(ALPHA, body, 3)]).toEqual([
    1, 1, 2,
  ]);
  expect([journal.lastNumber(ALPHA), journal.lastNumber(BETA), journal.lastNumber('x' as CustomerId)]).toEqual([
    2, 1, 0,
  ]);
  expect(journal.sequence).toBe(3);
  expect(journal.cursorOverAll(0).poll()).toEqual({
    kind: 'event',
    event: { customerId: ALPHA, number: 1, sequence: 1, at: 1, body },
  });
});

test('a cursor reads from now on, or after a number; a number from another epoch reads nothing old', () => {
  const journal = new Journal({ epoch: 'e' });
  const early = journal.cursor(ALPHA);
  for (let i = 0; i < 3; i++) journal.append(ALPHA, body, i);
  const late = journal.cursor(ALPHA);
  const after = journal.cursor(ALPHA, 1);
  const future = journal.cursor(ALPHA, 99);
  journal.append(ALPHA, body, 3);
  expect([early, late, after, future].map((cursor) => readAll(cursor))).toEqual([[1, 2, 3, 4], [4], [2, 3, 4], [4]]);
});

test('a cursor that falls behind is told what it missed, once', () => {
  const journal = new Journal({ epoch: 'e', eventsPerCustomerMax: 5 });
  const cursor = journal.cursor(ALPHA);
  for (let i = 0; i < 8; i++) journal.append(ALPHA, body, i);
  expect(readAll(cursor)).toEqual(['1-3', 4, 5, 6, 7, 8]);
  expect(journal.droppedCount).toBe(3);
  expect(readAll(cursor)).toEqual([]);
});

test('a busy customer does not push out what a recent one has', () => {
  const journal = new Journal({ epoch: 'e', eventsPerCustomerMax: 10, eventsMax: 15 });
  for (let i = 0; i < 5; i++) journal.append(BETA, body, i);
  for (let i = 0; i < 1_000; i++) journal.append(ALPHA, body, i);
  expect(readAll(journal.cursor(BETA, 0))).toEqual([1, 2, 3, 4, 5]);
});

test('when all is full the customer who was quiet longest loses its oldest events', () => {
  const journal = new Journal({ epoch: 'e', eventsPerCustomerMax: 10, eventsMax: 6 });
  for (const customer of ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'd'] as CustomerId[])
    journal.append(customer, body, 0);
  expect(['a', 'b', 'c', 'd'].map((customer) => readAll(journal.cursor(customer as CustomerId, 0)))).toEqual([
    ['1-2'],
    ['1-1', 2],
    [1, 2],
    [1, 2, 3],
  ]);
  expect(readAll(journal.cursorOverAll(0), 'sequences')).toEqual(['1-3', 4, 5, 6, 7, 8, 9]);
});

test('whatever happens, every cursor sees every number of its customer once, in order, as an event or in a gap', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), customer: fc.nat({ max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('poll' as const), customer: fc.nat({ max: 4 }) }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 40 }),
      (steps, perCustomer, all) => {
        const journal = new Journal({ epoch: 'e', eventsPerCustomerMax: perCustomer, eventsMax: all });
        const customers = Array.from({ length: 5 }, (_, i) => `c${i}` as CustomerId);
        const cursors = customers.map((customer) => ({ cursor: journal.cursor(customer), seen: 0 }));
        const everything = { cursor: journal.cursorOverAll(), seen: 0 };
        const advance = (
          one: { cursor: Cursor; seen: number },
          count: 'one' | 'all',
          numberOf: 'number' | 'sequence',
        ): void => {
          for (let reading = one.cursor.poll(); reading !== undefined; reading = one.cursor.poll()) {
            const [from, to] =
              reading.kind === 'lagged'
                ? [reading.from, reading.to]
                : [reading.event[numberOf], reading.event[numberOf]];
            expect(from).toBe(one.seen + 1);
            expect(to).toBeGreaterThanOrEqual(from);
            one.seen = to;
            if (count === 'one') return;
          }
        };
        for (const { kind, customer } of steps) {
          if (kind === 'append') journal.append(customers[customer]!, body, 0);
          else advance(cursors[customer]!, 'one', 'number');
          expect(journal.eventCount).toBeLessThanOrEqual(all);
        }
        cursors.forEach((one, i) => {
          advance(one, 'all', 'number');
          expect(one.seen).toBe(journal.lastNumber(customers[i]!));
        });
        advance(everything, 'all', 'sequence');
        expect(everything.seen).toBe(journal.sequence);
      },
    ),
    { numRuns: NUM_RUNS, seed: 1 },
  );
});
