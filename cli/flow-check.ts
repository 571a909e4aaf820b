import { readFileSync } from 'node:fs';
import { Fault } from '../core/kernel/fault.ts';
import { checkFlowText, type TextProblem } from '../flows/check.ts';
import { EXIT, type Format, print } from './terminal.ts';

const STANDARD_INPUT = 0;

/**
 * `tandem flow check FILE`: says everything that is wrong with a flow, a line each. Returns the exit code: 0 when the
 * flow can run, else 1. Throws `FILE_UNREADABLE`.
 */
export function checkFlow(path: string, format: Format): number {
  const problems = checkFlowText(readText(path));
  const name = path === '-' ? 'standard input' : path;
  const isGood = problems.length === 0;
  print(format, { file: path, good: isGood, problems }, () =>
    isGood ? `${name}: this flow can run` : problems.map((problem) => lineOf(name, problem)).join('\n'),
  );
  return isGood ? EXIT.done : EXIT.failed;
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? STANDARD_INPUT : path, 'utf8');
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', `the flow ${path} cannot be read: ${(error as Error).message}`, { path }, error);
  }
}

/** As compilers say it, so that editors find the place. */
function lineOf(name: string, { line, column, field, expected, got }: TextProblem): string {
  const place = line > 0 ? `${name}:${line}:${column}` : name;
  return `${place}: ${field === '' ? '' : `${field}: `}expected ${expected}, got ${got}`;
}
