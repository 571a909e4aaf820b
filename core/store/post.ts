import type { Write } from '../write.ts';
import { keyOf, tableOf } from './row-of-write.ts';
import type { WriteGroup } from './store-protocol.ts';

/** Groups that are posted together, and by their index the write of each that nobody waits for. */
export interface Post {
  readonly groups: WriteGroup[];
  readonly origins: (Write | undefined)[];
}

export const NO_POST: Post = { groups: [], origins: [] };

/** Groups in one post: a text of some 40 kB. Longer ones are made and copied at twice the cost for each row. */
export const POST_GROUPS_MAX = 64;

/** Of each row that is written by one of these, oldest first, the write that was given last. */
export function newestOrigins(posts: readonly Post[]): ReadonlySet<Write> {
  const newest = new Map<string, Write>();
  for (const { origins } of posts) {
    for (const write of origins) if (write !== undefined) newest.set(`${tableOf(write)} ${keyOf(write)}`, write);
  }
  return new Set(newest.values());
}
