/**
 * One sub-band of G.722: its adaptive predictor and quantizer, as encoder and decoder both run them. Names in comments
 * are those of the blocks in ITU-T G.722 §6.2. Values are 16-bit numbers as the Recommendation has them.
 */
export class G722Band {
  /** Prediction of the next sample (PREDIC). */
  prediction = 0;
  /** Scale of the quantizer (SCALEL, SCALEH). */
  scale: number;
  #logScale = 0;
  readonly #logScaleMax: number;
  readonly #shift: number;
  #zeroPrediction = 0;
  /** The last two reconstructed samples, the last two sums that the poles adapt by, and the two poles. */
  #r1 = 0;
  #r2 = 0;
  #p1 = 0;
  #p2 = 0;
  #a1 = 0;
  #a2 = 0;
  /** Zeros, and the differences that they weigh. */
  readonly #zeros = new Int32Array(6);
  readonly #differences = new Int32Array(6);

  constructor(scale: number, logScaleMax: number, shift: number) {
    this.scale = scale;
    this.#logScaleMax = logScaleMax;
    this.#shift = shift;
  }

  /** What the quantizer chose: its scale follows by `logStep` (LOGSCL, SCALEL; LOGSCH, SCALEH). */
  rescale(logStep: number): void {
    const logScale = ((this.#logScale * 127) >> 7) + logStep;
    this.#logScale = within(logScale, 0, this.#logScaleMax);
    const shift = this.#shift - (this.#logScale >> 11);
    const mantissa = SCALES[(this.#logScale >> 6) & 31]!;
    this.scale = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }

  /** Takes the quantized difference of one sample: predictor and its coefficients follow (RECONS to PREDIC). */
  adapt(difference: number): void {
    const reconstructed = saturate(this.prediction + difference);
    const sum = saturate(this.#zeroPrediction + difference);
    this.#adaptPoles(sum);
    this.#r2 = this.#r1;
    this.#r1 = reconstructed;
    this.#p2 = this.#p1;
    this.#p1 = sum;
    this.#zeroPrediction = this.#adaptZeros(difference);
    const first = (this.#a1 * saturate(2 * this.#r1)) >> 15;
    const second = (this.#a2 * saturate(2 * this.#r2)) >> 15;
    this.prediction = saturate(saturate(first + second) + this.#zeroPrediction);
  }

  /** UPPOL2, UPPOL1. */
  #adaptPoles(sum: number): void {
    const isLikeFirst = (sum ^ this.#p1) >= 0;
    const isLikeSecond = (sum ^ this.#p2) >= 0;
    const quadruple = saturate(4 * this.#a1);
    const opposed = isLikeFirst ? Math.min(-quadruple, 32767) : quadruple;
    const second = (opposed >> 7) + (isLikeSecond ? 128 : -128) + ((this.#a2 * 32512) >> 15);
    this.#a2 = within(second, -12_288, 12_288);
    const first = saturate((isLikeFirst ? 192 : -192) + ((this.#a1 * 32640) >> 15));
    const limit = 15360 - this.#a2;
    this.#a1 = within(first, -limit, limit);
  }

  /** UPZERO, DELAYA and FILTEZ in one pass; returns what the zeros predict. */
  #adaptZeros(difference: number): number {
    const zeros = this.#zeros;
    const differences = this.#differences;
    const step = difference === 0 ? 0 : 128;
    let prediction = 0;
    for (let i = 5; i >= 0; i--) {
      const before = differences[i]!;
      const zero = saturate(((difference ^ before) >= 0 ? step : -step) + ((zeros[i]! * 32640) >> 15));
      zeros[i] = zero;
      const weighed = i === 0 ? difference : differences[i - 1]!;
      differences[i] = weighed;
      prediction += (zero * saturate(2 * weighed)) >> 15;
    }
    return saturate(prediction);
  }
}

/** Table 14/G.722: mantissas of the scale (ILB). */
const SCALES = Int32Array.of(
  2048,
  2093,
  2139,
  2186,
  2233,
  2282,
  2332,
  2383,
  2435,
  2489,
  2543,
  2599,
  2656,
  2714,
  2774,
  2834,
  2896,
  2960,
  3025,
  3091,
  3158,
  3228,
  3298,
  3371,
  3444,
  3520,
  3597,
  3676,
  3756,
  3838,
  3922,
  4008,
);

export function saturate(value: number): number {
  if (value > 32767) return 32767;
  if (value < -32768) return -32768;
  return value;
}

function within(value: number, least: number, most: number): number {
  if (value > most) return most;
  if (value < least) return least;
  return value;
}
