import type { Address } from '../../core/calls/address.ts';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import { rfc3339, type WallTime } from '../../core/kernel/time.ts';

/** A resource as JSON, in the shape of the reference (platform §2.1): snake_case, RFC 3339, nil UUIDs for "no value". */
export type Presented = Readonly<Record<string, unknown>>;

interface Timed {
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}

/** The three times that every resource ends with. */
export function timesOf(row: Timed): Presented {
  return { tm_create: rfc3339(row.createdAt), tm_update: timeOf(row.updatedAt), tm_delete: timeOf(row.deletedAt) };
}

export function timeOf(at: WallTime | null): string | null {
  return at === null ? null : rfc3339(at);
}

export function idOf(id: string | null): string {
  return id ?? NIL_UUID;
}

/** CommonAddress. */
export function presentAddress(address: Address): Presented {
  return {
    type: address.type,
    target: address.target,
    target_name: address.targetName,
    name: address.name,
    detail: address.detail,
  };
}
