/** Reflection coefficients used of a packet (RFC 3389 §3.1 leaves the order open); more are left out. */
const ORDER_MAX = 12;
/** Level and colour change in this time, and it begins and ends in these. */
const CHANGE_MS = 40;
const BEGIN_MS = 20;
const END_MS = 5;
/** The root of three: what is drawn evenly from -1 to 1 has a third of the power. */
const UNIT = Math.sqrt(3);

/**
 * The noise that a packet of RFC 3389 describes: white noise through an all-pole lattice of its reflection coefficients,
 * at its level. Rises from nothing, goes over into other noise, and ends under what is said next, never with a step.
 */
export class ComfortNoise {
  readonly #rateHz: number;
  readonly #reflection = new Float64Array(ORDER_MAX);
  /** b of each stage, one sample ago. */
  readonly #backward = new Float64Array(ORDER_MAX + 1);
  #order = 0;
  #gain = 0;
  #target = 0;
  #step = 0;
  #seed = 0x2545f491;
  isOn = false;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Takes the description `bytes[start … end)`: the level, then the coefficients (RFC 3389 §3.1, §3.2). An empty one changes nothing. */
  describe(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const order = Math.min(ORDER_MAX, end - start - 1);
    let power = 1;
    for (let i = 0; i < order; i++) {
      const k = (258 * (Math.min(254, bytes[start + 1 + i]!) - 127)) / 32768;
      this.#reflection[i] = k;
      power *= 1 - k * k;
    }
    if (order !== this.#order) this.#backward.fill(0);
    this.#order = order;
    this.#target = UNIT * 32768 * 10 ** (-(bytes[start]! & 0x7f) / 20) * Math.sqrt(power);
    this.#goTo(this.#target, this.isOn ? CHANGE_MS : BEGIN_MS);
    this.isOn = true;
  }

  /** Adds the next `count` samples of it. */
  add(samples: Int16Array, offset: number, count: number): void {
    for (let i = offset; i < offset + count; i++) {
      if (this.#gain !== this.#target) this.#approach();
      const sample = Math.round(samples[i]! + this.#gain * this.#next());
      samples[i] = Math.max(-32768, Math.min(32767, sample));
    }
  }

  /** Ends it under the first of these samples. */
  end(samples: Int16Array, offset: number, count: number): void {
    this.#target = 0;
    this.#goTo(0, END_MS);
    this.add(samples, offset, Math.min(count, Math.ceil((END_MS * this.#rateHz) / 1000)));
    this.#gain = 0;
    this.isOn = false;
  }

  #goTo(target: number, ms: number): void {
    this.#step = ((target - this.#gain) * 1000) / (ms * this.#rateHz);
  }

  #approach(): void {
    this.#gain += this.#step;
    const isThere = this.#step >= 0 ? this.#gain >= this.#target : this.#gain <= this.#target;
    if (isThere) this.#gain = this.#target;
  }

  /** f of the last stage is white; each stage takes its part of what was a sample ago from it. */
  #next(): number {
    const reflection = this.#reflection;
    const backward = this.#backward;
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    let forward = this.#seed / 2_147_483_648;
    for (let stage = this.#order; stage > 0; stage--) {
      const k = reflection[stage - 1]!;
      forward -= k * backward[stage - 1]!;
      backward[stage] = backward[stage - 1]! + k * forward;
    }
    backward[0] = forward;
    return forward;
  }
}
