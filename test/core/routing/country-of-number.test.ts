import { expect, test } from 'vitest';
import { callingCodeOf, countryOfNumber } from '../../../core/routing/country-of-number.ts';

test.each([
  ['+4930123456', 'de', '49'],
  ['+12125551234', 'us', '1'],
  ['+14165551234', 'ca', '1'],
  ['+18765551234', 'jm', '1'],
  ['+18095551234', 'do', '1'],
  ['+74951234567', 'ru', '7'],
  ['+77271234567', 'kz', '7'],
  ['+441534123456', 'je', '44'],
  ['+442071234567', 'gb', '44'],
  ['+390212345678', 'it', '39'],
  ['+3906698123', 'va', '39'],
  ['+35318901234', 'ie', '353'],
  ['+881612345678', undefined, ''],
  ['+21012345678', undefined, ''],
])('%s is a number of %s', (number, country, code) => {
  expect(countryOfNumber(number)).toBe(country);
  expect(callingCodeOf(number)).toBe(code);
});
