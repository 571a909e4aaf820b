import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { type DialRoute, EVERYBODY } from '../../../core/directory/records.ts';
import type { CustomerId, DialRouteId, NumberId, OutboundConfigId, TrunkId } from '../../../core/kernel/ids.ts';
import { reachOf } from '../../../core/routing/destination.ts';
import { carriagesOf } from '../../../core/routing/outside.ts';
import { ownTrunkOf } from '../../sim/own-trunks.ts';
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
  return outside.carriages.map(({ gateway }) => Number(gateway.id.slice(-2)));
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

test("a customer's own trunk carries calls by a route, and by its name whatever is dialled; another's is none of it", () => {
  const trunk = { ...ownTrunkOf(1, { hostname: 'pbx.example' }), customerId: CUSTOMER.id };
  const directory = installation([{ ...route(1, 'all'), providerId: trunk.id }, route(2, 'all', CUSTOMER.id, 1)]);
  directory.putTrunk(trunk);
  expect(providers(directory)).toEqual([1, 2]);
  const calling = { customerId: CUSTOMER.id, source: address('extension', '1000'), forwardedFrom: '' };
  const to = (target: string, changes: Partial<typeof calling> & { cameFrom?: TrunkId } = {}): unknown => {
    const reach = reachOf(directory, { ...calling, ...changes }, address('sip', target), 0);
    return reach.kind === 'refused'
      ? reach.cause
      : reach.diallings.map((one) => [one.target.contact, one.carrier?.caller]);
  };
  expect(to('sip:200@pbx1.trunk')).toEqual([['sip:200@pbx.example', OWN.number]]);
  expect(to('sip:200@PBX1.trunk.any.example', { source: address('tel', '030123456') })).toEqual([
    ['sip:200@pbx.example', OWN.number],
  ]);
  expect(to('sip:200@pbx1.trunk.example', { cameFrom: trunk.id })).toEqual([['sip:200@pbx1.trunk.example', undefined]]);
  const other = to('sip:200@pbx1.trunk.example', { customerId: 'other' as CustomerId });
  expect(other).toEqual([['sip:200@pbx1.trunk.example', undefined]]);
  directory.putTrunk({ ...trunk, hostname: '' });
  expect(providers(directory)).toEqual([2]);
});
