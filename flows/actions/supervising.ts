import { SUPERVISOR_MODES } from '../../core/calls/who-hears-whom.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { idOf, textOf } from '../option.ts';
import { type Begin, NEXT } from '../verdict.ts';

/** Listens to another call, whispers to its party, or talks with both, until that call ends. */
export const supervise: Begin = (stage, option) => {
  const callId = idOf<CallId>(option, 'call_id');
  const mode = SUPERVISOR_MODES.find((known) => known === textOf(option, 'mode'));
  if (callId === null || mode === undefined) return { kind: 'failed', detail: 'no call, or no way to supervise it' };
  const token = stage.token();
  stage.demand({ kind: 'supervise', token, callId, mode });
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear(news) {
        if (news.kind === 'supervisionEnded' && news.token === token) return NEXT;
        const isRefused = news.kind === 'refused' && news.demand.kind === 'supervise' && news.demand.token === token;
        return isRefused ? { kind: 'failed', detail: news.detail } : undefined;
      },
      leave: () => stage.demand({ kind: 'stopSupervising' }),
    },
  };
};
