import { describe, expect, test } from 'vitest';
import { Directory } from '../../../core/directory/directory.ts';
import type { PhoneNumber } from '../../../core/directory/records.ts';
import { routeOf } from '../../../core/routing/route.ts';
import { bindingOf, OTHER_CUSTOMER } from '../office.ts';
import { CUSTOMER, EXTENSION, FLOW, NUMBER } from '../store/rows.ts';

function routed(
  toUser: string,
  { number = NUMBER, country = '', hasFlow = true, contacts = 1, customer = CUSTOMER.id } = {},
) {
  const directory = new Directory();
  directory.putExtension(EXTENSION);
  directory.putNumber(number);
  if (hasFlow) directory.putFlow(FLOW);
  for (let i = 0; i < contacts; i++) directory.putBinding(bindingOf(i));
  const route = routeOf(directory, customer, toUser, 0, country);
  if (route.kind === 'refused') return route.cause;
  return route.kind === 'extension' ? `extension ${route.extension.extension}` : `number ${route.number.number}`;
}

const german: PhoneNumber = { ...NUMBER, number: '+4930123456' };

describe('a route', () => {
  test('leads to an own extension that a phone is registered for', () => {
    expect(routed('1001')).toBe('extension 1001');
    expect(routed('1001', { contacts: 0 })).toBe('unavailable');
    expect(routed('1002')).toBe('not-found');
  });

  test('leads to an extension rather than to a number with the same short code', () => {
    expect(routed('1001', { number: { ...NUMBER, shortCode: '1001' } })).toBe('extension 1001');
  });

  test('leads to an own number by its full form, without its plus, after 00 and by its short code', () => {
    for (const toUser of ['+899000000101', '899000000101', '00899000000101', '9101']) {
      expect(routed(toUser)).toBe('number +899000000101');
    }
  });

  test('understands national forms of the country where the installation is', () => {
    expect(routed('030123456', { number: german, country: 'DE' })).toBe('number +4930123456');
    expect(routed('030123456', { number: german, country: 'FR' })).toBe('not-found');
    expect(routed('01149 30-123456', { number: german, country: 'US' })).toBe('number +4930123456');
  });

  test("leads nowhere for another customer's number or short code", () => {
    expect(routed('+899000000101', { customer: OTHER_CUSTOMER })).toBe('not-found');
    expect(routed('9101', { customer: OTHER_CUSTOMER })).toBe('not-found');
  });

  test('leads nowhere for a number without a flow, whose flow is gone, or that is not active', () => {
    expect(routed('9101', { number: { ...NUMBER, callFlowId: null } })).toBe('not-found');
    expect(routed('9101', { hasFlow: false })).toBe('not-found');
    expect(routed('+899000000101', { number: { ...NUMBER, status: 'deleted' } })).toBe('not-found');
  });
});
