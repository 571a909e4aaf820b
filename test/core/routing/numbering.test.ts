import { describe, expect, test } from 'vitest';
import { e164Candidates, isNumeric } from '../../../core/routing/numbering.ts';

const first = (user: string, country = '') => e164Candidates(user, country)[0];

describe('a dialled number', () => {
  test.each([
    ['+4930123456', '', '+4930123456'],
    ['+49 (30) 123-456', '', '+4930123456'],
    ['004930123456', '', '+4930123456'],
    ['004930123456', 'US', '+4930123456'],
    ['01149301234567', 'US', '+49301234567'],
    ['001149301234567', 'AU', '+49301234567'],
    ['01049301234567', 'JP', '+49301234567'],
    ['030123456', 'DE', '+4930123456'],
    ['02079460000', 'GB', '+442079460000'],
    ['0123456789', 'FR', '+33123456789'],
    ['5551234567', 'US', '+15551234567'],
    ['15551234567', 'CA', '+15551234567'],
    ['0612345678', 'IT', '+390612345678'],
    ['912345678', 'ES', '+34912345678'],
    ['0612345678', 'nl', '+31612345678'],
    ['899000000101', '', '+899000000101'],
    ['899000000101', 'DE', '+899000000101'],
  ])('%s in %s means %s', (user, country, number) => {
    expect(first(user, country)).toBe(number);
  });

  test.each([
    ['1001', 'DE'],
    ['12', ''],
    ['+123456', ''],
    ['+1234567890123456', ''],
    ['+0123456789', ''],
    ['alice', 'DE'],
    ['+49alice', ''],
    ['', 'DE'],
    ['*123#', 'DE'],
  ])('%s in %s means none', (user, country) => {
    expect(e164Candidates(user, country)).toEqual([]);
  });

  test('is none in its national form without a country, or with one that nobody knows', () => {
    expect(e164Candidates('030123456', '')).toEqual([]);
    expect(e164Candidates('030123456', 'XX')).toEqual([]);
  });

  test('may be national or lack its plus: both are told, the national form first', () => {
    expect(e164Candidates('4930123456', 'US')).toEqual(['+14930123456', '+4930123456']);
  });

  test('looks like one with a plus, digits and visual separators alone', () => {
    expect(['+49 30-12', '1001', '(030) 12'].map(isNumeric)).toEqual([true, true, true]);
    expect(['alice', '', '+', '12a', '++1'].map(isNumeric)).toEqual([false, false, false, false, false]);
  });
});
