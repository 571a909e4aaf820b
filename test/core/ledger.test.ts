import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { Call } from '../../core/calls/call.ts';
import { Ledger } from '../../core/calls/ledger.ts';
import { Journal } from '../../core/journal.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { ObedientStore } from './quiet-ports.ts';
import { CUSTOMER } from './store/rows.ts';

const REMEMBERED_MIN = 5_000;

function ledgerOver(store: ObedientStore): Ledger {
  return new Ledger({ store, journal: new Journal({ epoch: 'e' }), calendar: (now) => now, random: seeded(1) });
}

function callOn(ledger: Ledger, leg: number): Call {
  const facts = {
    customerId: CUSTOMER.id,
    direction: 'outgoing',
    source: address('extension', '1000'),
    destination: address('extension', '1001'),
    extensionId: null,
    masterCallId: null,
  } as const;
  return ledger.create(leg as LegId, facts, leg);
}

test('a call that changed several times in one input is written once, as it is at its end', () => {
  const store = new ObedientStore();
  const ledger = ledgerOver(store);
  const call = callOn(ledger, 1);
  call.ring(2);
  ledger.publish('call_ringing', call, 2);
  ledger.commit();
  call.answer(3);
  ledger.publish('call_progressing', call, 3);
  ledger.commit();
  ledger.commit();
  expect(store.writes.map((write) => write.kind === 'saveCall' && write.row.status)).toEqual([
    'ringing',
    'progressing',
  ]);
});

test('why calls ended is remembered of the last thousands, and of no more than twice as many', () => {
  const ledger = ledgerOver(new ObedientStore());
  const calls = Array.from({ length: 3 * REMEMBERED_MIN }, (_, i) => {
    const call = callOn(ledger, i + 1);
    call.end('busy', i);
    ledger.forget(call);
    ledger.commit();
    return call.record.id;
  });
  const known = calls.filter((id) => ledger.causeOf(id) === 'busy');
  expect(known.length).toBeGreaterThanOrEqual(REMEMBERED_MIN);
  expect(known.length).toBeLessThanOrEqual(2 * REMEMBERED_MIN);
  expect(known).toEqual(calls.slice(-known.length));
});
