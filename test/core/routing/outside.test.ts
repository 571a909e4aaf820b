import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { type DialRoute, EVERYBODY } from '../../../core/directory/records.ts';
import type { CustomerId, DialRouteId, NumberId, OutboundConfigId, ProviderId } from '../../../core/kernel/ids.ts';
import { carriagesOf } from '../../../core/routing/outside.ts';
import { providerOf } from '../../sim/providers.ts';
import { CUSTOMER, NUMBER } from '../store/rows.ts';

const STAMPS = { createdAt: 0, updatedAt: null, deletedAt: null };
const OWN = { ...NUMBER, number: '+4930123456', type: 'normal' } as const;

let count = 0;
function route(provider: number, target: string, customerId: CustomerId = CUSTOMER.id, priority = 0): DialRoute {
  const id = `route ${++count}` as DialRouteId;
  return { ...STAMPS, id, customerId, name: '', detail: '', providerId: providerOf(provider, {}).id, priority, target };
}

function installation(
  routes: readonly DialRoute[],
  { whitelist = ['de'], defaultNumberId = OWN.id as NumberId | null } = {},
) {
  const directory = new Directory('', 'DE');
  directory.putCustomer(CUSTOMER);
  directory.putNumber(OWN);
  for (let number = 1; number <= 4; number++) directory.putProvider(providerOf(number, {}));
  for (const row of routes) directory.putDialRoute(row);
  const id = 'outbound' as OutboundConfigId;
  const rest = { name: '', detail: '', codecs: '', callsMax: 0, destinationWhitelist: whitelist, defaultNumberId };
  directory.putOutboundConfig({ ...STAMPS, ...rest, id, customerId: CUSTOMER.id });
  return directory;
}

function providers(directory: Directory, dialled = '08912345678', source = address('extension', '1000')): unknown {
  const outside = carriagesOf(directory, { customerId: CUSTOMER.id, dialled, source, forwardedFrom: '' });
  if (outside.kind === 'refused') return outside.cause;
  return outside.carriages.map(({ provider }) => Number((provider.id as ProviderId).slice(-2)));
}

test("a customer's routes to a code come first, then its routes to everywhere, then those of everybody", () => {
  const routes = [route(4, 'all', EVERYBODY), route(3, '+49', EVERYBODY), route(2, 'all'), route(1, '49')];
  expect(providers(installation(routes))).toEqual([1, 2, 3, 4]);
});

test('a provider that a customer has a route to is not added for everybody, and other codes lead elsewhere', () => {
  expect(providers(installation([route(1, 'all'), route(1, 'all', EVERYBODY)]))).toEqual([1]);
  expect(providers(installation([route(1, '+1'), route(2, '+4')]))).toBe('not-found');
});

test('of routes that are alike the smaller priority comes first', () => {
  expect(providers(installation([route(1, 'all', EVERYBODY, 9), route(2, 'all', EVERYBODY, 1)]))).toEqual([2, 1]);
});

test('an empty list of countries forbids all of them', () => {
  expect(providers(installation([route(1, 'all')], { whitelist: [] }))).toBe('forbidden');
  expect(providers(installation([route(1, 'all')]), '0033 1 23 45 67 89')).toBe('forbidden');
});

test('without a number to be shown nobody is called, but for help', () => {
  const directory = installation([route(1, 'all')], { defaultNumberId: null });
  expect(providers(directory)).toBe('forbidden');
  expect(providers(directory, '08912345678', address('tel', '030123456'))).toEqual([1]);
  expect(providers(directory, '110')).toEqual([1]);
});

test('codes that no country has are not called', () => {
  expect(providers(installation([route(1, 'all')]), '+881612345678')).toBe('not-found');
});
