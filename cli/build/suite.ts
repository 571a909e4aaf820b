/** `npm test`: system packages where asked for, types, style, tests; the last line printed is the count. */
import { runTool } from './run-tool.ts';
import { installSystemPackages } from './system-packages.ts';
import { runTests } from './tests.ts';
import { lastLine } from './verdict.ts';

const complaints: string[] = [];
if (process.env['TANDEM_TEST_APT'] === '1') {
  const problem = installSystemPackages();
  if (problem !== undefined) complaints.push(problem);
}
// Types and style count as one check each, so that a run which fails there cannot end in "0 failed".
const checks = [
  { name: 'types', passed: runTool('tsc', ['-p', '.']) === 0 },
  { name: 'style', passed: runTool('biome', ['check', '--colors=off', '--error-on-warnings', '.']) === 0 },
];
for (const check of checks) if (!check.passed) complaints.push(`${check.name}: see the output above`);

const verdict = runTests(process.argv.slice(2));
const total = {
  passed: verdict.passed + checks.filter((check) => check.passed).length,
  failed: verdict.failed + complaints.length,
  skipped: verdict.skipped,
  complaints: [...complaints, ...verdict.complaints],
};
for (const complaint of total.complaints) process.stderr.write(`failed: ${complaint}\n`);
process.stdout.write(`${lastLine(total)}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
