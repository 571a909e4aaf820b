import { NARROW_HZ } from './narrow-band.ts';

export type DecodedFile =
  | { readonly kind: 'decoded'; readonly samples: Int16Array; readonly sourceRateHz: number }
  | { readonly kind: 'refused'; readonly detail: string };

/**
 * A file on its way into memory, piece by piece, so that recordings can be written in between. `waiting`: what decodes it
 * is not there yet.
 */
export type Decoding<Result = DecodedFile> = Generator<'going on' | 'waiting', Result>;

/** What is compressed may be so long: a file of a few bytes could be years of silence. */
const COMPRESSED_MINUTES_MAX = 30;
export const COMPRESSED_SAMPLES_MAX = COMPRESSED_MINUTES_MAX * 60 * NARROW_HZ;

export function tooLong(): DecodedFile {
  return {
    kind: 'refused',
    detail: `expected at most ${COMPRESSED_MINUTES_MAX} minutes of compressed audio, got more`,
  };
}

/** Does it at once. Not for what may wait. */
export function atOnce<Result>(decoding: Decoding<Result>): Result {
  for (;;) {
    const step = decoding.next();
    if (step.done === true) return step.value;
  }
}
