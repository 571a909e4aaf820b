import type { Instant } from '../../core/kernel/time.ts';

/** RFC 3261 Table 4. All values in milliseconds. */
export interface Timing {
  /** Estimate of the round-trip time. */
  readonly t1: number;
  /** Longest gap between retransmissions of a non-INVITE request or of a final response. */
  readonly t2: number;
  /** Longest time a message may stay in the network. */
  readonly t4: number;
}

export const RFC_TIMING: Timing = { t1: 500, t2: 4_000, t4: 5_000 };

/** RFC 3261 §17.1.1.2: at least 32 s over an unreliable transport. */
export const TIMER_D_UNRELIABLE = 32_000;

/**
 * Longest wait for a final response after a provisional one. The RFC gives a client none and leaves it to its user, but
 * a re-INVITE, or an INVITE whose user is gone, must not stay for ever. Above timer C of a proxy (§16.6 step 11).
 */
export const TIMER_C = 300_000;

/** RFC 3261 §17.2.1: 100 is sent unless the transaction user says something within this time. */
export const TRYING_AFTER = 200;

const STEP_MS = 1_000;

/** Where what only absorbs repetitions ends: one by one they would wake an idle process. */
export function wholeSecond(at: Instant): Instant {
  return Math.ceil(at / STEP_MS) * STEP_MS;
}
