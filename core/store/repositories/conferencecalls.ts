import { type Insertable, type Selectable, sql } from 'kysely';
import type { ConferencecallRecord, MemberReference } from '../../calls/conferencecall-record.ts';
import { MEMBER_TERMS, type MemberTerms } from '../../calls/member-terms.ts';
import type { ActiveflowId, ConferencecallId, ConferenceId, CustomerId } from '../../kernel/ids.ts';
import type { ConferencecallsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveConferencecall = upsertOf(
  'conferencecalls',
  [
    'id',
    'customer_id',
    'activeflow_id',
    'conference_id',
    'reference_type',
    'reference_id',
    'terms',
    'status',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function conferencecallToRow(stay: ConferencecallRecord): Insertable<ConferencecallsTable> {
  return {
    id: stay.id,
    customer_id: stay.customerId,
    activeflow_id: stay.activeflowId,
    conference_id: stay.conferenceId,
    reference_type: stay.reference.type,
    reference_id: stay.reference.id,
    terms: JSON.stringify(stay.terms),
    status: stay.status,
    created_at: stay.createdAt,
    updated_at: stay.updatedAt,
    deleted_at: stay.deletedAt,
  };
}

export function conferencecallOfRow(row: Selectable<ConferencecallsTable>): ConferencecallRecord {
  return {
    id: row.id as ConferencecallId,
    customerId: row.customer_id as CustomerId,
    activeflowId: row.activeflow_id as ActiveflowId | null,
    conferenceId: row.conference_id as ConferenceId,
    reference: { type: row.reference_type, id: row.reference_id } as MemberReference,
    terms: { ...MEMBER_TERMS, ...(JSON.parse(row.terms) as Partial<MemberTerms>) },
    status: row.status as ConferencecallRecord['status'],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Stays that were not over when the process that wrote them ended, oldest first. */
export const conferencecallsLeftBehind = queryOf(
  compiler
    .selectFrom('conferencecalls')
    .selectAll()
    // Written out, so that the index of living rows is used.
    .where('status', '<>', sql.lit('leaved'))
    .where('deleted_at', 'is', null)
    .orderBy('created_at'),
);
