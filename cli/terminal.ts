import { FAULTS, Fault } from '../core/kernel/fault.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, cannotStart: 69 } as const;

/** How a command shows what it found: for people, or as JSON for programs. */
export type Format = 'text' | 'json';

export function print(format: Format, value: unknown, text: () => string): void {
  process.stdout.write(`${format === 'json' ? JSON.stringify(value) : text()}\n`);
}

/** One sentence on what failed, with what to do, on standard error. */
export function printFailure(format: Format, error: unknown): void {
  const { code, message, advice } = failureOf(error);
  const sentence = `${capitalized(message)}. ${advice}`;
  process.stderr.write(
    format === 'json' ? `${JSON.stringify({ error: { code, message, advice } })}\n` : `${sentence}\n`,
  );
}

function failureOf(error: unknown): { readonly code: string; readonly message: string; readonly advice: string } {
  if (error instanceof Fault) return { code: error.code, message: error.message, advice: FAULTS[error.code].advice };
  // Not foreseen, so the place in our code is what helps.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message: text, advice: 'This is a bug of Tandem: report it with these lines.' };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');
}

/** Columns of `name  value` lines. */
export function table(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
