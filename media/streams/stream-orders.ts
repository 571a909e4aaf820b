import { MALFORMED, NOTHING_SAID, type Said } from './encapsulation.ts';

const NAME_CHARACTERS_MAX = 256;

/** The JSON object of a message; undefined when it is none. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // What is wrong with it does not matter: it is counted.
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `mark`, `clear` and `stop`, as every program may say them in JSON; what is none of them is malformed. */
export function orderOf(message: Readonly<Record<string, unknown>> | undefined): readonly Said[] {
  switch (message?.['event']) {
    case 'mark': {
      const mark = message['mark'];
      const name = isObject(mark) ? mark['name'] : undefined;
      return typeof name === 'string' && name.length <= NAME_CHARACTERS_MAX ? [{ kind: 'mark', name }] : MALFORMED;
    }
    case 'clear':
      return [{ kind: 'clear' }];
    case 'stop':
      return [{ kind: 'stop' }];
    case 'connected':
    case 'start':
      return NOTHING_SAID;
    default:
      return MALFORMED;
  }
}
