import type { Insertable, Selectable } from 'kysely';
import type { Agent } from '../../directory/records.ts';
import type { AgentId, CustomerId } from '../../kernel/ids.ts';
import type { AgentsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveAgent = upsertOf(
  'agents',
  [
    'id',
    'customer_id',
    'username',
    'password_hash',
    'name',
    'detail',
    'permission',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function agentToRow(agent: Agent): Insertable<AgentsTable> {
  const { id, username, name, detail, permission } = agent;
  return {
    id,
    username,
    name,
    detail,
    permission,
    customer_id: agent.customerId,
    password_hash: agent.passwordHash,
    created_at: agent.createdAt,
    updated_at: agent.updatedAt,
    deleted_at: agent.deletedAt,
  };
}

export function agentOfRow(row: Selectable<AgentsTable>): Agent {
  return {
    id: row.id as AgentId,
    customerId: row.customer_id as CustomerId,
    username: row.username,
    passwordHash: row.password_hash,
    name: row.name,
    detail: row.detail,
    permission: row.permission,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Agents that are not deleted. */
export const liveAgents = queryOf(compiler.selectFrom('agents').selectAll().where('deleted_at', 'is', null));
