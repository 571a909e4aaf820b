import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  followsArchitecture,
  hasNoCycles,
  hasNoOtherFolders,
  isNamedByWhatItHolds,
  keepsFilesShort,
  keepsFunctionsShort,
  opensStoreAtTheTop,
  type Rule,
  usesSingleDoors,
} from './tidy/rules.ts';
import { readTree } from './tidy/source-tree.ts';

const project = readTree(fileURLToPath(new URL('..', import.meta.url)));

/** What a rule says of a tree of these files. */
function judge(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'tandem-tidy-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return rule(readTree(root));
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('imports follow the architecture', () => {
  expect(followsArchitecture(project)).toEqual([]);
});

test.each([
  ['import', "import { a } from '../media/a.ts';"],
  ['import for its effect', "import '../media/a.ts';"],
  ['import of a type', "import type { a } from '../media/a.ts';"],
  ['import across lines', "import {\n  a,\n} from '../media/a.ts';"],
  ['re-export', "export { a } from '../media/a.ts';"],
  ['re-export of all', "export * from '../media/a.ts';"],
  ['dynamic import', "const a = await import('../media/a.ts');"],
  ['dynamic import in a template', 'const a = await import(`../media/a.ts`);'],
  ['import in a type', "type A = import('../media/a.ts').A;"],
  ['URL of a module', "new Worker(new URL('../media/a.ts', import.meta.url));"],
  ['require', "import { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('../media/a.ts');"],
])('an edge that reaches for another by %s is found', (_, text) => {
  expect(judge(followsArchitecture, { 'sip/a.ts': text, 'media/a.ts': 'export const a = 1;' })).not.toEqual([]);
});

test('an import that is not written out is found', () => {
  expect(judge(followsArchitecture, { 'core/a.ts': 'await import(String(name));' })).toHaveLength(1);
});

test('an import of nothing is found', () => {
  expect(judge(followsArchitecture, { 'core/a.ts': "import './b.ts';" })).toEqual([
    'core/a.ts:1 imports core/b.ts, which does not exist',
  ]);
});

test('a comment or text that looks like an import is none', () => {
  const text = "// import '../media/a.ts'\nexport const text = \"import '../media/a.ts'\";";
  expect(judge(followsArchitecture, { 'sip/a.ts': text })).toEqual([]);
});

test.each([
  ['core/a.ts', 'node:fs'],
  ['core/calls/a.ts', 'node:crypto'],
  ['core/a.ts', 'kysely'],
  ['sip/transaction/a.ts', 'node:dgram'],
  ['media/engine.ts', 'node:worker_threads'],
  ['media/sdp/a.ts', 'fastify'],
  ['flows/a.ts', 'node:timers'],
  ['api/a.ts', 'better-sqlite3'],
])('%s may not use %s', (path, module) => {
  expect(judge(followsArchitecture, { [path]: `import '${module}';` })).toEqual([`${path}:1 must not use ${module}`]);
});

test('only cli opens the store', () => {
  expect(opensStoreAtTheTop(project)).toEqual([]);
});

test('an edge or another part of the core that opens the store is found', () => {
  const store = { 'core/store/open.ts': 'export const openStore = 1;' };
  expect(
    judge(opensStoreAtTheTop, { ...store, 'api/a.ts': "import { openStore } from '../core/store/open.ts';" }),
  ).toHaveLength(1);
  expect(
    judge(opensStoreAtTheTop, { ...store, 'core/a.ts': "import { openStore } from './store/open.ts';" }),
  ).toHaveLength(1);
  expect(
    judge(opensStoreAtTheTop, { ...store, 'cli/a.ts': "import { openStore } from '../core/store/open.ts';" }),
  ).toEqual([]);
});

test('imports go in no circle', () => {
  expect(hasNoCycles(project)).toEqual([]);
});

test('a circle of three is found, one of types alone is none', () => {
  const circle = { 'core/a.ts': "import './b.ts';", 'core/b.ts': "export * from './c.ts';" };
  expect(judge(hasNoCycles, { ...circle, 'core/c.ts': "await import('./a.ts');" })).toEqual([
    'cycle: core/a.ts → core/b.ts → core/c.ts → core/a.ts',
  ]);
  expect(judge(hasNoCycles, { ...circle, 'core/c.ts': "import type { A } from './a.ts';" })).toEqual([]);
});

test('time, chance and the console enter through one door', () => {
  expect(usesSingleDoors(project)).toEqual([]);
});

test.each([
  'Date.now();',
  'performance.now();',
  'new Date();',
  'setTimeout(act, 5);',
  'setImmediate(act);',
  'Math.random();',
  'const f = Math.random;',
  'crypto.getRandomValues(x); randomBytes(4);',
  "console.log('x');",
  "process.stdout.write('x');",
  "process.env['HOME'];",
])('%s in a machine is found', (text) => {
  expect(judge(usesSingleDoors, { 'sip/dialog/a.ts': text })).not.toEqual([]);
});

test('what only looks like a door is none', () => {
  const text =
    "// Date.now()\nconst text = 'console.log(1)';\nnew Date(5);\nthis.setTimeout(5);\nsocket.setTimeout(5);";
  expect(judge(usesSingleDoors, { 'sip/dialog/a.ts': text })).toEqual([]);
});

test('no file outgrows a reader', () => {
  expect(keepsFilesShort(project)).toEqual([]);
});

test('a file of 401 lines is found', () => {
  expect(judge(keepsFilesShort, { 'core/a.ts': 'export {};\n'.repeat(400) })).toEqual([]);
  expect(judge(keepsFilesShort, { 'core/a.ts': 'export {};\n'.repeat(401) })).toHaveLength(1);
});

test('no function outgrows a screen', () => {
  expect(keepsFunctionsShort(project)).toEqual([]);
});

test.each([
  ['function', 'function f() {', '}'],
  ['method', 'class A {\n  f() {', '  }\n}'],
  ['private method with a rich type', 'class A {\n  #f(a: () => { b: 1 }): Promise<{ a: 1 }> {', '  }\n}'],
  ['arrow function', 'const f = (a: number): { b: number } => {', '};'],
])('a %s of 61 lines is found', (_, open, close) => {
  const lines = (count: number): string => `${open}\n${'  act();\n'.repeat(count - 2)}${close}`;
  expect(judge(keepsFunctionsShort, { 'core/a.ts': lines(60) })).toEqual([]);
  expect(judge(keepsFunctionsShort, { 'core/a.ts': lines(61) })).toHaveLength(1);
});

test('a group of tests may be as long as its tests are many', () => {
  const tests = "  test('a', () => act());\n".repeat(100);
  for (const group of ['describe', 'describe.skipIf(a)', 'describe.each([1])']) {
    expect(judge(keepsFunctionsShort, { 'test/a.test.ts': `${group}('b', () => {\n${tests}});` })).toEqual([]);
  }
});

test('files and folders are named by what they hold', () => {
  expect(isNamedByWhatItHolds(project)).toEqual([]);
});

test.each([
  'core/utils/a.ts',
  'core/helpers.ts',
  'sip/common/b.ts',
  'api/misc.ts',
  'core/manager.ts',
  'core/callState.ts',
])('the name %s is found', (path) => {
  expect(judge(isNamedByWhatItHolds, { [path]: 'export {};' })).toHaveLength(1);
});

test('code is in the eight folders alone', () => {
  expect(hasNoOtherFolders(project)).toEqual([]);
});

test('a ninth folder with code is found', () => {
  expect(
    judge(hasNoOtherFolders, { 'src/a.ts': '', 'scripts/b.mjs': '', 'docs/a.md': '', 'core/a.ts': '' }).sort(),
  ).toEqual([expect.stringContaining('scripts/'), expect.stringContaining('src/')]);
});
