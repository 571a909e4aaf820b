/** Dual-tone multi-frequency signalling (ITU-T Q.23): sixteen keys in four rows and four columns. */

export const ROWS_HZ: readonly number[] = [697, 770, 852, 941];
export const COLUMNS_HZ: readonly number[] = [1209, 1336, 1477, 1633];

/** Key of row r and column c at r × 4 + c. */
export const DTMF_KEYS = '123A456B789C*0#D';

/** The two frequencies of a key, row before column; undefined for what is no key of DTMF. */
export function dtmfFrequenciesHz(key: string): readonly [number, number] | undefined {
  const index = key.length === 1 ? DTMF_KEYS.indexOf(key) : -1;
  if (index === -1) return undefined;
  return [ROWS_HZ[index >> 2]!, COLUMNS_HZ[index & 3]!];
}
