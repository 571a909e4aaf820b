import type { ActionId } from '../../core/kernel/ids.ts';
import type { WallTime } from '../../core/kernel/time.ts';
import { NIL_ACTION_ID } from '../document.ts';
import { idOf, integerOf, integersOf, numberFrom, type Option, textOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';
import { DIGITS_VARIABLE } from './digits.ts';

/** Reads the variable and clears it, then goes where its value leads. */
export const branch: Begin = (stage, option) => {
  const name = textOf(option, 'variable') || DIGITS_VARIABLE;
  const value = stage.variables.get(name);
  stage.variables.set(name, '');
  const targets = option['target_ids'];
  const isMap = typeof targets === 'object' && targets !== null && !Array.isArray(targets);
  const target = isMap && Object.hasOwn(targets, value) ? idOf<ActionId>(targets as Option, value) : null;
  return jump(stage, target ?? idOf<ActionId>(option, 'default_target_id'));
};

/** Jumps back `loop_count` times, then goes on. */
export const goTo: Begin = (stage, option, _, action) => {
  if (!stage.stacks.takeJump(action.id, integerOf(option, 'loop_count', 0))) return NEXT;
  return jump(stage, idOf<ActionId>(option, 'target_id'));
};

export const conditionCallDigits: Begin = (stage, option) => {
  const digits = stage.variables.get(DIGITS_VARIABLE);
  const length = integerOf(option, 'length', 0);
  const keys = textOf(option, 'key');
  const isMet = (length > 0 && digits.length >= length) || [...digits].some((digit) => keys.includes(digit));
  return judge(stage, option, isMet);
};

export const conditionCallStatus: Begin = (stage, option) =>
  judge(stage, option, stage.call?.status === textOf(option, 'status'));

export const conditionDatetime: Begin = (stage, option, now) =>
  judge(stage, option, isTime(option, stage.ports.calendar(now)));

export const conditionVariable: Begin = (stage, option) => judge(stage, option, isValue(option));

function judge(stage: Stage, option: Option, isMet: boolean): Verdict {
  return isMet ? { kind: 'next', result: true } : jump(stage, idOf<ActionId>(option, 'false_target_id'));
}

function jump(stage: Stage, target: ActionId | null): Verdict {
  if (target === null || target === NIL_ACTION_ID) return NEXT;
  if (!stage.stacks.has(target)) return { kind: 'broken', detail: `no action ${target} to go to` };
  return { kind: 'jump', target };
}

/** *Option ⟨condition⟩ now*, in UTC; parts that are missing or negative are not looked at (platform §3.4). */
function isTime(option: Option, at: WallTime): boolean {
  const time = new Date(at);
  const weekdays = integersOf(option, 'weekdays');
  if (weekdays.length > 0 && !weekdays.includes(time.getUTCDay())) return false;
  const condition = textOf(option, 'condition');
  const month = integerOf(option, 'month', -1);
  const day = integerOf(option, 'day', -1);
  const hour = integerOf(option, 'hour', -1);
  const minute = integerOf(option, 'minute', -1);
  return (
    (month <= 0 || compare(month, condition, time.getUTCMonth() + 1)) &&
    (day <= 0 || compare(day, condition, time.getUTCDate())) &&
    (hour < 0 || compare(hour, condition, time.getUTCHours())) &&
    (minute < 0 || compare(minute, condition, time.getUTCMinutes()))
  );
}

/** `variable` holds the value itself: it was substituted. */
function isValue(option: Option): boolean {
  const text = textOf(option, 'variable');
  const condition = textOf(option, 'condition');
  switch (textOf(option, 'value_type')) {
    case 'number': {
      const number = numberFrom(text);
      const value = numberFrom(option['value_number'] ?? 0);
      return !Number.isNaN(number) && !Number.isNaN(value) && compare(number, condition, value);
    }
    case 'length':
      return compare(Buffer.byteLength(text), condition, integerOf(option, 'value_length', 0));
    default:
      return compare(Buffer.compare(Buffer.from(text), Buffer.from(textOf(option, 'value_string'))), condition, 0);
  }
}

function compare(left: number, condition: string, right: number): boolean {
  switch (condition) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    default:
      return false;
  }
}
