import { mayUse } from '../../core/authorization.ts';
import type { Principal } from '../../core/command.ts';
import type { Directory } from '../../core/directory/directory.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import { type AgentId, type CustomerId, NIL_UUID } from '../../core/kernel/ids.ts';
import type { Presented } from '../presentation/values.ts';

/** What a client asks to be told of: every event that has a topic beginning with this text. */
export interface Topic {
  readonly text: string;
  readonly scope: 'customer_id' | 'agent_id';
  readonly scopeId: string;
}

/** `<scope>:<scope id>` and up to three parts more (platform §4.3); the last may be incomplete, or empty. */
const TOPIC =
  /^(customer_id|agent_id):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})((?::[a-z0-9_.-]{0,64}){0,3})$/i;
const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;

/** Undefined for what is no topic. */
export function topicOf(text: unknown): Topic | undefined {
  if (typeof text !== 'string') return undefined;
  const [, scope, id, rest] = TOPIC.exec(text) ?? [];
  if (scope === undefined || id === undefined) return undefined;
  const scopeId = id.toLowerCase();
  return { text: `${scope.toLowerCase()}:${scopeId}${rest}`, scope: scope.toLowerCase() as Topic['scope'], scopeId };
}

/**
 * The customer whose events carry the topic, when the principal may be told of them; undefined otherwise. Topics of a
 * customer are for its admins and managers, topics of an agent for this agent, all for a project super admin.
 */
export function customerOf(topic: Topic, by: Principal, directory: Directory): CustomerId | undefined {
  if (topic.scope === 'customer_id') {
    const customerId = topic.scopeId as CustomerId;
    return mayUse(by, customerId, ADMINS) ? customerId : undefined;
  }
  if (by.kind !== 'agent') return undefined;
  if (by.agentId === topic.scopeId) return by.customerId;
  const isOfAnybody = (by.permission & PERMISSION.projectSuperAdmin) !== 0;
  return isOfAnybody ? directory.agents.get(topic.scopeId as AgentId)?.customerId : undefined;
}

/**
 * The topics under which an event is published: by its resource, and by its resource and type, so that one type alone
 * can be asked for.
 */
export function topicsOf(customerId: CustomerId, type: string, data: Presented): readonly string[] {
  const resource = type.slice(0, type.indexOf('_'));
  const { id = data['call_id'] ?? data['extension_id'] ?? '', owner_id: owner = NIL_UUID } = data;
  const names = [`${resource}:${id}`, `${resource}:${type}:${id}`];
  const scopes = [`customer_id:${customerId}`, ...(owner === NIL_UUID ? [] : [`agent_id:${owner}`])];
  return scopes.flatMap((scope) => names.map((name) => `${scope}:${name}`));
}
