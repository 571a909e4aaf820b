import type { MuteDirection } from '../core/calls/call-record.ts';
import type { MixTerms } from '../core/ports.ts';
import { gainFactor } from './dsp/level.ts';
import { amplify } from './mixer.ts';
import type { Stream } from './slots.ts';

/** Who hears a stream in its mix: all others, nobody, or one leg alone, by its number. */
export const EVERYBODY = 0;
export const NOBODY = -1;

/** The stream is muted by itself, wherever it is. */
export function mute(stream: Stream, direction: MuteDirection): void {
  stream.muted = direction;
  settle(stream);
}

/** How it takes part in the mix that it is in; undefined for what everybody is in a mix, and outside of one. */
export function takePart(stream: Stream, terms: MixTerms | undefined): void {
  const heardBy = terms?.heardBy ?? 'everybody';
  stream.heardBy = heardBy === 'everybody' ? EVERYBODY : heardBy === 'nobody' ? NOBODY : heardBy;
  stream.hears = terms?.hears ?? true;
  settle(stream);
}

/** In dB: what its peer says, and what it hears. */
export function setGain(stream: Stream, inDb: number, outDb: number): void {
  stream.gainIn = gainFactor(inDb);
  stream.gainOut = gainFactor(outDb);
}

/** A frame that its peer says in a tick, louder by a factor: the same memory, or the stream's own. */
export function louder(stream: Stream, samples: Int16Array, factor: number): Int16Array {
  if (factor === 1) return samples;
  if (stream.said.length !== samples.length) stream.said = new Int16Array(samples.length);
  amplify(samples, factor, stream.said);
  return stream.said;
}

/** What a member that speaks has said in this tick, as it was summed. */
export function saidBy(member: Stream, rateHz: number): Int16Array {
  return member.gainIn === 1 ? member.voice!.at(rateHz) : member.said;
}

function settle(stream: Stream): void {
  const { muted, heardBy, hears } = stream;
  stream.isUnheard = muted === 'in' || muted === 'both' || heardBy === NOBODY;
  stream.isDeaf = muted === 'out' || muted === 'both' || !hears;
}
