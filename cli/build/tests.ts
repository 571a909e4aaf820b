import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runTool } from './run-tool.ts';
import { type AllowedSkip, type RunReport, type Verdict, verdictOf } from './verdict.ts';

const REPORT = join(ROOT, 'build/test-report.json');

/**
 * Where threads find their sources stripped of types, as those of `tandem` do. Stripping is done in WebAssembly, whose
 * wrappers V8 shares between all threads of a process: threads that come and go while others strip ended the process
 * now and then.
 */
const NODE_COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'node-compile-cache');

/** Runs vitest on the files that match the filters and counts what came out. */
export function runTests(filters: readonly string[], env: Readonly<Record<string, string>> = {}): Verdict {
  rmSync(REPORT, { force: true });
  const args = ['run', '--reporter=default', '--reporter=./test/report.ts', ...filters];
  const exitCode = runTool('vitest', args, { NODE_COMPILE_CACHE, ...env, TEST_REPORT_FILE: REPORT });
  const report = readReport();
  if (report === undefined) {
    return { passed: 0, failed: 1, skipped: 0, complaints: [`vitest ended with exit code ${exitCode} and no report`] };
  }
  const verdict = verdictOf(report, readSkips(), isStrict() ? 'strict' : 'lenient');
  if (exitCode === 0 || verdict.failed > 0) return verdict;
  return { ...verdict, failed: 1, complaints: [...verdict.complaints, `vitest ended with exit code ${exitCode}`] };
}

function isStrict(): boolean {
  return !['', '0', 'false'].includes(process.env['CI'] ?? '');
}

function readReport(): RunReport | undefined {
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8')) as RunReport;
  } catch {
    return undefined;
  }
}

function readSkips(): readonly AllowedSkip[] {
  return JSON.parse(readFileSync(join(ROOT, 'test/skips.json'), 'utf8')) as readonly AllowedSkip[];
}
