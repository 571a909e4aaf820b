import { ALAW_CODE, ULAW_CODE } from './codec/g711.ts';

/**
 * The inner loops of mixing: free functions over typed arrays, so that the compiler keeps them tight. A sum holds far more
 * talkers than a conference has; it is clipped once, when it is heard.
 */

/** Codes of the two laws by format, as in `stream-formats.ts`. */
const CODES = [undefined, ULAW_CODE, ALAW_CODE];

/** The codes of a format by sample. */
export function codesOf(format: number): Uint8Array {
  return CODES[format]!;
}

function clipped(value: number): number {
  if (value > 32767) return 32767;
  if (value < -32768) return -32768;
  return value;
}

/** The first talker of a tick. */
export function begin(sum: Int32Array, samples: Int16Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = samples[i]!;
}

/** Every further talker. */
export function add(sum: Int32Array, samples: Int16Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += samples[i]!;
}

/** What was summed elsewhere: `other[from …]`. */
export function addSum(sum: Int32Array, other: Int32Array, from: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += other[from + i]!;
}

/** The sum as samples. */
export function clip(sum: Int32Array, into: Int16Array): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = clipped(sum[i]!);
  }
}

/** The sum without one's own voice, as samples. */
export function clipLess(sum: Int32Array, own: Int16Array, into: Int16Array): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = clipped(sum[i]! - own[i]!);
  }
}

/** Samples louder or softer by a factor. */
export function amplify(samples: Int16Array, factor: number, into: Int16Array): void {
  for (let i = 0; i < samples.length; i++) into[i] = clipped(Math.round(samples[i]! * factor));
}

/** From one factor to another along the first `count` samples, then at that. */
export function glide(samples: Int16Array, from: number, to: number, count: number, into: Int16Array): void {
  for (let i = 0; i < samples.length; i++) {
    const factor = i < count ? from + ((to - from) * (i + 1)) / count : to;
    into[i] = clipped(Math.round(samples[i]! * factor));
  }
}

/** Samples that are mixed already, without one's own among them. */
export function without(samples: Int16Array, own: Int16Array, into: Int16Array): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = clipped(samples[i]! - own[i]!);
  }
}

/** What is played to one party alone, on top of what it hears. */
export function clipMore(samples: Int16Array, more: Int16Array): void {
  for (let i = 0; i < samples.length; i++) {
    samples[i] = clipped(samples[i]! + more[i]!);
  }
}

/** The same of what lies among words: `more[from …]`. */
export function clipMoreWords(samples: Int16Array, more: Int32Array, from: number): void {
  for (let i = 0; i < samples.length; i++) samples[i] = clipped(samples[i]! + more[from + i]!);
}

/** Nothing louder than the noise of a good line: -50 dBov. */
const SILENCE_PEAK = 100;

export function isSilent(sum: Int32Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (sum[i]! > SILENCE_PEAK || sum[i]! < -SILENCE_PEAK) return false;
  return true;
}

/** `clip` and encoding in one. */
export function encodeSum(sum: Int32Array, codes: Uint8Array, out: Uint8Array, at: number): void {
  for (let i = 0; i < sum.length; i++) {
    out[at + i] = codes[clipped(sum[i]!) & 0xffff]!;
  }
}

/** `clipLess` and encoding in one. */
export function encodeLess(sum: Int32Array, own: Int16Array, codes: Uint8Array, out: Uint8Array, at: number): void {
  for (let i = 0; i < sum.length; i++) {
    out[at + i] = codes[clipped(sum[i]! - own[i]!) & 0xffff]!;
  }
}

/** A frame of samples, none of which needs clipping any more. */
export function encode(samples: Int16Array, codes: Uint8Array, out: Uint8Array, at: number): void {
  for (let i = 0; i < samples.length; i++) out[at + i] = codes[samples[i]! & 0xffff]!;
}

/** A payload that was encoded for somebody else, word by word: `at` counts words. */
export function copyWords(words: Uint32Array, count: number, out: Uint32Array, at: number): void {
  for (let i = 0; i < count; i++) out[at + i] = words[i]!;
}

/** Mean square of a frame. */
export function meanSquare(samples: Int16Array): number {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! * samples[i]!;
  return energy / samples.length;
}
