import type { Selectable } from 'kysely';
import type { CallId } from '../../kernel/ids.ts';
import type { DialogsTable } from '../schema.ts';
import { compiler, deletionOf, queryOf, upsertOf } from '../statement.ts';

export const saveDialog = upsertOf('dialogs', ['call_id', 'customer_id', 'dialog'], ['call_id']);

export const dropDialog = deletionOf('dialogs', ['call_id']);

export const allDialogs = queryOf(compiler.selectFrom('dialogs').selectAll());

export function dialogOfRow(row: Selectable<DialogsTable>): readonly [CallId, string] {
  return [row.call_id as CallId, row.dialog];
}
