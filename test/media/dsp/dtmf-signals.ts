import { seeded } from '../../../core/kernel/random.ts';
import { decodeAlaw, decodeUlaw, encodeAlaw, encodeUlaw } from '../../../media/codec/g711.ts';
import { DtmfDetector } from '../../../media/dsp/dtmf-detector.ts';

/** Stimuli of the tests of DTMF receivers, made without the code under test. */

export const KEYS = '123A456B789C*0#D';
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];

/** Peak of a sine of this many dBm0: full scale is 3.14 dBm0. */
export const peakOf = (dbm0: number): number => 32768 * 10 ** ((dbm0 - 3.14) / 20);

export interface KeyPress {
  readonly key: string;
  readonly onMs?: number;
  readonly offMs?: number;
  readonly rowDbm0?: number;
  readonly columnDbm0?: number;
  /** Factors of the frequencies. */
  readonly rowFactor?: number;
  readonly columnFactor?: number;
}

/** Keys one after the other, as reals, beginning after `leadMs` of silence. */
export function presses(keys: readonly KeyPress[], leadMs = 0): Float64Array {
  const parts: Float64Array[] = [new Float64Array(Math.round(leadMs * 8))];
  for (const { key, onMs = 50, offMs = 50, rowDbm0 = -10, columnDbm0 = -10, ...factors } of keys) {
    const index = KEYS.indexOf(key);
    const row = ((2 * Math.PI) / 8000) * ROWS[index >> 2]! * (factors.rowFactor ?? 1);
    const column = ((2 * Math.PI) / 8000) * COLUMNS[index & 3]! * (factors.columnFactor ?? 1);
    const on = Math.round(onMs * 8);
    const part = new Float64Array(on + Math.round(offMs * 8));
    for (let i = 0; i < on; i++) {
      part[i] = peakOf(rowDbm0) * Math.sin(row * i) + peakOf(columnDbm0) * Math.sin(column * i);
    }
    parts.push(part);
  }
  return joined(parts);
}

export function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Adds white Gaussian noise of this many dBm0. */
export function noisy(signal: Float64Array, dbm0: number, seed: number): Float64Array {
  const random = seeded(seed);
  const sigma = peakOf(dbm0) / Math.SQRT2;
  return signal.map((value) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return value + sigma * radius * Math.cos(2 * Math.PI * random.next());
  });
}

export function clipped(signal: Float64Array): Int16Array {
  return Int16Array.from(signal, (value) => Math.max(-32768, Math.min(32767, Math.round(value))));
}

export type Law = 'linear' | 'PCMU' | 'PCMA';

/** What of the samples is left behind an encoder and a decoder. */
export function through(law: Law, samples: Int16Array): Int16Array {
  if (law === 'linear') return samples;
  const bytes = new Uint8Array(samples.length);
  const heard = new Int16Array(samples.length);
  (law === 'PCMU' ? encodeUlaw : encodeAlaw)(samples, 0, samples.length, bytes, 0);
  (law === 'PCMU' ? decodeUlaw : decodeAlaw)(bytes, 0, bytes.length, heard, 0);
  return heard;
}

export interface HeardKey {
  readonly digit: string;
  readonly durationMs: number;
  /** The end of the frame with which it was told. */
  readonly atMs: number;
}

/** Keys heard in it, frame by frame, with a pause at the end. */
export function heardIn(samples: Int16Array, detector = new DtmfDetector()): HeardKey[] {
  const whole = new Int16Array(samples.length + 800);
  whole.set(samples);
  const keys: HeardKey[] = [];
  for (let at = 0; at < whole.length; at += 160) {
    detector.receive(whole, at, Math.min(160, whole.length - at));
    for (let key = detector.poll(); key !== undefined; key = detector.poll())
      keys.push({ ...key, atMs: (at + 160) / 8 });
  }
  return keys;
}

/** The keys alone. */
export const textIn = (samples: Int16Array): string =>
  heardIn(samples)
    .map(({ digit }) => digit)
    .join('');
