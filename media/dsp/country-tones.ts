import { type Tone, type ToneName, tone } from './tone.ts';

/**
 * What callers of a country expect to hear, as listed in ITU-T E.180 Supplement 2. A tone is its frequencies, joined by
 * `+`, and its cadence: milliseconds on, off, on, off …; without one it is continuous.
 */
type CountryTones = readonly [dial: string, ringback: string, busy: string, congestion: string];

const EUROPE: CountryTones = ['425', '425 1000 4000', '425 500 500', '425 250 250'];
const NORTH_AMERICA: CountryTones = ['350+440', '440+480 2000 4000', '480+620 500 500', '480+620 250 250'];
const BRITISH_RING = '400+450 400 200 400 2000';

/** By ISO 3166-1 alpha-2. Of tones that are modulated, the two sidebands. */
const COUNTRIES: Readonly<Record<string, CountryTones>> = {
  AT: ['420', '420 1000 5000', '420 400 400', '420 200 200'],
  AU: ['413+438', '413+438 400 200 400 2000', '425 375 375', '425 375 375'],
  BE: ['425', '425 1000 3000', '425 500 500', '425 167 167'],
  BR: ['425', '425 1000 4000', '425 250 250', '425 250 250 750 250'],
  CH: ['425', '425 1000 4000', '425 500 500', '425 200 200'],
  CN: ['450', '450 1000 4000', '450 350 350', '450 700 700'],
  CZ: ['425 330 330 660 660', '425 1000 4000', '425 330 330', '425 165 165'],
  DE: ['425', '425 1000 4000', '425 480 480', '425 240 240'],
  DK: ['425', '425 1000 4000', '425 500 500', '425 200 200'],
  ES: ['425', '425 1500 3000', '425 200 200', '425 200 200 200 200 200 600'],
  FI: ['425', '425 1000 4000', '425 300 300', '425 200 200'],
  FR: ['440', '440 1500 3500', '440 500 500', '440 250 250'],
  GB: ['350+440', BRITISH_RING, '400 375 375', '400 400 350 225 525'],
  GR: ['425 200 300 700 800', '425 1000 4000', '425 300 300', '425 150 150'],
  HK: ['350+440', '440+480 400 200 400 3000', '480+620 500 500', '480+620 250 250'],
  HU: ['425', '425 1250 3750', '425 300 300', '425 300 300'],
  IE: ['425', BRITISH_RING, '425 500 500', '425 250 250'],
  IL: ['400', '400 1000 3000', '400 500 500', '400 250 250'],
  IN: ['375+425', '375+425 400 200 400 2000', '400 750 750', '400 250 250'],
  IT: ['425 200 200 600 1000', '425 1000 4000', '425 500 500', '425 200 200'],
  JP: ['400', '384+416 1000 2000', '400 500 500', '400 500 500'],
  KR: ['350+440', '440+480 1000 2000', '480+620 500 500', '480+620 300 200'],
  MX: ['425', '425 1000 4000', '425 250 250', '425 250 250'],
  NL: ['425', '425 1000 4000', '425 500 500', '425 250 250'],
  NO: ['425', '425 1000 4000', '425 500 500', '425 200 200'],
  NZ: ['400', BRITISH_RING, '400 500 500', '400 250 250'],
  PL: ['425', '425 1000 4000', '425 500 500', '425 500 500'],
  PT: ['425', '425 1000 5000', '425 500 500', '425 200 200'],
  RU: ['425', '425 800 3200', '425 400 400', '425 200 200'],
  SE: ['425', '425 1000 5000', '425 250 250', '425 250 750'],
  SG: ['425', '401+449 400 200 400 2000', '425 750 750', '425 250 250'],
  TR: ['450', '450 2000 4000', '450 500 500', '450 200 200 200 200 200 200 600 200'],
  ZA: ['383+417', '383+417 400 200 400 2000', '400 500 500', '400 250 250'],
};

/** Countries of the plan of North America (calling code 1). */
const NORTH_AMERICAN = 'AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI'.split(' ');

/** Which tones there are, by country; `ZZ` for all the others. */
export const COUNTRY_TONES: ReadonlyMap<string, Readonly<Record<ToneName, Tone>>> = new Map([
  ...Object.entries(COUNTRIES).map(([country, tones]) => [country, read(tones)] as const),
  ...NORTH_AMERICAN.map((country) => [country, read(NORTH_AMERICA)] as const),
  ['ZZ', read(EUROPE)] as const,
]);

/** The tones of a country by its ISO 3166-1 alpha-2 code in either case; European ones where nothing else is known. */
export function tonesOf(country: string): Readonly<Record<ToneName, Tone>> {
  return COUNTRY_TONES.get(country.toUpperCase()) ?? COUNTRY_TONES.get('ZZ')!;
}

function read([dial, ringback, busy, congestion]: CountryTones): Readonly<Record<ToneName, Tone>> {
  return { dial: toneOf(dial), ringback: toneOf(ringback), busy: toneOf(busy), congestion: toneOf(congestion) };
}

function toneOf(text: string): Tone {
  const [frequencies, ...cadence] = text.split(' ');
  return tone(frequencies!.split('+').map(Number), ...cadence.map(Number));
}
