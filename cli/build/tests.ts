import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runTool } from './run-tool.ts';
import { type AllowedSkip, type RunReport, type Verdict, verdictOf } from './verdict.ts';

const REPORT = join(ROOT, 'build/test-report.json');

/** Runs vitest on the files that match the filters and counts what came out. */
export function runTests(filters: readonly string[], env: Readonly<Record<string, string>> = {}): Verdict {
  rmSync(REPORT, { force: true });
  const args = ['run', '--reporter=default', '--reporter=./test/report.ts', ...filters];
  const exitCode = runTool('vitest', args, { ...env, TEST_REPORT_FILE: REPORT });
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
