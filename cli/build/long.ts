/** `npm run test:long -- AREA`: the same tests with full counts, and a report that is kept. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/kernel/clock.ts';
import { rfc3339 } from '../../core/kernel/time.ts';
import { LONG_COUNTS } from './long-counts.ts';
import { outputOf, ROOT } from './run-tool.ts';
import { runTests } from './tests.ts';
import { lastLine } from './verdict.ts';

const USAGE = 2;
const [area, ...rest] = process.argv.slice(2);
if (area === undefined || !/^[\w/-]+$/.test(area)) {
  process.stderr.write(
    `An area is missing: expected a folder or file under test/, got ${area ?? 'nothing'}: npm run test:long -- sip\n`,
  );
  process.exit(USAGE);
}
const counts = Object.fromEntries(
  Object.entries(LONG_COUNTS).map(([name, count]) => [name, process.env[name] ?? count]),
);
const startedAt = systemClock.wallTime();
const started = systemClock.now();
const verdict = runTests([`test/${area}`, '--testTimeout=3600000', ...rest], counts);
const seconds = Math.round((systemClock.now() - started) / 1000);

const settings = Object.entries(counts)
  .map(([name, count]) => `${name}=${count}`)
  .join(' ');
const commit = outputOf('git', ['rev-parse', 'HEAD']) ?? 'unknown';
const changes = outputOf('git', ['status', '--porcelain']) === '' ? '' : ' with uncommitted changes';
const report = [
  `# Long tests: ${area}`,
  '',
  `- Started: ${rfc3339(startedAt)}, took ${seconds} s`,
  `- Command: \`${settings} npm run test:long -- ${[area, ...rest].join(' ')}\``,
  `- Commit: ${commit}${changes}`,
  `- Result: ${lastLine(verdict)}`,
  ...verdict.complaints.map((complaint) => `- Failed: ${complaint}`),
  '',
].join('\n');
const folder = join(ROOT, 'bench/reports');
mkdirSync(folder, { recursive: true });
const path = join(folder, `${area.replaceAll('/', '-')}-${rfc3339(startedAt).slice(0, 10)}.md`);
writeFileSync(path, report);
process.stdout.write(`${path}\n${lastLine(verdict)}\n`);
process.exitCode = verdict.failed === 0 ? 0 : 1;
