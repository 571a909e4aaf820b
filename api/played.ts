import Type, { type Static } from 'typebox';
import { LIMITS } from '../core/kernel/limits.ts';
import type { PlayOrder } from '../core/ports.ts';
import { invalid } from '../core/refusal.ts';
import { type Refused, refuse } from './answer.ts';

/** What is to be played, one after the other. */
export const Played = Type.Object({
  stream_urls: Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.soundUrlCharactersMax }), {
    minItems: 1,
    maxItems: LIMITS.soundsPerListMax,
    description: `an array of 1 to ${LIMITS.soundsPerListMax} http(s) URLs, prompt:NAME, recording:ID or tone:NAME`,
  }),
});

/** What may be asked of what is played, without more. */
export const PLAY_PAUSES = [
  ['/play_pause', 'pause', 'Hold what is played to'],
  ['/play_resume', 'resume', 'Go on with what is played to'],
] as const;

/** Where to go on in what sounds now: one of the two. */
export const Sought = Type.Object({
  position: Type.Optional(Type.Integer({ description: 'milliseconds from its begin' })),
  offset: Type.Optional(Type.Integer({ description: 'milliseconds from here, below 0 for back' })),
});

export function seekOrder({ position, offset }: Static<typeof Sought>): PlayOrder | Refused {
  if (position !== undefined && offset === undefined) return { kind: 'seek', toMs: position, from: 'begin' };
  if (offset !== undefined && position === undefined) return { kind: 'seek', toMs: offset, from: 'here' };
  return refuse(invalid('position', 'position or offset', position === undefined ? 'neither' : 'both'));
}
