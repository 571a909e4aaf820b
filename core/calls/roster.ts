import type { ConferencecallId } from '../kernel/ids.ts';

/** Who is in a conference, as an event tells it. */
export interface Roster {
  readonly count: number;
  /** In the order in which they came; nobody is named where they are more than `ROSTER_NAMES_MAX`. */
  readonly ids: readonly ConferencecallId[];
}

/**
 * Each who comes or goes makes an event, so that naming all of them costs the square of their number: of a conference of
 * thousands the events say how many there are, and who comes and goes says so itself.
 */
export const ROSTER_NAMES_MAX = 100;

export const NOBODY: Roster = { count: 0, ids: [] };
