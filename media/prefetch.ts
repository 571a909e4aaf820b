/**
 * So many streams are read ahead of their turn. In the 20 ms between two packets of a stream everything about it leaves
 * the processor's caches; each line of it would be waited for, one after the other. A loop that only reads has many of
 * them under way at once. What it reads it returns as a sum that means nothing, so that no compiler leaves the reading
 * out: a small integer, because others would be objects.
 */
export const PREFETCHED_STREAMS = 16;

/** Samples that come into a cache together. */
const LINE_SAMPLES = 32;

export function prefetchSamples(samples: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += LINE_SAMPLES) sum += samples[i]!;
  return sum;
}
