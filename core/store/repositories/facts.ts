import type { Selectable } from 'kysely';
import type { FactsTable } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

/** Facts are sealed without exception: the key that signs tokens is one of them. */
export const saveFact = upsertOf('facts', ['name', 'sealed_value'], ['name']);

export const allFacts = queryOf(compiler.selectFrom('facts').selectAll());

export function factOfRow(row: Selectable<FactsTable>, seal: Seal): readonly [string, string] {
  return [row.name, seal.open(row.sealed_value)];
}
