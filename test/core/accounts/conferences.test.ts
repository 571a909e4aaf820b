import { describe, expect, test } from 'vitest';
import { NOBODY } from '../../../core/calls/roster.ts';
import type { ConferenceFields } from '../../../core/command.ts';
import { CONFERENCE_SETTINGS } from '../../../core/directory/records.ts';
import type { ConferenceId } from '../../../core/kernel/ids.ts';
import { CONFERENCECALL, CUSTOMER, FLOW } from '../store/rows.ts';
import { Office, OTHER_CUSTOMER, OTHER_FLOW } from './office.ts';

const FIELDS: ConferenceFields = {
  type: 'conference',
  name: 'Room',
  detail: '',
  data: { seats: 4 },
  timeoutS: 0,
  settings: CONFERENCE_SETTINGS,
  preFlowId: null,
  postFlowId: null,
};
const ID = 'f4000000-0000-4000-8000-000000000007' as ConferenceId;

function creation(changes: Partial<ConferenceFields> = {}, id: ConferenceId | null = null, customerId = CUSTOMER.id) {
  return { kind: 'createConference', customerId, id, fields: { ...FIELDS, ...changes } } as const;
}

describe('a conference', () => {
  test('is created in progress, with an id of ours or the one that was asked for', () => {
    const office = new Office();
    const id = office.doneAfterFailure(creation({ preFlowId: FLOW.id, postFlowId: FLOW.id })) as ConferenceId;
    const conference = office.directory.conferences.get(id)!;
    expect(conference).toEqual({
      ...FIELDS,
      preFlowId: FLOW.id,
      postFlowId: FLOW.id,
      id,
      customerId: CUSTOMER.id,
      status: 'progressing',
      directHash: '',
      endedAt: null,
      createdAt: office.at,
      updatedAt: null,
      deletedAt: null,
    });
    expect(office.events()).toEqual([{ type: 'conference_created', conference, conferencecalls: NOBODY }]);
    expect(office.done(creation({}, ID))).toBe(ID);
    expect(office.refused(creation({}, ID, OTHER_CUSTOMER.id))).toMatchObject({
      code: 'ALREADY_EXISTS',
      field: 'id',
      got: ID,
    });
    office.restarted();
  });

  test('ends never, after a minute at least, or after a day when less was asked for', () => {
    const office = new Office();
    for (const [asked, given] of [
      [0, 0],
      [1, 86_400],
      [59, 86_400],
      [60, 60],
      [100_000, 100_000],
    ] as const) {
      const id = office.done(creation({ timeoutS: asked })) as ConferenceId;
      expect(office.directory.conferences.get(id)?.timeoutS).toBe(given);
      office.done({ kind: 'updateConference', id, changes: { timeoutS: 7_200 } });
      office.done({ kind: 'updateConference', id, changes: { timeoutS: asked } });
      expect(office.directory.conferences.get(id)?.timeoutS).toBe(given);
    }
    for (const timeoutS of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const refusal = { code: 'INVALID_ARGUMENT', field: 'timeout', got: String(timeoutS) };
      expect(office.refused(creation({ timeoutS }))).toMatchObject(refusal);
    }
  });

  test('runs flows of its own customer alone', () => {
    const office = new Office();
    office.done(creation({}, ID));
    for (const [fields, field] of [
      [{ preFlowId: OTHER_FLOW.id }, 'pre_flow_id'],
      [{ postFlowId: OTHER_FLOW.id }, 'post_flow_id'],
    ] as const) {
      const refusal = { code: 'RESOURCE_NOT_FOUND', field, got: OTHER_FLOW.id };
      expect(office.refused(creation(fields))).toMatchObject(refusal);
      expect(office.refused({ kind: 'updateConference', id: ID, changes: fields })).toMatchObject(refusal);
    }
  });

  test('keeps what an update does not name', () => {
    const office = new Office();
    office.done(creation({}, ID));
    const before = office.directory.conferences.get(ID)!;
    office.events();
    const changes = { name: 'Hall', data: {}, preFlowId: FLOW.id };
    office.doneAfterFailure({ kind: 'updateConference', id: ID, changes });
    expect(office.directory.conferences.get(ID)).toEqual({ ...before, ...changes, updatedAt: office.at });
    expect(office.types()).toEqual(['conference_updated']);
    office.restarted();
  });

  test('is told with those who are in it', () => {
    const office = new Office();
    office.done(creation({}, ID));
    office.inside = { count: 1, ids: [CONFERENCECALL.id] };
    office.events();
    office.done({ kind: 'updateConference', id: ID, changes: { name: 'Hall' } });
    expect(office.events()).toEqual([
      {
        type: 'conference_updated',
        conference: office.directory.conferences.get(ID),
        conferencecalls: office.inside,
      },
    ]);
  });

  test('that ends, or does not exist, is not changed', () => {
    const office = new Office();
    office.done(creation({}, ID));
    office.directory.putConference({ ...office.directory.conferences.get(ID)!, status: 'terminating' });
    office.events();
    const update = { kind: 'updateConference', id: ID, changes: { name: 'late' } } as const;
    const before = office.directory.conferences.get(ID);
    expect(office.run(update)).toMatchObject({
      refusal: { code: 'STATE_INVALID', expected: 'progressing', got: 'terminating' },
    });
    expect(office.directory.conferences.get(ID)).toBe(before);
    const unknown = { ...update, id: 'nothing' as ConferenceId };
    expect(office.run(unknown)).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
  });

  test('that ends while its change is committed stays ended', () => {
    const office = new Office();
    office.done(creation({}, ID));
    const row = office.directory.conferences.get(ID)!;
    for (const end of [
      { status: 'terminating', deletedAt: null },
      { status: 'terminated', endedAt: 9, deletedAt: 9 },
    ] as const) {
      office.directory.putConference(row);
      office.accounts.execute(1, { kind: 'updateConference', id: ID, changes: { name: 'late' } }, 5);
      office.directory.putConference({ ...row, ...end });
      office.accounts.receive(office.store.poll()!, 6);
      expect(office.accounts.poll()).toMatchObject({ result: { kind: 'done' } });
      const current = office.directory.conferences.get(ID);
      if (end.deletedAt === null) expect(current).toMatchObject({ name: 'late', status: 'terminating' });
      else expect(current).toBeUndefined();
    }
  });
});
