import type { Action, Json } from '../core/flows/action.ts';
import { type ActionId, uuid } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import { ACTION_KINDS } from './action-catalogue.ts';
import { FINISH_ID, type FlowProblem, NEXT_ID, NIL_ACTION_ID, RESERVED_IDS, shown } from './document.ts';
import { isObject, isUuid, OptionCheck } from './option-check.ts';

export type Compiled = { readonly actions: readonly Action[] } | { readonly problems: readonly FlowProblem[] };

/** More in one flow are refused. */
export const ACTIONS_MAX = 1_000;
/** Objects and arrays within each other: what walks through an option walks on the stack. */
const DEPTH_MAX = 20;
/** More problems are not told. */
const PROBLEMS_MAX = 50;

/**
 * Actions as users write them, JSON already parsed, made ready to run, or everything that is wrong with them. Ids that
 * are missing are generated. `hasOuterTarget` knows actions outside that may be jumped to.
 */
export function compile(
  actions: unknown,
  random: Random,
  hasOuterTarget: (id: ActionId) => boolean = () => false,
): Compiled {
  const problems: FlowProblem[] = [];
  if (!Array.isArray(actions)) {
    return {
      problems: [{ code: 'INVALID_TYPE', field: 'actions', expected: 'an array of actions', got: shown(actions) }],
    };
  }
  if (actions.length > ACTIONS_MAX) {
    const expected = `at most ${ACTIONS_MAX} actions`;
    return { problems: [{ code: 'TOO_MANY_ACTIONS', field: 'actions', expected, got: String(actions.length) }] };
  }
  const ids = collectIds(actions, random, problems);
  const known = new Set<string>(ids);
  const hasTarget = (id: string): boolean =>
    id === FINISH_ID || id === NEXT_ID || known.has(id) || hasOuterTarget(id as ActionId);
  const compiled = actions.map((action: unknown, index) =>
    compileAction(action, ids[index]!, `actions[${index}]`, hasTarget, problems),
  );
  return problems.length > 0 ? { problems: problems.slice(0, PROBLEMS_MAX) } : { actions: compiled };
}

/** The id of every action, generated where there is none. */
function collectIds(actions: readonly unknown[], random: Random, problems: FlowProblem[]): ActionId[] {
  const seen = new Set<string>();
  return actions.map((action, index) => {
    const id = isObject(action) ? action['id'] : undefined;
    if (id === undefined || id === null || id === '' || id === NIL_ACTION_ID) return uuid(random) as ActionId;
    const field = `actions[${index}].id`;
    if (!isUuid(id) || RESERVED_IDS.has(id)) {
      problems.push({ code: 'INVALID_ID', field, expected: 'a UUID that is not reserved', got: shown(id) });
      return uuid(random) as ActionId;
    }
    const lower = id.toLowerCase();
    if (seen.has(lower)) problems.push({ code: 'DUPLICATE_ID', field, expected: 'an id of its own', got: shown(id) });
    seen.add(lower);
    return lower as ActionId;
  });
}

function compileAction(
  action: unknown,
  id: ActionId,
  path: string,
  hasTarget: (id: string) => boolean,
  problems: FlowProblem[],
): Action {
  const empty: Action = { id, nextId: NIL_ACTION_ID, type: 'empty', option: {}, executedAt: null };
  if (!isObject(action)) {
    problems.push({ code: 'INVALID_TYPE', field: path, expected: 'an action {type, option}', got: shown(action) });
    return empty;
  }
  const check = new OptionCheck(problems, hasTarget);
  const nextId = action['next_id'];
  const hasNext = nextId !== undefined && nextId !== '' && nextId !== NIL_ACTION_ID;
  if (hasNext) check.check(`${path}.next_id`, { kind: 'target' }, nextId);
  const { type } = action;
  const option = action['option'] ?? {};
  const kind = typeof type === 'string' ? ACTION_KINDS.get(type) : undefined;
  if (typeof type !== 'string' || kind === undefined) {
    const expected = `a known type of action: ${builtTypes()}`;
    problems.push({ code: 'INVALID_ACTION_TYPE', field: `${path}.type`, expected, got: shown(type) });
    return empty;
  }
  if (!kind.isBuilt) {
    const expected = `a type that is built (${type} is not built yet): ${builtTypes()}`;
    problems.push({ code: 'NOT_BUILT', field: `${path}.type`, expected, got: type });
    return empty;
  }
  if (!isObject(option)) {
    problems.push({ code: 'INVALID_OPTION', field: `${path}.option`, expected: 'an object', got: shown(option) });
    return empty;
  }
  if (isDeeper(option, DEPTH_MAX)) {
    const expected = `at most ${DEPTH_MAX} objects and arrays within each other`;
    problems.push({ code: 'INVALID_OPTION', field: `${path}.option`, expected, got: 'more' });
    return empty;
  }
  for (const [name, field] of Object.entries(kind.options)) {
    const value = option[name];
    const isAbsentTarget = field.kind === 'target' && (value === '' || value === NIL_ACTION_ID);
    check.check(`${path}.option.${name}`, field, isAbsentTarget ? undefined : value);
  }
  const next = hasNext && isUuid(nextId) ? (nextId.toLowerCase() as ActionId) : NIL_ACTION_ID;
  // It came out of a JSON parser.
  return { id, nextId: next, type, option: option as Action['option'] & Json, executedAt: null };
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeper(item, depth - 1));
}

function builtTypes(): string {
  return [...ACTION_KINDS].flatMap(([type, kind]) => (kind.isBuilt ? [type] : [])).join(', ');
}
