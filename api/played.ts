import Type from 'typebox';
import { LIMITS } from '../core/kernel/limits.ts';

/** What is to be played, one after the other. */
export const Played = Type.Object({
  stream_urls: Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.soundUrlCharactersMax }), {
    minItems: 1,
    maxItems: LIMITS.soundsPerListMax,
    description: `an array of 1 to ${LIMITS.soundsPerListMax} http(s) URLs, prompt:NAME, recording:ID or tone:NAME`,
  }),
});
