import { MEMBER_TERMS } from '../../core/calls/member-terms.ts';
import type { Action } from '../../core/flows/action.ts';
import type { CallDemand } from '../../core/flows/call-control.ts';
import { type ActionId, type ConferenceId, uuid } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { NIL_ACTION_ID } from '../document.ts';
import { memberTermsOf } from '../member-option.ts';
import { addressesOf, addressOf, flagOf, idOf, textOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';

/** Set in the action that follows the conference's own `pre_flow`. */
const PREPARED = 'is_prepared';

/** Runs the conference's `pre_flow` first, if it has one. */
export const conferenceJoin: Begin = (stage, option) => {
  const id = idOf<ConferenceId>(option, 'conference_id');
  const conference = id === null ? undefined : stage.ports.directory.conferences.get(id);
  if (id === null || conference === undefined || conference.customerId !== stage.customerId) {
    return { kind: 'broken', detail: `no conference ${id ?? ''}` };
  }
  if (conference.preFlowId !== null && !flagOf(option, PREPARED)) {
    const action = (type: string, given: Action['option']): Action => ({
      id: uuid(stage.ports.random) as ActionId,
      nextId: NIL_ACTION_ID,
      type,
      option: given,
      executedAt: null,
    });
    const preparation = action('fetch_flow', { flow_id: conference.preFlowId });
    return {
      kind: 'push',
      actions: [preparation, action('conference_join', { ...option, conference_id: id, [PREPARED]: true })],
    };
  }
  const token = stage.token();
  stage.demand({
    kind: 'joinConference',
    token,
    conferenceId: id,
    terms: { ...MEMBER_TERMS, ...memberTermsOf(option) },
  });
  return untilLeft(stage, token);
};

function untilLeft(stage: Stage, token: number): Verdict {
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear(news) {
        if (news.kind === 'left' && news.token === token) return NEXT;
        return news.kind === 'refused' ? refusalOf(news.demand, token, news.detail) : undefined;
      },
      leave: () => stage.demand({ kind: 'leaveConference' }),
    },
  };
}

function refusalOf(demand: CallDemand, token: number, detail: string): Verdict | undefined {
  return 'token' in demand && demand.token === token ? { kind: 'failed', detail } : undefined;
}

/** Calls others and talks with the first who answers, until either leaves. */
export const connect: Begin = (stage, option) => {
  const destinations = addressesOf(option, 'destinations');
  if (destinations.length === 0) return { kind: 'failed', detail: 'no destination' };
  const anonymous = textOf(option, 'anonymous');
  const token = stage.token();
  stage.demand({
    kind: 'connect',
    token,
    source: addressOf(option['source']),
    destinations,
    isEarlyMediaHeard: flagOf(option, 'early_media'),
    anonymous: anonymous === 'yes' || anonymous === 'no' || anonymous === 'auto' ? anonymous : '',
  });
  let isConnected = false;
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear(news) {
        if (news.kind === 'connected' && news.token === token) isConnected = true;
        if (news.kind === 'refused') return refusalOf(news.demand, token, news.detail);
        if (news.kind !== 'disconnected' || news.token !== token) return undefined;
        if (!flagOf(option, 'relay_reason')) return { kind: 'next', result: { isConnected, cause: news.cause } };
        // The callee's cause becomes this call's own; the news of the end ends the flow.
        stage.demand({ kind: 'hangup', cause: news.cause, like: null });
        return { kind: 'wait', waiting: { until: NEVER } };
      },
      leave: () => stage.demand({ kind: 'disconnect' }),
    },
  };
};
