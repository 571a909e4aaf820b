import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes in use after everything that can be collected is. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return getHeapStatistics().used_heap_size;
}

/** What a run may leave behind: compiled code, and what the test runner keeps of it. */
export const HEAP_GROWTH_MAX_BYTES = 4 << 20;

/**
 * Does it `count` times and returns by how many bytes the heap has grown since a tenth of that was done, when all that
 * is kept once is kept. `act` gets the number of its round.
 */
export function heapGrowthBytes(count: number, act: (round: number) => void): number {
  const warm = Math.ceil(count / 10);
  for (let round = 0; round < warm; round++) act(round);
  const before = heapBytes();
  for (let round = warm; round < count; round++) act(round);
  return heapBytes() - before;
}
