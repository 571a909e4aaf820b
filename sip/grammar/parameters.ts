import type { Parameters } from '../message.ts';
import { quote, quotedStringEnd, unquote } from './quoted-string.ts';
import { cutOut, isToken, lowerCase, spaceEnd, tokenEnd } from './token.ts';

export type { Parameters } from '../message.ts';

/**
 * ```abnf
 * generic-param = token [EQUAL gen-value]                    ; RFC 3261 §25.1
 * gen-value     = token / host / quoted-string
 * ```
 * A value may be any text without separators: `received=2001:db8::9:255` is in use (RFC 5118 §4.5).
 */
export class ParameterChain implements Parameters {
  readonly #name: string;
  readonly #value: string;
  #next: ParameterChain | undefined;

  /** A chain of one; without a name it stands for none. Most have one, for which a Map costs four times as much. */
  constructor(name: string, value: string, next: ParameterChain | undefined = undefined) {
    this.#name = name;
    this.#value = value;
    this.#next = next;
  }

  /** Hangs one more behind this, the last; comes back as the new last. Only who builds the chain may. */
  append(name: string, value: string): ParameterChain {
    this.#next = new ParameterChain(name, value);
    return this.#next;
  }

  /** The same with this value, at its place or as the last. */
  with(name: string, value: string): ParameterChain {
    if (this.#name === name || this.#name === '') return new ParameterChain(name, value, this.#next);
    const next = this.#next === undefined ? new ParameterChain(name, value) : this.#next.with(name, value);
    return new ParameterChain(this.#name, this.#value, next);
  }

  get size(): number {
    let size = 0;
    for (let at: ParameterChain | undefined = this; at !== undefined; at = at.#next) if (at.#name !== '') size++;
    return size;
  }

  get(name: string): string | undefined {
    for (let at: ParameterChain | undefined = this; at !== undefined; at = at.#next) {
      if (at.#name === name) return at.#name === '' ? undefined : at.#value;
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** `;name=value;flag`, values quoted where they are no token. */
  format(): string {
    let text = '';
    for (let at: ParameterChain | undefined = this; at !== undefined; at = at.#next) {
      if (at.#name !== '') text += formatParameter(at.#name, at.#value);
    }
    return text;
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    for (let at: ParameterChain | undefined = this; at !== undefined; at = at.#next) {
      if (at.#name !== '') yield [at.#name, at.#value];
    }
  }
}

export const NO_PARAMETERS = new ParameterChain('', '');

/** A value with more parameters than this is malformed. */
export const MAX_PARAMETERS = 64;

/** Names of nearly every message. */
const KNOWN = ['tag', 'branch', 'rport', 'received'];

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/**
 * Reads `;name=value;flag…` from `at` to the end of the text: names in lower case, quoted values unquoted, '' for a
 * flag. Undefined when malformed: an empty or repeated parameter, an unclosed quote, text between parameters.
 */
export function parseParameters(text: string, at: number): ParameterChain | undefined {
  let index = spaceEnd(text, at);
  if (index === text.length) return NO_PARAMETERS;
  let first: ParameterChain | undefined;
  let last: ParameterChain | undefined;
  let count = 0;
  while (index < text.length) {
    if (text.charCodeAt(index) !== SEMICOLON) return undefined;
    const nameStart = spaceEnd(text, index + 1);
    const nameEnd = tokenEnd(text, nameStart);
    if (nameEnd === nameStart) return undefined;
    const name = lowerCase(cutOut(text, nameStart, nameEnd, KNOWN));
    let value = '';
    index = spaceEnd(text, nameEnd);
    if (text.charCodeAt(index) === EQUALS) {
      const valueStart = spaceEnd(text, index + 1);
      const quoted = text.charCodeAt(valueStart) === QUOTE;
      const valueEnd = quoted ? quotedStringEnd(text, valueStart) : plainValueEnd(text, valueStart);
      if (valueEnd < 0) return undefined;
      value = quoted ? unquote(text, valueStart, valueEnd) : text.slice(valueStart, valueEnd);
      index = spaceEnd(text, valueEnd);
    }
    if (first?.has(name) || count++ === MAX_PARAMETERS) return undefined;
    last = last === undefined ? new ParameterChain(name, value) : last.append(name, value);
    first ??= last;
  }
  return first;
}

/** `;name=value;flag`, values quoted where they are no token. Names must be tokens. */
export function formatParameters(parameters: Parameters): string {
  if (parameters instanceof ParameterChain) return parameters.format();
  let text = '';
  for (const [name, value] of parameters) text += formatParameter(name, value);
  return text;
}

function formatParameter(name: string, value: string): string {
  return value === '' ? `;${name}` : `;${name}=${isPlain(value) ? value : quote(value)}`;
}

/** Tokens and addresses go without quotes. */
function isPlain(value: string): boolean {
  return isToken(value) || /^\[?[0-9A-Fa-f:.]+\]?$/.test(value);
}

function plainValueEnd(text: string, at: number): number {
  for (let index = at; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x20:
      case 0x09:
      case SEMICOLON:
        return index;
      case 0x2c: // A comma would have ended the element, an angle bracket or a quote begins something else.
      case 0x3c:
      case 0x3e:
      case QUOTE:
        return -1;
    }
  }
  return text.length;
}
