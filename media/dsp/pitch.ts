/** Pitch periods that are looked for: 400 Hz to 66.7 Hz. Higher voices are found at a multiple. */
const SHORTEST_MS = 2.5;
const LONGEST_MS = 15;
/** What is compared: the last 15 ms. */
const WINDOW_MS = 15;

/** Samples before the last one that a search looks at. */
export function pitchReach(rateHz: number): number {
  return ((LONGEST_MS + WINDOW_MS) * rateHz) / 1000;
}

/** The longest period that is found, in samples. */
export function longestPeriod(rateHz: number): number {
  return (LONGEST_MS * rateHz) / 1000;
}

export interface Pitch {
  /** In samples. */
  readonly period: number;
  /** How much alike two periods are, -1 … 1: beyond 0.6 it is a voice or a tone. */
  readonly likeness: number;
}

/** The period with which `samples[… end)` goes on best; `pitchReach` samples before `end` are needed. */
export function findPitch(samples: Int16Array | Float32Array, end: number, rateHz: number): Pitch {
  const shortest = (SHORTEST_MS * rateHz) / 1000;
  const longest = longestPeriod(rateHz);
  // The first search is as fine as at 8 kHz, whatever the rate; the second looks around what it found.
  const step = Math.max(1, Math.round(rateHz / 8000));
  let coarse = shortest;
  let best = Number.NEGATIVE_INFINITY;
  for (let period = shortest; period <= longest; period += step) {
    const likeness = compare(samples, end, period, rateHz, step);
    if (likeness > best) {
      best = likeness;
      coarse = period;
    }
  }
  let found = coarse;
  best = Number.NEGATIVE_INFINITY;
  const last = Math.min(longest, coarse + step);
  for (let period = Math.max(shortest, coarse - step); period <= last; period++) {
    const likeness = compare(samples, end, period, rateHz, 1);
    if (likeness > best) {
      best = likeness;
      found = period;
    }
  }
  return { period: found, likeness: best };
}

/** Normalized correlation of the window before `end` with the one a period earlier; 0 of silence. */
function compare(
  samples: Int16Array | Float32Array,
  end: number,
  period: number,
  rateHz: number,
  step: number,
): number {
  let cross = 0;
  let own = 1;
  let earlier = 1;
  for (let i = end - (WINDOW_MS * rateHz) / 1000; i < end; i += step) {
    const a = samples[i]!;
    const b = samples[i - period]!;
    cross += a * b;
    own += a * a;
    earlier += b * b;
  }
  return cross / Math.sqrt(own * earlier);
}
