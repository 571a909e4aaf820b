import { mayUse } from '../core/authorization.ts';
import type { Address } from '../core/calls/address.ts';
import type { CallRecord } from '../core/calls/call-record.ts';
import type { Principal } from '../core/command.ts';
import { type Agent, type Extension, PERMISSION } from '../core/directory/records.ts';
import { NIL_UUID } from '../core/kernel/ids.ts';
import { rfc3339, type WallTime } from '../core/kernel/time.ts';

/** Records in the shapes of the reference (platform §2.1): snake_case, RFC 3339, nil UUIDs for "no value". */

export function presentAddress(address: Address): Record<string, unknown> {
  return {
    type: address.type,
    target: address.target,
    target_name: address.targetName,
    name: address.name,
    detail: address.detail,
  };
}

/** RegistrarManagerExtension. The password is for admins of the customer alone; others get an empty one. */
export function presentExtension(extension: Extension, reader: Principal): Record<string, unknown> {
  const isAdmin = mayUse(reader, extension.customerId, PERMISSION.customerAdmin);
  return {
    id: extension.id,
    customer_id: extension.customerId,
    name: extension.name,
    detail: extension.detail,
    extension: extension.extension,
    domain_name: extension.customerId,
    username: extension.extension,
    password: isAdmin ? extension.password : '',
    direct_hash: '',
    ...timesOf(extension),
  };
}

/** CallManagerCall. */
export function presentCall(call: CallRecord): Record<string, unknown> {
  return {
    id: call.id,
    customer_id: call.customerId,
    owner_type: '',
    owner_id: NIL_UUID,
    flow_id: NIL_UUID,
    activeflow_id: NIL_UUID,
    type: 'flow',
    master_call_id: call.masterCallId ?? NIL_UUID,
    chained_call_ids: call.chainedCallIds,
    recording_id: NIL_UUID,
    recording_ids: [],
    groupcall_id: call.groupcallId ?? NIL_UUID,
    source: presentAddress(call.source),
    destination: presentAddress(call.destination),
    status: call.status,
    action: { id: NIL_UUID, next_id: NIL_UUID, type: '', option: {} },
    direction: call.direction,
    mute_direction: '',
    hangup_by: call.hangupBy,
    hangup_reason: call.hangupReason,
    metadata: {},
    tm_progressing: timeOf(call.progressingAt),
    tm_ringing: timeOf(call.ringingAt),
    tm_hangup: timeOf(call.hangupAt),
    ...timesOf(call),
  };
}

/** AgentManagerAgent. The password's hash never leaves. */
export function presentAgent(agent: Agent): Record<string, unknown> {
  return {
    id: agent.id,
    customer_id: agent.customerId,
    username: agent.username,
    name: agent.name,
    detail: agent.detail,
    ring_method: 'ringall',
    status: 'offline',
    permission: agent.permission,
    tag_ids: [],
    addresses: [],
    direct_hash: '',
    ...timesOf(agent),
  };
}

interface Timed {
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}

function timesOf(row: Timed): Record<string, unknown> {
  return { tm_create: rfc3339(row.createdAt), tm_update: timeOf(row.updatedAt), tm_delete: timeOf(row.deletedAt) };
}

function timeOf(at: WallTime | null): string | null {
  return at === null ? null : rfc3339(at);
}
