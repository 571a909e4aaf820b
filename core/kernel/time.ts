/** Milliseconds on a monotonic clock. Only differences mean anything; never a wall-clock time. */
export type Instant = number;

/** A deadline that never comes. `Math.min` over deadlines needs no special case for it. */
export const NEVER: Instant = Infinity;

/** Milliseconds since 1970-01-01T00:00Z: what is stored and shown. Never used for deadlines. */
export type WallTime = number;

/** RFC 3339 text of a wall time in UTC with milliseconds. */
export function rfc3339(at: WallTime): string {
  return new Date(at).toISOString();
}
