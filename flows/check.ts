import { seeded } from '../core/kernel/random.ts';
import { compile } from './compile.ts';
import { type FlowProblem, shown } from './document.ts';
import { locateJsonError } from './json-error.ts';
import { isObject } from './option-check.ts';

/** A problem of a flow's text; line and column (from 1) are known when the JSON itself is broken, else 0. */
export interface TextProblem extends FlowProblem {
  readonly line: number;
  readonly column: number;
}

/**
 * Everything that is wrong with the text of a flow: JSON of an array of actions, or of an object that has `actions`.
 * Empty when it can run.
 */
export function checkFlowText(text: string): readonly TextProblem[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { line, column, got, expected } = locateJsonError(text);
    return [{ code: 'INVALID_JSON', field: '', expected, got, line, column }];
  }
  if (!Array.isArray(value) && !isObject(value)) {
    const expected = 'an array of actions, or an object with actions';
    return [{ code: 'INVALID_TYPE', field: '', expected, got: shown(value), line: 0, column: 0 }];
  }
  const compiled = compile(Array.isArray(value) ? value : (value as { actions?: unknown }).actions, seeded(1));
  return 'problems' in compiled ? compiled.problems.map((problem) => ({ ...problem, line: 0, column: 0 })) : [];
}
