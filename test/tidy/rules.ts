import { basename } from 'node:path';
import { mayTouch } from './allowed-modules.ts';
import { type Import, importsOf } from './imports.ts';
import { FOLDERS, isNode, lineOf, type Source, type SourceTree, type SyntaxNode, walk } from './source-tree.ts';

/** Each rule returns one sentence for every offence. */
export type Rule = (tree: SourceTree) => string[];

/** Who may import whom: the architecture as a table that a machine checks. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  sip: ['core', 'sip'],
  media: ['core', 'media'],
  flows: ['core', 'flows'],
  api: ['core', 'flows', 'api'],
  cli: ['core', 'sip', 'media', 'flows', 'api', 'cli'],
  bench: FOLDERS,
  test: FOLDERS,
};

/** Folders whose code ships; what tests and benches do is their own business. */
const SHIPPED = new Set(['core', 'sip', 'media', 'flows', 'api', 'cli']);

/** Ambient effects, and the only places that may reach for them; a name that ends in `/` is a folder. */
const DOORS: readonly {
  readonly names: readonly string[];
  readonly instead: string;
  readonly only: readonly string[];
}[] = [
  {
    names: ['Date.now', 'performance.now', 'new Date()', 'process.hrtime'],
    instead: 'a `now` argument',
    only: ['core/kernel/clock.ts'],
  },
  {
    names: ['setTimeout', 'setInterval', 'setImmediate'],
    instead: 'deadline()',
    only: [
      'core/kernel/driver.ts',
      'core/kernel/disposal.ts',
      'core/store/writer.ts',
      'core/store/store-thread.ts',
      'sip/transport/',
      'media/io/',
      'media/workers.ts',
      'cli/',
    ],
  },
  {
    names: ['Math.random', 'randomBytes', 'randomUUID', 'randomInt', 'getRandomValues'],
    instead: 'core/kernel/random.ts',
    only: ['core/kernel/random.ts'],
  },
  { names: ['console'], instead: 'core/kernel/log.ts', only: [] },
  { names: ['process.stdout', 'process.stderr'], instead: 'core/kernel/log.ts', only: ['cli/'] },
  { names: ['process.env', 'process.argv', 'process.exit', 'process.on'], instead: 'an argument', only: ['cli/'] },
];

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
const FORBIDDEN_NAME = /^(utils?|helpers?|common|misc|managers?|data|info|base)$/;
const STORE_OPENERS = new Set(['core', 'cli', 'bench', 'test']);

export const followsArchitecture: Rule = (tree) =>
  tree.sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const at = `${found.from}:${found.line}`;
      if (found.target === undefined) {
        return SHIPPED.has(source.folder) ? [`${at} imports something that is not written out`] : [];
      }
      if (!found.isOwn) return mayTouch(source.path, found.target) ? [] : [`${at} must not use ${found.target}`];
      if (found.target.startsWith('..')) return [`${at} imports ${found.target} outside of the project`];
      if (!tree.has(found.target)) return [`${at} imports ${found.target}, which does not exist`];
      const folder = found.target.split('/')[0]!;
      const isTopFile = !found.target.includes('/');
      return isTopFile || MAY_IMPORT[source.folder]!.includes(folder) ? [] : [`${at} must not import ${found.target}`];
    }),
  );

export const opensStoreAtTheTop: Rule = (tree) =>
  tree.sources
    .filter(({ folder, path }) => !STORE_OPENERS.has(folder) || (folder === 'core' && !path.startsWith('core/store/')))
    .flatMap(importsOf)
    .filter(({ target, use }) => target?.startsWith('core/store/') === true && use === 'value')
    .map(({ from, line, target }) => `${from}:${line} must not import ${target}: only cli opens the store`);

/** Cycles of imports that exist at run time; types may refer to each other. */
export const hasNoCycles: Rule = (tree) => {
  const imports = new Map(tree.sources.map((source) => [source.path, importsOf(source).filter(isRunTime)]));
  const done = new Set<string>();
  const offences: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) offences.push(`cycle: ${[...trail.slice(start), path].join(' → ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const { target } of imports.get(path) ?? []) visit(target!, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return offences;
};

function isRunTime(found: Import): boolean {
  return found.isOwn && found.use === 'value' && found.target !== undefined;
}

export const usesSingleDoors: Rule = (tree) =>
  tree.sources
    .filter(({ folder }) => SHIPPED.has(folder))
    .flatMap((source) =>
      ambientUses(source).flatMap(({ name, node }) =>
        DOORS.filter(({ names }) => names.includes(name))
          .filter(
            ({ only }) =>
              !only.some((place) => (place.endsWith('/') ? source.path.startsWith(place) : source.path === place)),
          )
          .map(({ instead }) => `${source.path}:${lineOf(source, node.start)} uses ${name}; use ${instead}`),
      ),
    );

/** Uses of globals, as the doors name them. */
function ambientUses(source: Source): { readonly name: string; readonly node: SyntaxNode }[] {
  const uses: { name: string; node: SyntaxNode }[] = [];
  walk(source.tree, (node) => {
    if (node.type === 'MemberExpression' && isNode(node['object']) && isNode(node['property'])) {
      const [object, property] = [node['object'], node['property']];
      if (object.type !== 'Identifier') return;
      uses.push({ name: object['name'] === 'console' ? 'console' : `${object['name']}.${property['name']}`, node });
    }
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return;
    const callee = node['callee'];
    if (!isNode(callee) || callee.type !== 'Identifier') return;
    const isBareDate =
      node.type === 'NewExpression' && callee['name'] === 'Date' && (node['arguments'] as unknown[]).length === 0;
    uses.push({ name: isBareDate ? 'new Date()' : String(callee['name']), node });
  });
  return uses;
}

export const keepsFilesShort: Rule = (tree) =>
  tree.sources
    .map(({ path, text }) => ({ path, count: text.trimEnd().split('\n').length }))
    .filter(({ count }) => count > FILE_LINES_MAX)
    .map(({ path, count }) => `${path} has ${count} lines, at most ${FILE_LINES_MAX}`);

export const keepsFunctionsShort: Rule = (tree) =>
  tree.sources.flatMap((source) => {
    const offences: string[] = [];
    const groups = new Set<unknown>();
    walk(source.tree, (node) => {
      if (isTestGroup(node)) for (const argument of node['arguments'] as unknown[]) groups.add(argument);
      if (groups.has(node) || !FUNCTION.test(node.type)) return;
      const line = lineOf(source, node.start);
      const count = lineOf(source, node.end) - line + 1;
      if (count <= FUNCTION_LINES_MAX) return;
      offences.push(`${source.path}:${line} has a function of ${count} lines, at most ${FUNCTION_LINES_MAX}`);
    });
    return offences;
  });

/** `describe(…)` and its variants: what they are given is a list of tests, not a function to be read at once. */
function isTestGroup(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression') return false;
  let callee = node['callee'];
  while (isNode(callee)) {
    if (callee['name'] === 'describe') return true;
    callee = callee['callee'] ?? callee['object'];
  }
  return false;
}

export const isNamedByWhatItHolds: Rule = (tree) =>
  tree.sources.flatMap(({ path }) => {
    const parts = path.split('/');
    const name = basename(path).replace(/(\.test)?\.[cm]?[jt]s$/, '');
    const offending = [...parts.slice(0, -1), name].filter((part) => FORBIDDEN_NAME.test(part));
    const misspelt = /^[a-z0-9]+([-.][a-z0-9]+)*$/.test(name) ? [] : [`${path} is not in kebab-case`];
    return [...offending.map((part) => `${path}: "${part}" says nothing about what it holds`), ...misspelt];
  });

export const hasNoOtherFolders: Rule = (tree) =>
  tree.codeFolders
    .filter((folder) => !(FOLDERS as readonly string[]).includes(folder))
    .map((folder) => `${folder}/ holds code: the folders are ${FOLDERS.join(', ')}`);
