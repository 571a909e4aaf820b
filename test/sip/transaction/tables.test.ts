import { expect, test } from 'vitest';
import { SESSION_TIMERS, SESSION_TRANSITIONS } from '../../../sip/dialog/session-table.ts';
import { SUBSCRIPTION_TIMERS, SUBSCRIPTION_TRANSITIONS } from '../../../sip/events/subscription-table.ts';
import { INVITE_CLIENT_TIMERS, INVITE_CLIENT_TRANSITIONS } from '../../../sip/transaction/invite-client.ts';
import { INVITE_SERVER_TIMERS, INVITE_SERVER_TRANSITIONS } from '../../../sip/transaction/invite-server.ts';
import { NON_INVITE_CLIENT_TIMERS, NON_INVITE_CLIENT_TRANSITIONS } from '../../../sip/transaction/non-invite-client.ts';
import { NON_INVITE_SERVER_TIMERS, NON_INVITE_SERVER_TRANSITIONS } from '../../../sip/transaction/non-invite-server.ts';
import type { Cell } from '../../../sip/transaction/transition.ts';

interface Machine {
  readonly name: string;
  readonly first: readonly string[];
  readonly last: string;
  readonly table: Readonly<Record<string, Readonly<Record<string, Cell<string, string>>>>>;
  readonly timers: Readonly<Record<string, readonly string[]>>;
}

const MACHINES: readonly Machine[] = [
  {
    name: 'INVITE client',
    first: ['calling'],
    last: 'terminated',
    table: INVITE_CLIENT_TRANSITIONS,
    timers: INVITE_CLIENT_TIMERS,
  },
  {
    name: 'non-INVITE client',
    first: ['trying'],
    last: 'terminated',
    table: NON_INVITE_CLIENT_TRANSITIONS,
    timers: NON_INVITE_CLIENT_TIMERS,
  },
  {
    name: 'INVITE server',
    first: ['trying'],
    last: 'terminated',
    table: INVITE_SERVER_TRANSITIONS,
    timers: INVITE_SERVER_TIMERS,
  },
  {
    name: 'non-INVITE server',
    first: ['trying'],
    last: 'terminated',
    table: NON_INVITE_SERVER_TRANSITIONS,
    timers: NON_INVITE_SERVER_TIMERS,
  },
  {
    name: 'INVITE session',
    first: ['offered', 'dialing'],
    last: 'ended',
    table: SESSION_TRANSITIONS,
    timers: SESSION_TIMERS,
  },
  {
    name: 'subscription',
    first: ['active'],
    last: 'ended',
    table: SUBSCRIPTION_TRANSITIONS,
    timers: SUBSCRIPTION_TIMERS,
  },
];

for (const { name, first, last, table, timers } of MACHINES) {
  const rows = Object.entries(table);
  const exits = (row: Readonly<Record<string, Cell<string, string>>>): readonly string[] =>
    Object.values(row).flatMap((cell) => (typeof cell === 'object' ? [cell.next] : []));

  test(`${name}: every state decides on every event`, () => {
    const events = new Set(rows.flatMap(([, row]) => Object.keys(row)));
    for (const [state, row] of rows) expect(new Set(Object.keys(row)), state).toEqual(events);
  });

  test(`${name}: a timer fires only in the states that start it`, () => {
    for (const [state, row] of rows) {
      for (const [event, cell] of Object.entries(row)) {
        if (!event.startsWith('timer')) continue;
        expect(cell !== 'never', `${event} in ${state}`).toBe(timers[state]!.includes(event.slice('timer'.length)));
      }
    }
  });

  test(`${name}: every state is reached from the first, and leads to the last`, () => {
    const reached = new Set(first);
    for (const state of reached) for (const next of exits(table[state]!)) reached.add(next);
    expect(reached).toEqual(new Set(Object.keys(table)));
    const leading = new Set([last]);
    for (let size = 0; size !== leading.size; ) {
      size = leading.size;
      for (const [state, row] of rows) if (exits(row).some((next) => leading.has(next))) leading.add(state);
    }
    expect(leading).toEqual(new Set(Object.keys(table)));
    expect(exits(table[last]!).filter((next) => next !== last)).toEqual([]);
  });
}

test('a session without interval that waits for the peer without a timer of its own waits for a transaction, which has one', () => {
  const waiting = Object.entries(SESSION_TIMERS).flatMap(([state, timers]) =>
    timers.every((timer) => timer === 'Refresh' || timer === 'Expiry' || timer === 'Return') ? [state] : [],
  );
  expect(waiting).toEqual([
    'offered',
    'ringing',
    'refusing',
    'abandoning',
    'owing',
    'established',
    'reoffering',
    'reoffered',
    'ending',
    'ended',
  ]);
});
