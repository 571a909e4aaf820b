/** Where a text stops being JSON (RFC 8259), from 1, and what could have stood there. */
export interface JsonError {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly got: string;
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const WORD = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.])/y;

/** Finds the place at which JSON.parse gives up: its own message does not always name it. */
export function locateJsonError(text: string): JsonError {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let expected: 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'comma' = 'value';
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    take(SPACE);
    const character = text[at];
    const closes = character === (open.at(-1) === '{' ? '}' : ']') && open.length > 0;
    if (closes && (expected === 'comma' || expected === 'first name' || expected === 'first value')) {
      open.pop();
      at += 1;
      expected = 'comma';
    } else if (expected === 'colon') {
      if (character !== ':') return place(text, at, '":" after the name');
      at += 1;
      expected = 'value';
    } else if (expected === 'comma') {
      if (open.length === 0 || character !== ',') return place(text, at, afterValue(open.at(-1)));
      at += 1;
      expected = open.at(-1) === '{' ? 'name' : 'value';
    } else if (expected === 'name' || expected === 'first name') {
      if (!take(STRING)) return place(text, at, 'a name in double quotes');
      expected = 'colon';
    } else if (character === '{' || character === '[') {
      open.push(character);
      at += 1;
      expected = character === '{' ? 'first name' : 'first value';
    } else {
      if (!take(STRING) && !take(WORD)) return place(text, at, 'a value');
      expected = 'comma';
    }
  }
}

function afterValue(container: '{' | '[' | undefined): string {
  if (container === undefined) return 'the end of the text';
  return container === '{' ? '"," or "}"' : '"," or "]"';
}

function place(text: string, at: number, expected: string): JsonError {
  const before = text.slice(0, at).split('\n');
  const got = at >= text.length ? 'the end of the text' : JSON.stringify(text.slice(at, at + 10));
  return { line: before.length, column: before.at(-1)!.length + 1, expected, got };
}
