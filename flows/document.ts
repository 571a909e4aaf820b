import type { Action, Json } from '../core/flows/action.ts';
import { type ActionId, NIL_UUID } from '../core/kernel/ids.ts';
import { rfc3339 } from '../core/kernel/time.ts';

/** Why a text is no flow. `field` is a path such as `actions[2].option.target_id`. */
export interface FlowProblem {
  readonly code:
    | 'INVALID_JSON'
    | 'INVALID_TYPE'
    | 'INVALID_ACTION_TYPE'
    | 'NOT_BUILT'
    | 'INVALID_ID'
    | 'DUPLICATE_ID'
    | 'UNKNOWN_TARGET'
    | 'INVALID_OPTION'
    | 'MISSING_OPTION'
    | 'TOO_MANY_ACTIONS';
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Ids of actions that have a meaning of their own (platform §3.1). As a target they mean the end, and the one after. */
export const FINISH_ID = '00000000-0000-0000-0000-000000000002' as ActionId;
export const NEXT_ID = '00000000-0000-0000-0000-000000000003' as ActionId;
export const NIL_ACTION_ID = NIL_UUID as ActionId;
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  NIL_UUID,
  '00000000-0000-0000-0000-000000000001',
  FINISH_ID,
  NEXT_ID,
]);

/** An action as the reference shows it: FlowManagerAction (platform §2.1). */
export function presentAction(action: Action): { [key: string]: Json } {
  return {
    id: action.id,
    next_id: action.nextId,
    type: action.type,
    option: action.option,
    tm_execute: action.executedAt === null ? null : rfc3339(action.executedAt),
  };
}

const SHOWN_MAX = 60;

/** A value as a problem shows it: short, and with its type when the text alone would not tell. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
