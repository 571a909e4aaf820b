import { integerOf, textOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';

export const DIGITS_VARIABLE = 'voipbin.call.digits';
export const DIGITS_DEFAULT_MS = 10_000;
const SEND_DURATION_DEFAULT_MS = 100;
/** More digits are not collected. */
const DIGITS_MAX = 1_000;

/**
 * Collects digits into `voipbin.call.digits`, beginning with those that are there. Done when the length is reached, an
 * end key was pressed, or the time is over. The end key is taken away when digits stand before it.
 */
export const digitsReceive: Begin = (stage, option, now) => {
  const durationMs = integerOf(option, 'duration', 0);
  const length = integerOf(option, 'length', 0);
  const keys = textOf(option, 'key');
  const collected = (): Verdict | undefined => complete(stage, length, keys);
  const already = collected();
  if (already !== undefined) return already;
  return {
    kind: 'wait',
    waiting: {
      until: now + (durationMs > 0 ? durationMs : DIGITS_DEFAULT_MS),
      hear(news) {
        if (news.kind !== 'digit') return undefined;
        const digits = stage.variables.get(DIGITS_VARIABLE);
        if (digits.length < DIGITS_MAX) stage.variables.set(DIGITS_VARIABLE, digits + news.digit);
        return collected();
      },
      expire: () => done(stage.variables.get(DIGITS_VARIABLE)),
    },
  };
};

function complete(stage: Stage, length: number, keys: string): Verdict | undefined {
  const digits = stage.variables.get(DIGITS_VARIABLE);
  const end = [...digits].findIndex((digit) => keys.includes(digit));
  if (end > 0) {
    stage.variables.set(DIGITS_VARIABLE, digits.slice(0, end));
    return done(digits.slice(0, end));
  }
  return end === 0 || (length > 0 && digits.length >= length) ? done(digits) : undefined;
}

function done(digits: string): Verdict {
  return { kind: 'next', result: { digits } };
}

export const digitsSend: Begin = (stage, option, now) => {
  const digits = textOf(option, 'digits');
  const durationMs = clamp(integerOf(option, 'duration', SEND_DURATION_DEFAULT_MS), 100, 1000);
  const intervalMs = clamp(integerOf(option, 'interval', SEND_DURATION_DEFAULT_MS), 0, 5000);
  if (!/^[0-9A-D#*]{1,100}$/.test(digits)) return { kind: 'failed', detail: `digits ${JSON.stringify(digits)}` };
  stage.demand({ kind: 'sendDigits', digits, durationMs, intervalMs });
  const until = now + durationMs * digits.length + intervalMs * (digits.length - 1);
  return { kind: 'wait', waiting: { until, expire: () => NEXT } };
};

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
