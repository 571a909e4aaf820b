import { NEVER } from '../../core/kernel/time.ts';
import { flagOf, textOf } from '../option.ts';
import { type Begin, NEXT } from '../verdict.ts';

/** What a machine is found to be, `human`, `machine` or `not-sure`, for those who go on with it. */
export const MACHINE_VARIABLE = 'voipbin.call.amd';

/**
 * Judges by the greeting whether a machine has answered; the core ends the call of one when it is to be hung up. With
 * `async` the next action follows at once, else after the verdict.
 */
export const amd: Begin = (stage, option) => {
  const token = stage.token();
  const endsMachine = textOf(option, 'machine_handle') === 'hangup';
  stage.demand({ kind: 'judgeMachine', token, endsMachine });
  if (flagOf(option, 'async')) return NEXT;
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear(news) {
        if (news.kind === 'refused' && news.demand.kind === 'judgeMachine' && news.demand.token === token) {
          return { kind: 'failed', detail: news.detail };
        }
        if (news.kind !== 'judged' || news.token !== token) return undefined;
        // The call of a machine ends, and with it the flow.
        if (endsMachine && news.verdict === 'machine') return undefined;
        const { verdict, reason, afterMs } = news;
        return { kind: 'next', result: { verdict, reason, after: afterMs } };
      },
    },
  };
};
