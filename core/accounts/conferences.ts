import { NOBODY } from '../calls/roster.ts';
import type { Refusal } from '../command.ts';
import type { Conference } from '../directory/records.ts';
import { type ConferenceId, uuid } from '../kernel/ids.ts';
import { alreadyExists, invalid, stateInvalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';
import { checkFlows, flowKeys } from './references.ts';

const conferences = new Aggregate<Conference>({
  what: 'conference',
  rowsOf: (directory) => directory.conferences,
  nameOf: (row) => row.id,
  writeOf: (row) => ({ kind: 'saveConference', row }),
  // Who is in it is known only when it is told.
  eventOf: (conference, happening) => ({ type: `conference_${happening}`, conference, conferencecalls: NOBODY }),
});

/** Platform §5.5: shorter time-outs are taken for mistakes, and mean a day. */
const TIMEOUT_MIN_S = 60;
const TIMEOUT_INSTEAD_S = 86_400;

/** Conferences are deleted where they live, in `core/calls`. */
export const CONFERENCES: Definitions<'createConference' | 'updateConference'> = {
  createConference: {
    keysOf: ({ id, fields }) => [
      ...(id === null ? [] : [conferences.key(id)]),
      ...flowKeys(fields.preFlowId, fields.postFlowId),
    ],
    changeOf({ customerId, id, fields }, ground) {
      if (id !== null && ground.directory.conferences.has(id)) return alreadyExists('conference', 'id', id);
      const ids = { pre_flow_id: fields.preFlowId, post_flow_id: fields.postFlowId };
      const refusal = checkTimeout(fields.timeoutS) ?? checkFlows(customerId, ids, ground.directory);
      if (refusal !== undefined) return refusal;
      const row: Conference = {
        ...newRow(customerId, ground.at),
        ...fields,
        id: id ?? (uuid(ground.random) as ConferenceId),
        status: 'progressing',
        timeoutS: timeoutOf(fields.timeoutS),
        directHash: '',
        endedAt: null,
      };
      return conferences.created(row, ground);
    },
  },
  updateConference: {
    keysOf: ({ id, changes }) => [conferences.key(id), ...flowKeys(changes.preFlowId, changes.postFlowId)],
    changeOf: ({ id, changes }, ground) =>
      conferences.updated(id, ground, ({ customerId, status, settings }) => {
        const ids = { pre_flow_id: changes.preFlowId, post_flow_id: changes.postFlowId };
        const refusal =
          (status === 'progressing' ? undefined : stateInvalid(`conference ${id} ends`, 'progressing', status)) ??
          checkTimeout(changes.timeoutS) ??
          checkFlows(customerId, ids, ground.directory);
        if (refusal !== undefined) return refusal;
        const { timeoutS } = changes;
        const changed = { ...changes, settings: { ...settings, ...changes.settings } };
        return timeoutS === undefined ? changed : { ...changed, timeoutS: timeoutOf(timeoutS) };
      }),
  },
};

function checkTimeout(timeoutS: number | undefined): Refusal | undefined {
  if (timeoutS === undefined || (Number.isSafeInteger(timeoutS) && timeoutS >= 0)) return undefined;
  return invalid('timeout', 'seconds, a whole number from 0', String(timeoutS));
}

function timeoutOf(timeoutS: number): number {
  return timeoutS > 0 && timeoutS < TIMEOUT_MIN_S ? TIMEOUT_INSTEAD_S : timeoutS;
}
