import { expect, test } from 'vitest';
import type { ExtensionId, LegId } from '../../core/kernel/ids.ts';
import type { Caller, SignalingEvent } from '../../core/ports.ts';
import { PARK_SLOTS, parkPlaceOf, userOfSlot } from '../../core/routing/park-slot.ts';
import { providerOf } from '../sim/providers.ts';
import { FROM_TRUNK, type Office, OTHER_CUSTOMER, offered, office } from './office.ts';
import { CUSTOMER, EXTENSION } from './store/rows.ts';

const PROVIDER = providerOf(1, { hostname: '198.51.100.9' });

/** What signalling is asked for when a caller dials this. */
function dial(place: Office, leg: number, toUser: string, changes: Partial<SignalingEvent> = {}): string[] {
  place.calls.receive({ ...offered({ toUser }), leg: leg as LegId, ...changes } as SignalingEvent, leg);
  return place.said();
}

test.each([
  ['*85', 'any'],
  ['*8501', 1],
  ['*8599', 99],
  ['*8500', undefined],
  ['*851', undefined],
  ['*85001', undefined],
  ['*85a1', undefined],
  ['8501', undefined],
  ['', undefined],
])('%s means the place %s', (user, place) => {
  expect(parkPlaceOf(user)).toBe(place);
  if (typeof place === 'number') expect(userOfSlot(place)).toBe(user);
});

test('every slot takes one call; who finds none free is told busy, and there is room again when one leaves', () => {
  const place = office();
  for (let leg = 1; leg <= PARK_SLOTS; leg++) expect(dial(place, leg, '*85')).toContain(`answer ${leg}`);
  expect(dial(place, 500, '*85')).toEqual(['hangup 500 busy']);
  expect(place.calls.parking.liveCount).toBe(PARK_SLOTS);
  place.calls.receive({ kind: 'ended', leg: 7 as LegId, cause: 'normal', by: 'remote' }, 600);
  expect(dial(place, 601, '*85')).toContain('answer 601');
  expect(place.calls.parking.slotOf(601 as LegId)).toBe(7);
});

test('who dials a slot takes who waits there, also from a trunk; another customer has slots of its own', () => {
  const place = office();
  place.directory.putCustomer({ ...CUSTOMER, id: OTHER_CUSTOMER });
  dial(place, 1, '*8504');
  const stranger: Caller = { kind: 'extension', customerId: OTHER_CUSTOMER, extensionId: 'other' as ExtensionId };
  expect(dial(place, 2, '*8504', { caller: stranger, customerId: OTHER_CUSTOMER })).toContain('answer 2');
  expect(place.calls.parking.liveCount).toBe(2);
  place.heard();
  expect(dial(place, 3, '*8504', { caller: FROM_TRUNK })).toContain('answer 3');
  expect([place.heard(), place.calls.parking.liveCount]).toEqual([['stopPlaying 1', 'bridge 1 3'], 1]);
});

test('providers reach no slot, and an extension of that name comes before it', () => {
  const place = office();
  place.directory.putProvider(PROVIDER);
  const provider: Caller = { kind: 'provider', customerId: CUSTOMER.id, providerId: PROVIDER.id };
  expect(dial(place, 1, '*8501', { caller: provider })).toEqual(['hangup 1 not-found']);
  place.directory.putExtension({ ...EXTENSION, id: 'star' as ExtensionId, extension: '*8501' });
  expect(dial(place, 2, '*8501')).toEqual(['hangup 2 unavailable']);
  expect(place.calls.parking.liveCount).toBe(0);
});
