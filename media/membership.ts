import type { MuteDirection } from '../core/calls/call-record.ts';
import type { MixTerms } from '../core/ports.ts';
import { gainFactor } from './dsp/level.ts';
import { amplify, glide } from './mixer.ts';

/** Who hears a stream in its mix: all others, nobody, or one leg alone, by its number. */
export const EVERYBODY = 0;
export const NOBODY = -1;

/** What takes part in a mix: the stream of a leg, or a program outside. */
export interface MixPart {
  /** Muted by itself, wherever it is. */
  muted: MuteDirection;
  heardBy: number;
  hears: boolean;
  /** What comes of these: nobody hears it, it hears nothing. */
  isUnheard: boolean;
  isDeaf: boolean;
  /** Factors of what it says and of what it hears, as they are to be, and as they were in the frame before. */
  gainIn: number;
  gainOut: number;
  gainSaid: number;
  gainTold: number;
  /** What it said in the tick, as it was summed, and where that lies if it was made louder or softer. */
  said: Int16Array;
  amplified: Int16Array;
}

/** The stream is muted by itself, wherever it is. */
export function mute(stream: MixPart, direction: MuteDirection): void {
  stream.muted = direction;
  settle(stream);
}

/** How it takes part in the mix that it is in; undefined for what everybody is in a mix, and outside of one. */
export function takePart(stream: MixPart, terms: MixTerms | undefined): void {
  const heardBy = terms?.heardBy ?? 'everybody';
  stream.heardBy = heardBy === 'everybody' ? EVERYBODY : heardBy === 'nobody' ? NOBODY : heardBy;
  stream.hears = terms?.hears ?? true;
  settle(stream);
}

/** In dB: what its peer says, and what it hears. */
export function setGain(stream: MixPart, inDb: number, outDb: number): void {
  stream.gainIn = gainFactor(inDb);
  stream.gainOut = gainFactor(outDb);
}

/** Who becomes louder, softer or silent does so within a quarter of a frame, 5 ms: a step would click. */
const GLIDE_SHARE = 0.25;

/**
 * A frame that its peer says in a tick, as loud as others hear it: the same memory, or the stream's own. It is `said` until
 * the next one.
 */
export function louder(stream: MixPart, samples: Int16Array, factor: number): Int16Array {
  const before = stream.gainSaid;
  if (factor === 1 && before === 1) {
    stream.said = samples;
    return samples;
  }
  if (stream.amplified.length !== samples.length) stream.amplified = new Int16Array(samples.length);
  if (factor === before) amplify(samples, factor, stream.amplified);
  else glide(samples, before, factor, samples.length * GLIDE_SHARE, stream.amplified);
  stream.gainSaid = factor;
  stream.said = stream.amplified;
  return stream.amplified;
}

/** What a peer hears in a tick, as loud as it is to hear it. */
export function makeLouder(stream: MixPart, samples: Int16Array): void {
  const before = stream.gainTold;
  const factor = gainToldTo(stream);
  if (factor === before) amplify(samples, factor, samples);
  else glide(samples, before, factor, samples.length * GLIDE_SHARE, samples);
  stream.gainTold = factor;
}

/** How loud it is heard; 0 while it is muted. */
export function gainSaidBy(stream: MixPart): number {
  return stream.isUnheard ? 0 : stream.gainIn;
}

export function gainToldTo(stream: MixPart): number {
  return stream.isDeaf ? 0 : stream.gainOut;
}

function settle(stream: MixPart): void {
  const { muted, heardBy, hears } = stream;
  stream.isUnheard = muted === 'in' || muted === 'both' || heardBy === NOBODY;
  stream.isDeaf = muted === 'out' || muted === 'both' || !hears;
}
