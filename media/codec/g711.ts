import type { StatelessCodec } from './codec.ts';

/** Digital silence of each law: the code of the smallest positive value. */
export const ULAW_SILENCE = 0xff;
export const ALAW_SILENCE = 0xd5;

const ULAW_BIAS = 132;

/** One µ-law code to its 16-bit value (ITU-T G.711, table 2b; 14 bits left-justified). */
export function ulawToLinear(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + ULAW_BIAS) << ((inverted >> 4) & 7)) - ULAW_BIAS;
  return (inverted & 0x80) !== 0 ? -magnitude : magnitude;
}

/** One 16-bit value to its µ-law code; decision values as in ITU-T G.191 (values beyond the range are clipped). */
export function linearToUlaw(sample: number): number {
  const negative = sample < 0;
  // One's complement of the 14-bit value, so that both signs have the same decision values (G.191).
  const magnitude = Math.min((negative ? ~sample >> 2 : sample >> 2) + 33, 0x1fff);
  const segment = 31 - Math.clz32(magnitude) - 5;
  const code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0f);
  return (negative ? ~code & 0x7f : ~code & 0xff) & 0xff;
}

/** One A-law code to its 16-bit value (ITU-T G.711, table 1b; 13 bits left-justified). */
export function alawToLinear(code: number): number {
  const toggled = code ^ 0x55;
  const segment = (toggled >> 4) & 7;
  const step = ((toggled & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (toggled & 0x80) !== 0 ? magnitude : -magnitude;
}

/** One 16-bit value to its A-law code; decision values as in ITU-T G.191. */
export function linearToAlaw(sample: number): number {
  const negative = sample < 0;
  const magnitude = (negative ? ~sample : sample) >> 4;
  const segment = magnitude < 32 ? (magnitude >> 4) & 1 : 31 - Math.clz32(magnitude) - 3;
  const mantissa = segment <= 1 ? magnitude & 0x0f : (magnitude >> (segment - 1)) & 0x0f;
  return ((segment << 4) | mantissa | (negative ? 0 : 0x80)) ^ 0x55;
}

function expandAll(toLinear: (code: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, code) => toLinear(code));
}

/** Indexed by the sample as an unsigned 16-bit number. */
function compressAll(toCode: (sample: number) => number): Uint8Array {
  return Uint8Array.from({ length: 65536 }, (_, sample) => toCode((sample << 16) >> 16));
}

/** The value of each code. */
export const ULAW_LINEAR = expandAll(ulawToLinear);
export const ALAW_LINEAR = expandAll(alawToLinear);
/** The code of each value, indexed by it as an unsigned 16-bit number. */
export const ULAW_CODE = compressAll(linearToUlaw);
export const ALAW_CODE = compressAll(linearToAlaw);

/** Byte to byte, without linear samples in between: what the two laws make of the same value. */
export const ULAW_TO_ALAW = Uint8Array.from(ULAW_LINEAR, linearToAlaw);
export const ALAW_TO_ULAW = Uint8Array.from(ALAW_LINEAR, linearToUlaw);

/** Copies `from[start … end)` to `to` at `at`, each byte replaced by `table[byte]`; returns the offset behind. */
export function mapBytes(
  table: Uint8Array,
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): number {
  const shift = at - start;
  for (let i = start; i < end; i++) to[i + shift] = table[from[i]!]!;
  return end + shift;
}

/** Decodes `bytes[start … end)` to `samples` from `offset` on, as far as it has room; returns the number of samples. */
export function decodeUlaw(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number {
  return expand(ULAW_LINEAR, bytes, start, end, samples, offset);
}

/** As `decodeUlaw`, for A-law. */
export function decodeAlaw(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number {
  return expand(ALAW_LINEAR, bytes, start, end, samples, offset);
}

/** Encodes `samples[offset … offset + count)` to `bytes` from `at` on; returns the number of bytes. */
export function encodeUlaw(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number {
  return compress(ULAW_CODE, samples, offset, count, bytes, at);
}

/** As `encodeUlaw`, for A-law. */
export function encodeAlaw(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number {
  return compress(ALAW_CODE, samples, offset, count, bytes, at);
}

function expand(
  table: Int16Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  samples: Int16Array,
  offset: number,
): number {
  const count = Math.min(end - start, samples.length - offset);
  for (let i = 0; i < count; i++) samples[offset + i] = table[bytes[start + i]!]!;
  return count;
}

function compress(
  table: Uint8Array,
  samples: Int16Array,
  offset: number,
  count: number,
  bytes: Uint8Array,
  at: number,
): number {
  for (let i = 0; i < count; i++) bytes[at + i] = table[samples[offset + i]! & 0xffff]!;
  return count;
}

function stateless(
  name: string,
  payloadType: number,
  decode: StatelessCodec['decode'],
  encode: StatelessCodec['encode'],
): StatelessCodec {
  const codec: StatelessCodec = {
    name,
    clockRateHz: 8000,
    sampleRateHz: 8000,
    packetSamples: 160,
    frameBytes: 160,
    payloadType,
    concealment: undefined,
    sizeBytes: (samples) => samples,
    encoder: () => codec,
    decoder: () => codec,
    decode,
    encode,
    expectLoss: () => {},
    close: () => {},
  };
  return codec;
}

/** µ-law, payload type 0 (RFC 3551 §4.5.14). */
export const pcmu = stateless('PCMU', 0, decodeUlaw, encodeUlaw);

/** A-law, payload type 8 (RFC 3551 §4.5.14). */
export const pcma = stateless('PCMA', 8, decodeAlaw, encodeAlaw);
