import type { CallRecord } from '../calls/call-record.ts';
import type { RecordingRecord } from '../calls/recording-record.ts';
import type { Agent } from '../directory/records.ts';
import { notFound } from '../refusal.ts';
import type { Definitions } from './change.ts';

/** Commands on rows that have no others: records of what is over, and agents. */
export const RECORDS: Definitions<'deleteCall' | 'deleteRecording' | 'setAgentPassword'> = {
  deleteCall: {
    keysOf: ({ record }) => [`call ${record.id}`],
    changeOf({ record }, { at }) {
      const row: CallRecord = { ...record, updatedAt: at, deletedAt: at };
      return {
        id: row.id,
        customerId: row.customerId,
        writes: [{ kind: 'saveCall', row }],
        events: [{ type: 'call_deleted', call: row }],
      };
    },
  },
  // The row is marked; whoever reads the event removes the files.
  deleteRecording: {
    keysOf: ({ record }) => [`recording ${record.id}`],
    changeOf({ record }, { at }) {
      const row: RecordingRecord = { ...record, updatedAt: at, deletedAt: at };
      return {
        id: row.id,
        customerId: row.customerId,
        writes: [{ kind: 'saveRecording', row }],
        events: [{ type: 'recording_deleted', recording: row }],
      };
    },
  },
  setAgentPassword: {
    keysOf: ({ username }) => [`agent ${username}`],
    changeOf({ username, passwordHash }, { directory, at }) {
      const old = directory.agentByUsername(username);
      if (old === undefined) return notFound('agent', username, 'username');
      const row: Agent = { ...old, passwordHash, updatedAt: at };
      return {
        id: row.id,
        customerId: row.customerId,
        writes: [{ kind: 'saveAgent', row }],
        events: [{ type: 'agent_updated', agentId: row.id }],
      };
    },
  },
};
