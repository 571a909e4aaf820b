import { ULAW_LINEAR } from '../media/codec/g711.ts';

/** A frame of PCMU that nobody takes for silence, from its first sample on: a square wave of 1 kHz. */
export const LOUD_FRAME = Uint8Array.from({ length: 160 }, (_, i) => (i % 8 < 4 ? 0x90 : 0x10));
export const SILENT_FRAME = new Uint8Array(160).fill(0xff);
const THRESHOLD = 1500;

/** Index of the first loud sample; -1 without any. */
export function loudAt(samples: Int16Array): number {
  return samples.findIndex((sample) => Math.abs(sample) > THRESHOLD);
}

/** The same of a payload of PCMU, `bytes[start … end)`. */
export function loudAtOf(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (Math.abs(ULAW_LINEAR[bytes[i]!]!) > THRESHOLD) return i - start;
  return -1;
}
