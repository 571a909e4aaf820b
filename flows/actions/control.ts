import { NEVER } from '../../core/kernel/time.ts';
import { textOf } from '../option.ts';
import { type Begin, NEXT } from '../verdict.ts';

/** Ends the activeflow, however deep it is. */
export const stop: Begin = () => ({ kind: 'stop' });

export const empty: Begin = () => NEXT;

/** Nothing more runs until the activeflow is stopped. */
export const block: Begin = () => ({ kind: 'wait', waiting: { until: NEVER } });

export const variableSet: Begin = (stage, option) => {
  const key = textOf(option, 'key').trim();
  if (key === '') return { kind: 'failed', detail: 'a variable needs a name' };
  return stage.variables.set(key, textOf(option, 'value'))
    ? NEXT
    : { kind: 'failed', detail: `variable ${key} is too large` };
};

/** A program drives the call from here on. */
export const script: Begin = (_, option) => {
  const url = textOf(option, 'url');
  return /^wss?:\/\/[^\s/]/i.test(url)
    ? { kind: 'script', url }
    : { kind: 'failed', detail: `expected a ws or wss URL, got ${JSON.stringify(url)}` };
};
