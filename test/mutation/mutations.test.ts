import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ABUSE_MUTATIONS } from './abuse.ts';
import { IDENTITY_MUTATIONS } from './identities.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { PROTECTION_MUTATIONS } from './protection.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the tests of a copy need; the packages are shared. */
const COPIED = ['core', 'sip', 'media', 'flows', 'api', 'cli', 'test', 'package.json', 'vitest.config.ts'];
/** How many mutants are tried. */
const COUNT = Number(process.env['TANDEM_MUTANTS'] ?? 1);

const OF_ROWS = [...IDENTITY_MUTATIONS, ...MUTATIONS];
const ALL = [...ABUSE_MUTATIONS, ...PROTECTION_MUTATIONS, ...OF_ROWS];

const source = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** First and last column of the table of RFCs. */
function rows(): readonly { readonly name: string; readonly state: string }[] {
  const table = /^## Specification\n([\s\S]*?)^## /m.exec(source('sip/README.md'))?.[1] ?? '';
  return Array.from(table.matchAll(/^\| (RFC[^|]*) \|[^|]*\| ([^|]*) \|$/gm), (row) => ({
    name: row[1]!,
    state: row[2]!,
  }));
}

test('every RFC that is done has a test that a mutation of its source must fail', () => {
  const done = rows().filter(({ state }) => /^done\b/.test(state));
  const mutated = [...new Set(OF_ROWS.map(({ row }) => row))];
  for (const { title } of OF_ROWS) expect(title).toMatch(/^RFC \d+(?: §[\d.]+)?(?:, §[\d.]+)*: /);
  expect(done.length).toBeGreaterThan(10);
  expect(done.filter(({ name }) => !mutated.some((row) => name.startsWith(row)))).toEqual([]);
  expect(mutated.filter((row) => !done.some(({ name }) => name.startsWith(row)))).toEqual([]);
});

test.each(ALL)(
  'the line that $title depends on, and the test, are where the list says',
  ({ file, from, test: path, title }) => {
    expect(source(file).split(from).length - 1, `${file}: ${from}`).toBe(1);
    expect(source(path).includes(`'${title}`) || source(path).includes(`\`${title}`), `${path}: ${title}`).toBe(true);
  },
);

/** Whether the test passes in a copy of the project. */
function passes(copy: string, { test: path, title }: Mutation): boolean {
  const pattern = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const run = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', path, '-t', pattern, '--project', 'machines'];
  const { status, stdout } = spawnSync(process.execPath, run, { cwd: copy, encoding: 'utf8' });
  const [, passed = '0'] = /Tests .*?(\d+) passed/.exec(stdout) ?? [];
  const [, failed = '0'] = /Tests .*?(\d+) failed/.exec(stdout) ?? [];
  // No test at all, or a file that cannot be read, shows nothing.
  if (passed === '0' && failed === '0') throw new Error(`${path}: no test ${title}: ${stdout}`);
  return status === 0;
}

test('mutants are found out by the tests that are named for them', () => {
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const survivors = ALL.slice(0, COUNT).filter((mutation) => {
      const path = join(copy, mutation.file);
      const original = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        original.replace(mutation.from, () => mutation.to),
      );
      const survived = passes(copy, mutation);
      writeFileSync(path, original);
      return survived || (ALL[0] === mutation && !passes(copy, mutation));
    });
    expect(survivors).toEqual([]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
