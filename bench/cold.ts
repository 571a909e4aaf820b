/** More than any cache of this machine holds. */
const EVICTED_BYTES = 64 << 20;

/**
 * Milliseconds of `work` when neither its memory nor its code is in any cache, as after a pause on a machine with neighbours:
 * what counts then is how many lines of memory it touches. The median of so many rounds.
 */
export function coldMs(rounds: number, work: () => void): number {
  const other = new Float64Array(EVICTED_BYTES / 8);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < other.length; i += 8) other[i]! += 1;
    const startedAt = performance.now();
    work();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
