import type { RecordingId } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import { PLAYED_TONES, type PlayedTone } from '../media-port.ts';

/** What a text in a list to be played means. */
export type SoundSource =
  | { readonly kind: 'tone'; readonly tone: PlayedTone }
  | { readonly kind: 'prompt'; readonly name: string }
  | { readonly kind: 'recording'; readonly id: RecordingId }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'refused'; readonly detail: string };

const TONES: ReadonlySet<string> = new Set(PLAYED_TONES);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `http(s)://…`, `prompt:NAME`, `recording:ID` or `tone:NAME`; anything else is refused with what was expected. */
export function soundSourceOf(text: string): SoundSource {
  if (text.length > LIMITS.soundUrlCharactersMax) {
    return refused(`expected at most ${LIMITS.soundUrlCharactersMax} characters, got ${text.length}`);
  }
  if (/^https?:\/\//i.test(text)) return { kind: 'url', url: text };
  const colon = text.indexOf(':');
  const [scheme, name] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  switch (scheme) {
    case 'tone':
      if (!TONES.has(name)) return refused(`expected one of the tones ${[...TONES].join(', ')}`);
      return { kind: 'tone', tone: name as PlayedTone };
    case 'prompt':
      return /^[a-z0-9-]+$/.test(name) ? { kind: 'prompt', name } : refused('expected a name of a-z, 0-9 and -');
    case 'recording':
      return UUID.test(name.toLowerCase())
        ? { kind: 'recording', id: name.toLowerCase() as RecordingId }
        : refused('expected the id of a recording');
    default:
      return refused('expected an http or https URL, prompt:NAME, recording:ID or tone:NAME');
  }
}

function refused(detail: string): SoundSource {
  return { kind: 'refused', detail };
}
