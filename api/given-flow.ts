import Type from 'typebox';
import type { Action } from '../core/flows/action.ts';
import type { FaultCode } from '../core/kernel/fault.ts';
import { secure } from '../core/kernel/random.ts';
import { compile } from '../flows/compile.ts';
import type { FlowProblem } from '../flows/document.ts';
import { type Refused, refuse } from './answer.ts';

/** Limits of the variables that a call or activeflow is created with (platform §1.2). */
const VARIABLES_MAX = 100;
const VARIABLE_BYTES_MAX = 32 * 1024;
const VARIABLES_BYTES_MAX = 64 * 1024;

/** Variables of a new call or activeflow; sizes are judged by `readVariables`. */
export const Variables = Type.Record(
  Type.String(),
  Type.String({ description: 'text', 'x-reason': 'INVALID_VARIABLES' }),
  {
    description: `an object of at most ${VARIABLES_MAX} texts, 32 KiB each and 64 KiB together`,
    'x-reason': 'INVALID_VARIABLES',
  },
);

export const Anonymous = Type.Enum(['', 'yes', 'no', 'auto'], {
  description: 'yes, no, auto or ""',
  'x-reason': 'INVALID_ANONYMOUS_VALUE',
});

/** The actions ready to run, or everything that is wrong with them. */
export function readActions(given: readonly unknown[]): { readonly actions: readonly Action[] } | Refused {
  const compiled = compile(given, secure());
  if ('actions' in compiled) return compiled;
  const { problems } = compiled;
  const details = problems.map(({ field, expected, got }) => ({ field, expected, got }));
  const message = details.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`).join('; ');
  return refuse({ code: codeOf(problems), message: message.slice(0, 2_000) }, details);
}

/** The reason that says most: an unknown type before anything else. */
function codeOf(problems: readonly FlowProblem[]): FaultCode {
  if (problems.some(({ code }) => code === 'INVALID_ACTION_TYPE' || code === 'NOT_BUILT')) return 'INVALID_ACTION_TYPE';
  const isAboutAnonymous = problems.every(({ field }) => field.endsWith('.option.anonymous'));
  return isAboutAnonymous ? 'INVALID_ANONYMOUS_VALUE' : 'INVALID_ARGUMENT';
}

/** The variables, unless they are too many or too long. */
export function readVariables(
  given: Readonly<Record<string, string>>,
): { readonly variables: Readonly<Record<string, string>> } | Refused {
  const entries = Object.entries(given);
  if (entries.length > VARIABLES_MAX) return excess('variables', `at most ${VARIABLES_MAX} variables`, entries.length);
  let sizeBytes = 0;
  for (const [name, value] of entries) {
    const valueBytes = Buffer.byteLength(value);
    const field = `variables.${name.slice(0, 100)}`;
    if (valueBytes > VARIABLE_BYTES_MAX) return excess(field, `at most ${VARIABLE_BYTES_MAX} bytes`, valueBytes);
    sizeBytes += Buffer.byteLength(name) + valueBytes;
  }
  if (sizeBytes <= VARIABLES_BYTES_MAX) return { variables: given };
  return excess('variables', `at most ${VARIABLES_BYTES_MAX} bytes together`, sizeBytes);
}

function excess(field: string, expected: string, got: number): Refused {
  const message = `${field}: expected ${expected}, got ${got}`;
  return refuse({ code: 'INVALID_VARIABLES', message, field, expected, got: String(got) });
}
