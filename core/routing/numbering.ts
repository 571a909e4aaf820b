/** How people of a country dial (ITU-T E.164, E.123, and the national numbering plans). */
interface DiallingPlan {
  /** Country calling code. */
  readonly code: string;
  /** What is dialled before a national number and is no part of it; '' where there is none. */
  readonly trunkPrefix: string;
  /** What is dialled before a calling code. `00` works everywhere besides. */
  readonly internationalPrefix: string;
  /** Digits of a national number without its trunk prefix, shortest and longest. */
  readonly digits: readonly [number, number];
}

function plan(code: string, trunkPrefix: string, min: number, max: number, internationalPrefix = '00'): DiallingPlan {
  return { code, trunkPrefix, internationalPrefix, digits: [min, max] };
}

/** By ISO 3166-1 alpha-2. */
const PLANS: Readonly<Record<string, DiallingPlan>> = {
  US: plan('1', '1', 10, 10, '011'),
  CA: plan('1', '1', 10, 10, '011'),
  GB: plan('44', '0', 7, 10),
  DE: plan('49', '0', 5, 13),
  FR: plan('33', '0', 9, 9),
  NL: plan('31', '0', 9, 11),
  ES: plan('34', '', 9, 9),
  // The leading 0 of a fixed line belongs to the number.
  IT: plan('39', '', 6, 12),
  AT: plan('43', '0', 4, 13),
  CH: plan('41', '0', 9, 12),
  PL: plan('48', '', 9, 9),
  SE: plan('46', '0', 7, 13),
  NO: plan('47', '', 8, 12),
  DK: plan('45', '', 8, 8),
  FI: plan('358', '0', 5, 12),
  BE: plan('32', '0', 8, 9),
  IE: plan('353', '0', 7, 11),
  PT: plan('351', '', 9, 9),
  AU: plan('61', '0', 5, 12, '0011'),
  NZ: plan('64', '0', 7, 10),
  IN: plan('91', '0', 8, 10),
  JP: plan('81', '0', 9, 10, '010'),
  KR: plan('82', '0', 8, 11),
  BR: plan('55', '0', 10, 11),
  MX: plan('52', '', 10, 10),
  ZA: plan('27', '0', 9, 9),
};

/** Between digits people write these; they are dropped (RFC 3966 §5.1.1). */
const VISUAL_SEPARATORS = /[-.() ]/g;
const E164_DIGITS = /^[1-9][0-9]{6,14}$/;
const EVERYWHERE = '00';

/** Whether it looks like a telephone number rather than a name. */
export function isNumeric(user: string): boolean {
  return /^\+?[0-9]+$/.test(user.replace(VISUAL_SEPARATORS, ''));
}

/**
 * The E.164 numbers (with `+`) that a dialled user part may mean, likeliest first: as written with `+`, after an
 * international prefix, the national form of the country, then bare digits that lack their `+`. Empty for what is no
 * number. `country` is an ISO 3166-1 alpha-2 code; without one, or with one that is not known, national forms mean
 * nothing.
 */
export function e164Candidates(user: string, country: string): readonly string[] {
  const text = user.replace(VISUAL_SEPARATORS, '');
  if (text.startsWith('+')) return onlyNumbers([text.slice(1)]);
  if (!/^[0-9]+$/.test(text)) return [];
  const dialling = PLANS[country.toUpperCase()];
  return onlyNumbers([
    ...afterInternationalPrefix(text, dialling),
    ...(dialling === undefined ? [] : nationalForms(text, dialling)),
    text,
  ]);
}

/** How people of this country dial the number (`+` and digits); of one whose plan is not known, after 00. */
export function nationalForm(number: string, country: string): string {
  const dialling = PLANS[country.toUpperCase()];
  const digits = number.slice(1);
  if (dialling === undefined) return EVERYWHERE + digits;
  const { code, trunkPrefix, internationalPrefix } = dialling;
  return digits.startsWith(code) ? trunkPrefix + digits.slice(code.length) : internationalPrefix + digits;
}

function afterInternationalPrefix(text: string, dialling: DiallingPlan | undefined): readonly string[] {
  const own = dialling?.internationalPrefix ?? EVERYWHERE;
  if (own !== EVERYWHERE && text.startsWith(own)) return [text.slice(own.length)];
  return text.startsWith(EVERYWHERE) ? [text.slice(EVERYWHERE.length)] : [];
}

/** Where a trunk prefix exists, a number without it is a local one, of an area that nobody knows. */
function nationalForms(text: string, { code, trunkPrefix, digits }: DiallingPlan): readonly string[] {
  // North Americans dial ten digits with the 1 or without it.
  const isPrefixOptional = trunkPrefix === '1';
  const significant = text.startsWith(trunkPrefix) ? [text.slice(trunkPrefix.length)] : [];
  if (isPrefixOptional) significant.push(text);
  return significant
    .filter((national) => national.length >= digits[0] && national.length <= digits[1])
    .filter((national) => trunkPrefix === '' || !national.startsWith('0'))
    .map((national) => code + national);
}

function onlyNumbers(candidates: readonly string[]): readonly string[] {
  return candidates.filter((digits) => E164_DIGITS.test(digits)).map((digits) => `+${digits}`);
}
