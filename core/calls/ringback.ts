import type { PlaySource } from '../ports.ts';
import { countryOfNumber } from '../routing/country-of-number.ts';
import type { Address } from './address.ts';

/**
 * What a caller hears while these ring: the ringback of the country whose number is called, as its own exchange would
 * sound it; that of the installation where no number is, or several countries are.
 */
export function ringbackOf(destinations: readonly Address[]): PlaySource {
  const countries = new Set(
    destinations.map(({ type, target }) =>
      type === 'tel' && target.startsWith('+') ? countryOfNumber(target) : undefined,
    ),
  );
  const [country] = countries;
  if (countries.size !== 1 || country === undefined) return { kind: 'tone', tone: 'ringback' };
  return { kind: 'tone', tone: 'ringback', country };
}
