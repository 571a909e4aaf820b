import type { Codec, Decoder, Encoder } from './codec.ts';
import { G722Band, saturate } from './g722-band.ts';

/** Samples that pass through the filters in one go: 40 ms. */
const CHUNK_SAMPLES = 640;

/** Table 11/G.722: half of the quadrature mirror filter; the other half is its mirror image. */
const FILTER = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
const FILTER_SAMPLES = 2 * FILTER.length;
/** Of these, what came before the pair that is filtered. */
const HISTORY_SAMPLES = FILTER_SAMPLES - 2;

/** Decision levels of the quantizer of 6 bits for a scale of 1 (QUANTL). */
const LOW_LEVELS = Int32Array.of(
  0,
  35,
  72,
  110,
  150,
  190,
  233,
  276,
  323,
  370,
  422,
  473,
  530,
  587,
  650,
  714,
  786,
  858,
  940,
  1023,
  1121,
  1219,
  1339,
  1458,
  1612,
  1765,
  1980,
  2195,
  2557,
  2919,
);
/** Output of the inverse quantizers of 6 and 4 bits (INVQBL, INVQAL), for the code and for its upper 4 bits. */
const LOW_OUTPUTS_6 = mirrored6();
const LOW_OUTPUTS_4 = Int32Array.of(
  0,
  -20456,
  -12896,
  -8968,
  -6288,
  -4240,
  -2584,
  -1200,
  20456,
  12896,
  8968,
  6288,
  4240,
  2584,
  1200,
  0,
);
/** Steps of the logarithmic scale by the upper 4 bits (LOGSCL). */
const LOW_STEPS = Int32Array.of(-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60);
/** The upper band: decision level, outputs and steps by its code of 2 bits (QUANTH, INVQAH, LOGSCH). */
const HIGH_LEVEL = 564;
const HIGH_OUTPUTS = Int32Array.of(-7408, -1616, 7408, 1616);
const HIGH_STEPS = Int32Array.of(798, -214, 798, -214);

function mirrored6(): Int32Array {
  const magnitudes = [
    24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464,
    4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728,
  ];
  const negative = magnitudes.map((magnitude) => -magnitude);
  return Int32Array.of(-136, -136, -136, -136, ...negative, ...magnitudes, 432, 136, -432, -136);
}

function lowBand(): G722Band {
  return new G722Band(32, 18_432, 8);
}

function highBand(): G722Band {
  return new G722Band(8, 22_528, 10);
}

/** The 6-bit code of a difference: the interval between decision levels, sought by halves. */
function quantizeLow(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : ~difference;
  let below = 1;
  let above = LOW_LEVELS.length;
  while (below < above) {
    const middle = (below + above) >> 1;
    if (magnitude < (LOW_LEVELS[middle]! * scale) >> 12) above = middle;
    else below = middle + 1;
  }
  // Codes fall from 61 (positive) and 31 (negative); the two smallest negative ones are 63 and 62.
  if (difference >= 0) return 62 - below;
  return below <= 2 ? 64 - below : 34 - below;
}

function quantizeHigh(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : ~difference;
  const isOuter = magnitude >= (HIGH_LEVEL * scale) >> 12;
  if (difference < 0) return isOuter ? 0 : 1;
  return isOuter ? 2 : 3;
}

/** The encoder at 64 kbit/s: 16 kHz in, one byte for two samples. An odd last sample is not taken. */
class G722Encoder implements Encoder {
  readonly #low = lowBand();
  readonly #high = highBand();
  readonly #samples = new Int32Array(HISTORY_SAMPLES + CHUNK_SAMPLES);

  encode(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number {
    const pairs = count >> 1;
    for (let done = 0; done < pairs; ) {
      const taken = Math.min(pairs - done, CHUNK_SAMPLES / 2);
      this.#encodeChunk(samples, offset + 2 * done, taken, bytes, at + done);
      done += taken;
    }
    return pairs;
  }

  expectLoss(): void {}

  close(): void {}

  #encodeChunk(samples: Int16Array, offset: number, pairs: number, bytes: Uint8Array, at: number): void {
    const window = this.#samples;
    for (let i = 0; i < 2 * pairs; i++) window[HISTORY_SAMPLES + i] = samples[offset + i]!;
    for (let pair = 0; pair < pairs; pair++) {
      let even = 0;
      let odd = 0;
      for (let tap = 0, i = 2 * pair; tap < FILTER.length; tap++, i += 2) {
        odd += window[i]! * FILTER[tap]!;
        even += window[i + 1]! * FILTER[FILTER.length - 1 - tap]!;
      }
      bytes[at + pair] = this.#encodePair(saturate((even + odd) >> 14), saturate((even - odd) >> 14));
    }
    window.copyWithin(0, 2 * pairs, 2 * pairs + HISTORY_SAMPLES);
  }

  #encodePair(lowSample: number, highSample: number): number {
    const low = this.#low;
    const high = this.#high;
    const lowCode = quantizeLow(saturate(lowSample - low.prediction), low.scale);
    adaptLow(low, lowCode >> 2);
    const highCode = quantizeHigh(saturate(highSample - high.prediction), high.scale);
    adaptHigh(high, (high.scale * HIGH_OUTPUTS[highCode]!) >> 15, highCode);
    return (highCode << 6) | lowCode;
  }
}

class G722Decoder implements Decoder {
  readonly concealment = undefined;
  readonly #low = lowBand();
  readonly #high = highBand();
  /** Sums and differences of the bands, in turn. */
  readonly #sums = new Int32Array(HISTORY_SAMPLES + CHUNK_SAMPLES);

  decode(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number {
    const pairs = Math.min(end - start, (samples.length - offset) >> 1);
    for (let done = 0; done < pairs; ) {
      const taken = Math.min(pairs - done, CHUNK_SAMPLES / 2);
      this.#decodeChunk(bytes, start + done, taken, samples, offset + 2 * done);
      done += taken;
    }
    return 2 * pairs;
  }

  close(): void {}

  #decodeChunk(bytes: Uint8Array, start: number, pairs: number, samples: Int16Array, offset: number): void {
    const sums = this.#sums;
    for (let pair = 0; pair < pairs; pair++) {
      const code = bytes[start + pair]!;
      const low = this.#decodeLow(code & 63);
      const high = this.#decodeHigh(code >> 6);
      sums[HISTORY_SAMPLES + 2 * pair] = low + high;
      sums[HISTORY_SAMPLES + 2 * pair + 1] = low - high;
    }
    for (let pair = 0; pair < pairs; pair++) {
      let first = 0;
      let second = 0;
      for (let tap = 0, i = 2 * pair; tap < FILTER.length; tap++, i += 2) {
        first += sums[i + 1]! * FILTER[FILTER.length - 1 - tap]!;
        second += sums[i]! * FILTER[tap]!;
      }
      samples[offset + 2 * pair] = saturate(first >> 11);
      samples[offset + 2 * pair + 1] = saturate(second >> 11);
    }
    sums.copyWithin(0, 2 * pairs, 2 * pairs + HISTORY_SAMPLES);
  }

  #decodeLow(code: number): number {
    const low = this.#low;
    const sample = low.prediction + ((low.scale * LOW_OUTPUTS_6[code]!) >> 15);
    adaptLow(low, code >> 2);
    return limit(sample);
  }

  #decodeHigh(code: number): number {
    const high = this.#high;
    const difference = (high.scale * HIGH_OUTPUTS[code]!) >> 15;
    const sample = high.prediction + difference;
    adaptHigh(high, difference, code);
    return limit(sample);
  }
}

/** The lower predictor knows the upper 4 bits alone, so that bits can be stolen below without harm. */
function adaptLow(low: G722Band, code: number): void {
  const difference = (low.scale * LOW_OUTPUTS_4[code]!) >> 15;
  low.rescale(LOW_STEPS[code]!);
  low.adapt(difference);
}

function adaptHigh(high: G722Band, difference: number, code: number): void {
  high.rescale(HIGH_STEPS[code]!);
  high.adapt(difference);
}

/** LIMIT: 15 bits. */
function limit(sample: number): number {
  if (sample > 16_383) return 16_383;
  if (sample < -16_384) return -16_384;
  return sample;
}

/**
 * ITU-T G.722 at 64 kbit/s (mode 1), payload type 9. Its timestamps count at 8 kHz, half of its sampling rate, by an old
 * mistake that everybody keeps (RFC 3551 §4.5.2).
 */
export const g722: Codec = {
  name: 'G722',
  clockRateHz: 8000,
  sampleRateHz: 16_000,
  packetSamples: 320,
  frameBytes: 160,
  encoder: () => new G722Encoder(),
  decoder: () => new G722Decoder(),
};
