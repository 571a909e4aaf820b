import { expect, test } from 'vitest';
import { lastLine, type RunReport, type TestOutcome, verdictOf } from '../../cli/build/verdict.ts';

function report(...states: TestOutcome['state'][]): RunReport {
  return {
    tests: states.map((state, index) => ({ file: 'test/a.test.ts', name: `case ${index}`, state })),
    errors: [],
  };
}

test('the last line counts what passed, failed and was skipped', () => {
  expect(lastLine(verdictOf(report('passed', 'passed', 'failed', 'skipped'), [], 'lenient'))).toBe(
    '2 passed, 1 failed, 1 skipped',
  );
});

test('a skip without a reason is a failure where skips are strict', () => {
  const verdict = verdictOf(report('passed', 'skipped'), [], 'strict');
  expect(lastLine(verdict)).toBe('1 passed, 1 failed, 0 skipped');
  expect(verdict.complaints[0]).toContain('"case 1" was skipped');
});

test('a skip that is named with its reason stays a skip', () => {
  const allowed = [{ file: 'test/a.test.ts', name: 'case 1', reason: 'needs two machines' }];
  expect(lastLine(verdictOf(report('passed', 'skipped'), allowed, 'strict'))).toBe('1 passed, 0 failed, 1 skipped');
});

test('an allowed skip must say why', () => {
  const allowed = [{ file: 'test/a.test.ts', name: 'case 1', reason: ' ' }];
  expect(verdictOf(report('passed', 'skipped'), allowed, 'strict').failed).toBe(1);
});

test('what fails outside of a test counts as failed', () => {
  expect(verdictOf({ ...report('passed'), errors: ['test/b.test.ts: cannot be loaded'] }, [], 'lenient').failed).toBe(
    1,
  );
});

test('a run without a single test has failed', () => {
  expect(verdictOf(report(), [], 'lenient').failed).toBe(1);
});
