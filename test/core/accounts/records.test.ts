import { expect, test } from 'vitest';
import { CallArchive } from '../../../core/store/call-archive.ts';
import { RecordingArchive } from '../../../core/store/recording-archive.ts';
import { AGENT, CALL, RECORDING } from '../store/rows.ts';
import { Office } from './office.ts';

test('a deleted call is told and found no more', async () => {
  const office = new Office();
  const record = { ...CALL, status: 'hangup', hangupAt: 900 } as const;
  office.store.write([{ kind: 'saveCall', row: record }], 0);
  office.store.poll();
  const archive = new CallArchive(office.store);
  expect(office.doneAfterFailure({ kind: 'deleteCall', record })).toBe(record.id);
  const call = { ...record, updatedAt: office.at, deletedAt: office.at };
  expect(office.events()).toEqual([{ type: 'call_deleted', call }]);
  expect(await archive.byId(record.id)).toBeUndefined();
});

test('a deleted recording keeps the names of its files in the event, for whoever removes them', async () => {
  const office = new Office();
  const record = { ...RECORDING, status: 'ended', endedAt: 900 } as const;
  office.store.write([{ kind: 'saveRecording', row: record }], 0);
  office.store.poll();
  const archive = new RecordingArchive(office.store);
  expect(await archive.byId(record.id)).toEqual(record);
  expect(office.doneAfterFailure({ kind: 'deleteRecording', record })).toBe(record.id);
  const recording = { ...record, updatedAt: office.at, deletedAt: office.at };
  expect(office.events()).toEqual([{ type: 'recording_deleted', recording }]);
  expect(await archive.byId(record.id)).toBeUndefined();
  expect(await archive.idsOf(record.reference)).toEqual([]);
});

test('a password of an agent is changed, of nobody it is not', () => {
  const office = new Office();
  office.doneAfterFailure({ kind: 'setAgentPassword', username: AGENT.username, passwordHash: 'h' });
  expect(office.directory.agents.get(AGENT.id)).toEqual({ ...AGENT, passwordHash: 'h', updatedAt: office.at });
  expect(office.events()).toEqual([{ type: 'agent_updated', agentId: AGENT.id }]);
  office.restarted();
  const refusal = office.refused({ kind: 'setAgentPassword', username: 'nobody', passwordHash: 'h' });
  expect(refusal).toMatchObject({ code: 'RESOURCE_NOT_FOUND', field: 'username', got: 'nobody' });
});
