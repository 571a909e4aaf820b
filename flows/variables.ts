import type { Json } from '../core/flows/action.ts';

/** What a program or a request may supply when it starts a flow (platform §3.3). */
export const SUPPLIED_LIMITS = { keysMax: 100, totalBytesMax: 64 * 1024, valueBytesMax: 32 * 1024 } as const;
/** All variables of one activeflow together. */
const TOTAL_BYTES_MAX = 256 * 1024;
/** A substituted text is cut here: `${x}${x}` may not grow without end. */
const TEXT_CHARACTERS_MAX = 256 * 1024;

/** Sets of variables that wait to be asked for. */
const UNREAD_MAX = 4;

const RESERVED = /^voipbin\./i;
const REFERENCE = /\$\{(.*?)\}/g;

/** Why supplied variables are refused as a whole; undefined when they are within the limits. */
export function suppliedVariablesDefect(
  supplied: Readonly<Record<string, string>>,
): { readonly expected: string; readonly got: string } | undefined {
  const keys = Object.keys(supplied);
  if (keys.length > SUPPLIED_LIMITS.keysMax) {
    return { expected: `at most ${SUPPLIED_LIMITS.keysMax} variables`, got: String(keys.length) };
  }
  let total = 0;
  for (const key of keys) {
    const size = Buffer.byteLength(supplied[key]!);
    if (size > SUPPLIED_LIMITS.valueBytesMax) {
      return { expected: `values of at most ${SUPPLIED_LIMITS.valueBytesMax} bytes`, got: `${size} bytes in ${key}` };
    }
    total += size + Buffer.byteLength(key);
  }
  if (total <= SUPPLIED_LIMITS.totalBytesMax) return undefined;
  return { expected: `at most ${SUPPLIED_LIMITS.totalBytesMax} bytes in all`, got: `${total} bytes` };
}

/** Supplied variables as they are taken: keys trimmed, empty and reserved ones left out, nothing beyond the limits. */
export function acceptSupplied(supplied: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const accepted = new Map<string, string>();
  if (suppliedVariablesDefect(supplied) !== undefined) return accepted;
  for (const [key, value] of Object.entries(supplied)) {
    const name = key.trim();
    if (name !== '' && !RESERVED.test(name)) accepted.set(name, value);
  }
  return accepted;
}

/**
 * The variables of one activeflow. Values are texts; `${name}` in an option is replaced at the moment of execution,
 * once: what a value holds is not looked at again. Unknown names are empty.
 */
export class Variables {
  /** What the variables are, once what is unread has been added: to be asked for by `#known`. */
  readonly #values = new Map<string, string>();
  /** What was set as a whole since: most activeflows end before anybody asks. */
  readonly #unread: Readonly<Record<string, string>>[] = [];
  /** Computed on use. */
  readonly #computed: (name: string) => string | undefined;
  /** Counted when somebody wants to add something: most activeflows end before. */
  #sizeBytes: number | undefined;

  constructor(computed: (name: string) => string | undefined = () => undefined) {
    this.#computed = computed;
  }

  get(name: string): string {
    return this.#known().get(name) ?? this.#computed(name) ?? '';
  }

  /** False, and nothing changed, when the whole would grow beyond its limit, or the value beyond its own. */
  set(name: string, value: string): boolean {
    if (Buffer.byteLength(value) > SUPPLIED_LIMITS.valueBytesMax) return false;
    const change = this.#changeBytes(name, value);
    const sizeBytes = (this.#sizeBytes ?? this.#countBytes()) + change;
    if (change > 0 && sizeBytes > TOTAL_BYTES_MAX) return false;
    this.#known().set(name, value);
    this.#sizeBytes = sizeBytes;
    return true;
  }

  /** What the switch itself knows, or what was within the limits before. */
  setAll(values: Readonly<Record<string, string>>): void {
    this.#unread.push(values);
    if (this.#unread.length > UNREAD_MAX) this.#known();
    this.#sizeBytes = undefined;
  }

  /** All that another activeflow knows. */
  inherit(other: ReadonlyMap<string, string> | Variables): void {
    const known = this.#known();
    for (const [name, value] of other.entries()) known.set(name, value);
    this.#sizeBytes = undefined;
  }

  entries(): IterableIterator<[string, string]> {
    return this.#known().entries();
  }

  /** A copy to show. */
  toRecord(): Record<string, string> {
    return Object.fromEntries(this.#known());
  }

  substitute(text: string): string {
    if (!text.includes('${')) return text;
    let sizeCharacters = text.length;
    return text
      .replace(REFERENCE, (_, name: string) => {
        const value = this.get(name);
        sizeCharacters += value.length;
        return sizeCharacters > TEXT_CHARACTERS_MAX ? '' : value;
      })
      .slice(0, TEXT_CHARACTERS_MAX);
  }

  /** Every text of the tree substituted. The same tree when it holds no reference. */
  substituteTree<Tree extends Json>(tree: Tree): Tree;
  substituteTree(tree: Json): Json {
    if (typeof tree === 'string') return this.substitute(tree);
    if (typeof tree !== 'object' || tree === null) return tree;
    if (Array.isArray(tree)) return this.#substituteList(tree);
    let copy: Record<string, Json> | undefined;
    const branch = tree as { readonly [key: string]: Json };
    for (const key of Object.keys(branch)) {
      const value = this.substituteTree(branch[key]!);
      if (value === branch[key]) continue;
      copy ??= { ...branch };
      copy[key] = value;
    }
    return copy ?? tree;
  }

  #changeBytes(name: string, value: string): number {
    const old = this.#known().get(name);
    return Buffer.byteLength(value) + (old === undefined ? Buffer.byteLength(name) : -Buffer.byteLength(old));
  }

  #known(): Map<string, string> {
    for (const values of this.#unread) {
      for (const name of Object.keys(values)) this.#values.set(name, values[name]!);
    }
    this.#unread.length = 0;
    return this.#values;
  }

  #countBytes(): number {
    let sizeBytes = 0;
    for (const [name, value] of this.#known()) sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    return sizeBytes;
  }

  #substituteList(list: readonly Json[]): readonly Json[] {
    const substituted = list.map((item) => this.substituteTree(item));
    return substituted.some((item, index) => item !== list[index]) ? substituted : list;
  }
}
