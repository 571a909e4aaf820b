import { findPitch } from './pitch.ts';

/** Over how much the one place goes over into the other: as much as was compared to find it. */
const JOINT_MS = 15;
/** Two periods at least this much alike may take each other's place in the middle of speech. */
const ALIKE = 0.5;
/** Mean square below which a pause is taken for one, -50 dBov: there any two places are alike. */
const QUIET = (32768 * 10 ** (-50 / 20)) ** 2;

/** When a period may be taken out or put in: where none is noticed, or in any case. */
export type Leave = 'unnoticed' | 'anyway';

/**
 * Takes one pitch period out of `samples[0 … count)`, just before `end`: what is said goes on as it was, sooner. At
 * least 30 ms lie before `end`. Returns how many samples are gone; 0 where it would be noticed.
 */
export function shorten(samples: Int16Array, end: number, count: number, rateHz: number, leave: Leave): number {
  const period = periodBefore(samples, end, rateHz, leave);
  if (period === 0) return 0;
  const joint = (JOINT_MS * rateHz) / 1000;
  const start = end - joint - period;
  for (let i = 0; i < joint; i++) {
    const share = (i + 1) / (joint + 1);
    samples[start + i] = Math.round(samples[start + i]! * (1 - share) + samples[start + period + i]! * share);
  }
  samples.copyWithin(end - period, end, count);
  return period;
}

/**
 * Puts one pitch period in behind `end`, as `shorten` takes one out; there is room for it behind `count`. Changes
 * nothing further back than 15 ms before `end`. Returns how many samples more there are.
 */
export function lengthen(samples: Int16Array, end: number, count: number, rateHz: number, leave: Leave): number {
  const period = periodBefore(samples, end, rateHz, leave);
  if (period === 0) return 0;
  const joint = (JOINT_MS * rateHz) / 1000;
  samples.copyWithin(end, end - period, count);
  // Backwards, because what was there a period before is still to be read.
  for (let i = joint - 1; i >= 0; i--) {
    const at = end - joint + i;
    const share = (i + 1) / (joint + 1);
    samples[at] = Math.round(samples[at]! * (1 - share) + samples[at - period]! * share);
  }
  return period;
}

function periodBefore(samples: Int16Array, end: number, rateHz: number, leave: Leave): number {
  const { period, likeness } = findPitch(samples, end, rateHz);
  if (leave === 'anyway' || likeness >= ALIKE) return period;
  const window = (JOINT_MS * rateHz) / 1000;
  let energy = 0;
  for (let i = end - window; i < end; i++) energy += samples[i]! ** 2;
  return energy / window < QUIET ? period : 0;
}
