/** Numbers that bring help, by ISO 3166-1 alpha-2 in upper case; 112 does wherever mobile networks are (3GPP TS 22.101). */
const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  US: ['911'],
  CA: ['911'],
  GB: ['999'],
  DE: ['110'],
  FR: ['15', '17', '18', '114'],
  ES: ['061', '062', '080', '091'],
  IT: ['113', '115', '118'],
  AT: ['122', '133', '144'],
  CH: ['117', '118', '144'],
  PL: ['997', '998', '999'],
  NO: ['110', '113'],
  BE: ['100', '101'],
  IE: ['999'],
  AU: ['000'],
  NZ: ['111'],
  IN: ['100', '101', '102', '108'],
  JP: ['110', '118', '119'],
  KR: ['119'],
  BR: ['190', '192', '193'],
  MX: ['911'],
  ZA: ['10111', '10177'],
};

/** Whether a dialled user part calls for help in this country; '' for one that is not known. */
export function isEmergencyNumber(user: string, country: string): boolean {
  if (user === '112') return true;
  return NUMBERS[country.toUpperCase()]?.includes(user) ?? (country === '' && user === '911');
}
