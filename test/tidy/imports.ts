import { dirname, join, normalize } from 'node:path';
import { isNode, lineOf, type Source, type SyntaxNode, walk } from './source-tree.ts';

/** One way in which a file names another module. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** `core/ports.ts` for a file of ours, `node:fs` or `fastify` for others; undefined when it is not written out. */
  readonly target: string | undefined;
  readonly isOwn: boolean;
  /** Types are gone at run time. */
  readonly use: 'type' | 'value';
}

/**
 * Every import of a file: `import`, `export … from`, `import()`, `import('…')` in a type, `require`,
 * `createRequire(…)('…')`, and `new URL('…', import.meta.url)`, which is how threads are started.
 */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (node: SyntaxNode, specifier: unknown, use: Import['use']): void => {
    const line = lineOf(source, node.start);
    const name = literalOf(specifier);
    found.push({ from: source.path, line, use, ...(name === undefined ? NOWHERE : resolve(source.path, name)) });
  };
  walk(source.tree, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (isNode(node['source'])) add(node, node['source'], isTypeOnly(node) ? 'type' : 'value');
        break;
      case 'ImportExpression':
        add(node, node['source'], 'value');
        break;
      case 'TSImportType':
        add(node, node['source'] ?? node['argument'], 'type');
        break;
      case 'CallExpression':
        if (isRequire(node['callee'])) add(node, first(node['arguments']), 'value');
        break;
      case 'NewExpression':
        if (isOwnUrl(node)) add(node, first(node['arguments']), 'value');
        break;
    }
  });
  return found;
}

const NOWHERE = { target: undefined, isOwn: false };

function resolve(from: string, name: string): { readonly target: string; readonly isOwn: boolean } {
  if (name.startsWith('.')) return { target: normalize(join(dirname(from), name)), isOwn: true };
  return { target: name, isOwn: false };
}

/** Text of a string literal, also in the node that a type import wraps around it. */
function literalOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'TSLiteralType') return literalOf(node['literal']);
  return typeof node['value'] === 'string' ? node['value'] : undefined;
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const specifiers = node['specifiers'];
  if (!Array.isArray(specifiers) || specifiers.length === 0) return false;
  return specifiers.every((specifier) => isNode(specifier) && kindOf(specifier) === 'type');
}

function kindOf(specifier: SyntaxNode): unknown {
  return specifier['importKind'] ?? specifier['exportKind'];
}

function isRequire(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (callee.type === 'Identifier') return callee['name'] === 'require';
  if (callee.type === 'CallExpression') return isNode(callee['callee']) && callee['callee']['name'] === 'createRequire';
  return callee.type === 'MemberExpression' && isNode(callee['object']) && callee['object']['name'] === 'require';
}

/** `new URL(x, import.meta.url)` where x names a module; other files are data. */
function isOwnUrl(node: SyntaxNode): boolean {
  if (!isNode(node['callee']) || node['callee']['name'] !== 'URL' || !Array.isArray(node['arguments'])) return false;
  const [specifier, base] = node['arguments'] as unknown[];
  if (!isNode(base) || base.type !== 'MemberExpression') return false;
  return /\.[cm]?[jt]s$/.test(literalOf(specifier) ?? '');
}

function first(nodes: unknown): unknown {
  return Array.isArray(nodes) ? nodes[0] : undefined;
}
