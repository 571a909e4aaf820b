import type { Compilable, Kysely } from 'kysely';

/** How a call was heard, once it is over. */
export function mediaOfCalls({ schema }: Kysely<unknown>): Compilable[] {
  return [schema.alterTable('calls').addColumn('media', 'text')];
}
