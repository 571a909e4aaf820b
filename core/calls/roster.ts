import type { ConferencecallId } from '../kernel/ids.ts';

/** Ids that two rosters which differ by one have apart from each other, at most. */
const CHUNK = 64;

/**
 * Who is in a conference, in the order in which they came. It never changes: one that differs by a member shares all but
 * a part of it, so that thousands of events can each say who was there.
 */
export class Roster {
  static readonly NOBODY = new Roster([], 0);

  readonly size: number;
  readonly #chunks: readonly (readonly ConferencecallId[])[];

  private constructor(chunks: readonly (readonly ConferencecallId[])[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  get ids(): readonly ConferencecallId[] {
    return this.#chunks.flat();
  }

  with(id: ConferencecallId): Roster {
    const last = this.#chunks.at(-1);
    const chunks =
      last === undefined || last.length >= CHUNK
        ? [...this.#chunks, [id]]
        : [...this.#chunks.slice(0, -1), [...last, id]];
    return new Roster(chunks, this.size + 1);
  }

  /** The same when that one is not in it. */
  without(id: ConferencecallId): Roster {
    const index = this.#chunks.findIndex((chunk) => chunk.includes(id));
    if (index === -1) return this;
    const left = this.#chunks[index]!.filter((other) => other !== id);
    const next = this.#chunks[index + 1];
    // What is left of two neighbours that have shrunk becomes one.
    const isMerged = next !== undefined && left.length + next.length <= CHUNK;
    const middle = isMerged ? [[...left, ...next]] : left.length === 0 ? [] : [left];
    const after = this.#chunks.slice(index + (isMerged ? 2 : 1));
    return new Roster([...this.#chunks.slice(0, index), ...middle, ...after], this.size - 1);
  }
}
