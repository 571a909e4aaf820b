import type { Json } from '../../core/flows/action.ts';
import { isObject } from '../option-check.ts';

/** What a program may send (subprotocol `tandem.script.v1`). */
export type UpFrame =
  | {
      readonly kind: 'actions';
      readonly id: string;
      readonly mode: 'append' | 'replace' | 'now';
      readonly actions: unknown;
    }
  | {
      readonly kind: 'command';
      readonly id: string;
      readonly command: string;
      readonly option: { readonly [key: string]: Json };
    }
  | { readonly kind: 'resume'; readonly id: string; readonly sessionId: string; readonly after: number }
  | { readonly kind: 'unreadable'; readonly id: string; readonly refusal: FrameRefusal };

/** Why a frame was refused; nothing was changed. */
export interface FrameRefusal {
  readonly code: string;
  readonly field: string;
  readonly expected: string;
}

/** A longer frame is refused. */
const FRAME_CHARACTERS_MAX = 256 * 1024;
const ID_CHARACTERS_MAX = 200;

/** Reads one text frame; never throws. `id` is the program's own and comes back in the answer. */
export function readFrame(text: string): UpFrame {
  if (text.length > FRAME_CHARACTERS_MAX) {
    return unreadable('', 'INVALID_ARGUMENT', '', `a frame of at most ${FRAME_CHARACTERS_MAX} characters`);
  }
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return unreadable('', 'INVALID_JSON_BODY', '', 'a JSON object');
  }
  if (!isObject(frame)) return unreadable('', 'INVALID_JSON_BODY', '', 'a JSON object');
  const id = typeof frame['id'] === 'string' ? frame['id'].slice(0, ID_CHARACTERS_MAX) : '';
  const option = frame['option'] ?? {};
  switch (frame['type']) {
    case 'actions': {
      const mode = frame['mode'] ?? 'append';
      if (mode === 'append' || mode === 'replace' || mode === 'now') {
        return { kind: 'actions', id, mode, actions: frame['actions'] };
      }
      return unreadable(id, 'INVALID_ARGUMENT', 'mode', 'append, replace or now');
    }
    case 'command':
      if (typeof frame['command'] !== 'string') return unreadable(id, 'INVALID_ARGUMENT', 'command', 'a text');
      if (!isObject(option)) return unreadable(id, 'INVALID_ARGUMENT', 'option', 'an object');
      // It came out of a JSON parser.
      return { kind: 'command', id, command: frame['command'], option: option as { [key: string]: Json } };
    case 'resume':
      if (typeof frame['session_id'] !== 'string') return unreadable(id, 'INVALID_ARGUMENT', 'session_id', 'a text');
      if (!Number.isInteger(frame['after'])) return unreadable(id, 'INVALID_ARGUMENT', 'after', 'a whole number');
      return { kind: 'resume', id, sessionId: frame['session_id'].toLowerCase(), after: frame['after'] as number };
    default:
      return unreadable(id, 'INVALID_ARGUMENT', 'type', 'actions, command or resume');
  }
}

function unreadable(id: string, code: string, field: string, expected: string): UpFrame {
  return { kind: 'unreadable', id, refusal: { code, field, expected } };
}

/** The answer to a frame, not numbered: it belongs to the socket, not to the session. */
export function answerFrame(id: string, refusal: FrameRefusal | undefined): string {
  return JSON.stringify(refusal === undefined ? { type: 'accepted', id } : { type: 'refused', id, ...refusal });
}
