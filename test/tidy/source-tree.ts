import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** The folders that hold code; nothing else at the top does. */
export const FOLDERS = ['core', 'media', 'sip', 'flows', 'api', 'cli', 'bench', 'test'] as const;

/** Folders at the top that are not ours to judge: installed, built or written by running programs. */
const NOT_OURS = new Set(['node_modules', 'dist', 'build', 'data', 'coverage']);
const CODE = /\.[cm]?[jt]sx?$/;

/** A node of a syntax tree, in the ESTree form that the parser gives. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly tree: SyntaxNode;
}

export interface SourceTree {
  readonly sources: readonly Source[];
  /** Top-level folders that hold code, ours or not. */
  readonly codeFolders: readonly string[];
  /** Whether the path names a file of the tree. */
  has(path: string): boolean;
}

/** Reads and parses every source of the tree under `root`. */
export function readTree(root: string): SourceTree {
  const sources = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    codeUnder(join(root, folder)).map((name) => readSource(root, `${folder}/${name}`, folder)),
  );
  const codeFolders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NOT_OURS.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => codeUnder(join(root, name)).length > 0);
  const paths = new Set(sources.map(({ path }) => path));
  return { sources, codeFolders, has: (path) => paths.has(path) || existsSync(join(root, path)) };
}

function readSource(root: string, path: string, folder: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, folder, text, tree: parseAst(text, { lang: 'ts' }) as unknown as SyntaxNode };
}

function codeUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => CODE.test(name));
}

/** Visits the node and all below it, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

/** Line of an offset, from 1. */
export function lineOf(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length;
}
