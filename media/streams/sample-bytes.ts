import type { StreamFormatName } from '../../core/ports.ts';
import { ALAW_CODE, ALAW_LINEAR, ULAW_CODE, ULAW_LINEAR } from '../codec/g711.ts';

const RATES_HZ: Readonly<Record<StreamFormatName, number>> = {
  ulaw: 8000,
  alaw: 8000,
  slin: 8000,
  slin16: 16_000,
  slin24: 24_000,
  slin48: 48_000,
};

/** Samples in a second of a format. */
export function rateOf(format: StreamFormatName): number {
  return RATES_HZ[format];
}

/** Samples as bytes of a format and back, in pieces of any size: an odd byte waits for its other half. */
export class SampleBytes {
  readonly #laws: { readonly codes: Uint8Array; readonly values: Int16Array } | undefined;
  readonly #isLittle: boolean;
  /** The first byte of a sample whose second has not come; -1 for none. */
  #half = -1;

  /** 16-bit samples are in this order; network order is `big`. */
  constructor(format: StreamFormatName, order: 'little' | 'big') {
    if (format === 'ulaw') this.#laws = { codes: ULAW_CODE, values: ULAW_LINEAR };
    if (format === 'alaw') this.#laws = { codes: ALAW_CODE, values: ALAW_LINEAR };
    this.#isLittle = order === 'little';
  }

  /** Bytes of so many samples. */
  sizeOf(samples: number): number {
    return this.#laws === undefined ? 2 * samples : samples;
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): void {
    if (this.#laws !== undefined) {
      const { codes } = this.#laws;
      for (let i = 0; i < samples.length; i++) into[at + i] = codes[samples[i]! & 0xffff]!;
      return;
    }
    const low = this.#isLittle ? 0 : 1;
    for (let i = 0; i < samples.length; i++) {
      into[at + 2 * i + low] = samples[i]!;
      into[at + 2 * i + 1 - low] = samples[i]! >> 8;
    }
  }

  /** The samples that are complete by now. */
  decode(bytes: Uint8Array): Int16Array {
    if (this.#laws !== undefined) {
      const { values } = this.#laws;
      const samples = new Int16Array(bytes.length);
      for (let i = 0; i < samples.length; i++) samples[i] = values[bytes[i]!]!;
      return samples;
    }
    const offset = this.#half === -1 ? 0 : 1;
    const samples = new Int16Array((bytes.length + offset) >> 1);
    for (let i = 0; i < samples.length; i++) {
      const at = 2 * i - offset;
      const first = at === -1 ? this.#half : bytes[at]!;
      const second = bytes[at + 1]!;
      samples[i] = this.#isLittle ? first | (second << 8) : (first << 8) | second;
    }
    if (bytes.length > 0 || offset === 0) {
      this.#half = (bytes.length + offset) % 2 === 0 ? -1 : (bytes.at(-1) ?? this.#half);
    }
    return samples;
  }
}
