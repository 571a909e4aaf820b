/** What one test came to. */
export interface TestOutcome {
  /** Path from the root of the project. */
  readonly file: string;
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
}

export interface RunReport {
  readonly tests: readonly TestOutcome[];
  /** What failed outside of any test: a file that could not be loaded, an unhandled rejection. */
  readonly errors: readonly string[];
}

/** A skip that is known and explained. */
export interface AllowedSkip {
  readonly file: string;
  readonly name: string;
  readonly reason: string;
}

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One sentence for each failure that no test printed itself. */
  readonly complaints: readonly string[];
}

/**
 * Counts a run. Where skips are strict, a skipped test that `allowed` does not name counts as failed: what did not run
 * proves nothing.
 */
export function verdictOf(report: RunReport, allowed: readonly AllowedSkip[], skips: 'strict' | 'lenient'): Verdict {
  const complaints = [...report.errors];
  let [passed, failed, skipped] = [0, report.errors.length, 0];
  for (const test of report.tests) {
    if (test.state === 'passed') passed += 1;
    else if (test.state === 'failed') failed += 1;
    else if (skips === 'lenient' || allowed.some((skip) => skip.file === test.file && skip.name === test.name))
      skipped += 1;
    else {
      failed += 1;
      complaints.push(`${test.file}: "${test.name}" was skipped and test/skips.json gives no reason for it`);
    }
  }
  for (const skip of allowed) {
    if (skip.reason.trim() !== '') continue;
    failed += 1;
    complaints.push(`test/skips.json: "${skip.name}" has no reason`);
  }
  if (report.tests.length === 0) {
    failed += 1;
    complaints.push('no test ran: expected at least one test file to match');
  }
  return { passed, failed, skipped, complaints };
}

/** The last line of a run. */
export function lastLine(verdict: Verdict): string {
  return `${verdict.passed} passed, ${verdict.failed} failed, ${verdict.skipped} skipped`;
}
