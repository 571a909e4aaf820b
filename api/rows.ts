import { mayUse } from '../core/authorization.ts';
import type { Command } from '../core/command.ts';
import { PERMISSION } from '../core/directory/records.ts';
import { type Answer, type CustomerPrincipal, denied, notFound, type Refused, refuse } from './answer.ts';
import type { Backend, RowKind, Rows } from './backend.ts';
import { pageOf, readPage } from './page.ts';
import type { Presented } from './presentation/values.ts';
import { readId } from './schema.ts';

/** A kind of row with the face that it shows to whoever reads it. */
export interface Resource<Kind extends RowKind> {
  readonly kind: Kind;
  readonly present: (row: Rows[Kind], by: CustomerPrincipal, backend: Backend) => Presented | Promise<Presented>;
}

/** A page of the customer's own rows. */
export async function listRows<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  { kind, present }: Resource<Kind>,
  query: unknown,
): Promise<Answer> {
  if (!mayUse(by, by.customerId, rightsTo(kind))) return denied(needsOf(kind));
  const page = readPage(query);
  if ('code' in page) return refuse(page);
  const { rows, nextPageToken } = await pageOf(page, (pageSize, before) =>
    backend.list(kind, by.customerId, before === undefined ? { pageSize } : { pageSize, before }),
  );
  const result = await Promise.all(rows.map((row) => present(row, by, backend)));
  return { body: { result, next_page_token: nextPageToken } };
}

/** A row that the principal may work with; another customer's is not found. */
export async function findRow<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  kind: Kind,
  parameters: unknown,
): Promise<{ readonly row: Rows[Kind] } | Refused> {
  const read = readId(parameters);
  if ('refusal' in read) return read;
  const row = await backend.get(kind, read.id);
  const owner = row?.customerId;
  const rights = rightsTo(kind);
  if (row === undefined || owner === undefined || !(owner === by.customerId || mayUse(by, owner, rights))) {
    return notFound(kind, read.id);
  }
  return mayUse(by, owner, rights) ? { row } : denied(needsOf(kind));
}

/** One row as it is now. */
export async function readRow<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  resource: Resource<Kind>,
  parameters: unknown,
): Promise<Answer> {
  const found = await findRow(backend, by, resource.kind, parameters);
  return 'refusal' in found ? found : { body: await resource.present(found.row, by, backend) };
}

/** Executes a command that makes a row, and answers with what came to be. */
export async function createRow<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  { kind, present }: Resource<Kind>,
  command: Command,
): Promise<Answer> {
  const result = await backend.execute(command, by);
  if (result.kind === 'refused') return refuse(result.refusal);
  const row = await backend.get(kind, result.id);
  return row === undefined ? notFound(kind, result.id) : { body: await present(row, by, backend) };
}

/** Executes what `commandOf` makes of the row, and answers with the row as it is afterwards. */
export async function changeRow<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  { kind, present }: Resource<Kind>,
  parameters: unknown,
  commandOf: (row: Rows[Kind]) => Command | Refused,
): Promise<Answer> {
  const found = await findRow(backend, by, kind, parameters);
  if ('refusal' in found) return found;
  const command = commandOf(found.row);
  if ('refusal' in command) return command;
  const result = await backend.execute(command, by);
  if (result.kind === 'refused') return refuse(result.refusal);
  const row = (await backend.get(kind, found.row.id)) ?? found.row;
  return { body: await present(row, by, backend) };
}

/** As `changeRow`, for a command that deletes the row: it is shown once more. */
export async function deleteRow<Kind extends RowKind>(
  backend: Backend,
  by: CustomerPrincipal,
  { kind, present }: Resource<Kind>,
  parameters: unknown,
  commandOf: (row: Rows[Kind]) => Command,
): Promise<Answer> {
  const deletedAt = backend.clock.wallTime();
  const mark = (row: Rows[Kind]): Rows[Kind] => ({ ...row, updatedAt: deletedAt, deletedAt });
  return changeRow(
    backend,
    by,
    { kind, present: (row, ...rest) => present(mark(row), ...rest) },
    parameters,
    commandOf,
  );
}

const PROJECT_KINDS: ReadonlySet<RowKind> = new Set(['provider', 'outbound_config']);

/** Access keys are for admins alone (platform §1.3), what carries calls for everybody is for project super admins. */
function rightsTo(kind: RowKind): number {
  if (PROJECT_KINDS.has(kind)) return PERMISSION.projectSuperAdmin;
  return kind === 'accesskey' ? PERMISSION.customerAdmin : PERMISSION.customerAdmin | PERMISSION.customerManager;
}

function needsOf(kind: RowKind): string {
  if (PROJECT_KINDS.has(kind)) return 'a project super admin';
  return kind === 'accesskey' ? 'an admin of the customer' : 'an admin or manager of the customer';
}
