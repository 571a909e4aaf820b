import type { Compilable, Kysely } from 'kysely';

/** Whether the audio of phones is protected. */
export function srtpOfExtensions({ schema }: Kysely<unknown>): Compilable[] {
  return [schema.alterTable('extensions').addColumn('srtp', 'text', (c) => c.notNull().defaultTo('off'))];
}
