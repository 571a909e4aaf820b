import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import type { RunReport, TestOutcome } from '../cli/build/verdict.ts';

/** Writes what every test came to, as JSON, to the file named by TEST_REPORT_FILE. */
export default class Report implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env['TEST_REPORT_FILE'];
    if (path === undefined) return;
    const report: RunReport = {
      tests: modules.flatMap(outcomesOf),
      errors: [
        ...unhandled.map((error) => error.message),
        ...modules.flatMap((module) => module.errors().map((error) => `${module.relativeModuleId}: ${error.message}`)),
      ],
    };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(report));
  }
}

function outcomesOf(module: TestModule): TestOutcome[] {
  return [...module.children.allTests()].map((test) => {
    const { state } = test.result();
    // A test that never finished belongs to a run that was cut short: that is no pass.
    return { file: module.relativeModuleId, name: test.fullName, state: state === 'pending' ? 'failed' : state };
  });
}
