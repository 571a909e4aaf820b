import type { Cause } from '../../core/calls/cause.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { idOf, textOf } from '../option.ts';
import { type Begin, NEXT } from '../verdict.ts';

/** The ACK of a 200 comes within it, or the call is over (RFC 3261 §13.3.1.4: 64 × T1). */
const ANSWER_MAX_MS = 32_000;

/** Reasons of the reference (platform §3.4) as causes. */
const CAUSES: Readonly<Record<string, Cause>> = {
  normal: 'normal',
  failed: 'internal',
  busy: 'busy',
  cancel: 'canceled',
  timeout: 'timeout',
  noanswer: 'no-answer',
  dialout: 'unavailable',
  amd: 'machine',
};

export function causeOf(reason: string): Cause {
  return Object.hasOwn(CAUSES, reason) ? CAUSES[reason]! : 'normal';
}

/** Done when the caller is connected, so that nothing of what follows is lost. */
export const answer: Begin = (stage, _, now) => {
  const status = stage.call?.status;
  if (status !== 'ringing' && status !== 'dialing') return NEXT;
  stage.demand({ kind: 'answer' });
  return {
    kind: 'wait',
    waiting: {
      until: now + ANSWER_MAX_MS,
      hear(news) {
        if (news.kind === 'answered') return NEXT;
        if (news.kind !== 'refused' || news.demand.kind !== 'answer') return undefined;
        return { kind: 'failed', detail: news.detail };
      },
      expire: () => NEXT,
    },
  };
};

/** The news that the call is over ends the flow. */
export const hangup: Begin = (stage, option) => {
  stage.demand({
    kind: 'hangup',
    cause: causeOf(textOf(option, 'reason')),
    like: idOf(option, 'reference_id'),
  });
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear: (news) =>
        news.kind === 'refused' && news.demand.kind === 'hangup' ? { kind: 'failed', detail: news.detail } : undefined,
    },
  };
};
