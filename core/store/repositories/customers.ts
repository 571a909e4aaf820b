import type { Insertable, Selectable } from 'kysely';
import type { Customer } from '../../directory/records.ts';
import type { CustomerId } from '../../kernel/ids.ts';
import type { CustomersTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveCustomer = upsertOf(
  'customers',
  ['id', 'name', 'detail', 'email', 'status', 'ordinal', 'created_at', 'updated_at', 'deleted_at'],
  ['id'],
);

export function customerToRow(customer: Customer): Insertable<CustomersTable> {
  const { id, name, detail, email, status, ordinal } = customer;
  return {
    id,
    name,
    detail,
    email,
    status,
    ordinal,
    created_at: customer.createdAt,
    updated_at: customer.updatedAt,
    deleted_at: customer.deletedAt,
  };
}

export function customerOfRow(row: Selectable<CustomersTable>): Customer {
  return {
    id: row.id as CustomerId,
    name: row.name,
    detail: row.detail,
    email: row.email,
    status: row.status as Customer['status'],
    ordinal: row.ordinal,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Customers that are not deleted. */
export const liveCustomers = queryOf(compiler.selectFrom('customers').selectAll().where('deleted_at', 'is', null));
