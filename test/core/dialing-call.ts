import type { CallRecord } from '../../core/calls/call-record.ts';

type Facts = Pick<CallRecord, 'id' | 'customerId' | 'direction' | 'source' | 'destination' | 'createdAt'>;

/** The record of a call of which nothing is known but who calls whom, with these fields otherwise. */
export function dialingCall(fields: Facts & Partial<CallRecord>): CallRecord {
  return {
    status: 'dialing',
    extensionId: null,
    trunkId: null,
    flowId: null,
    activeflowId: null,
    recordingIds: [],
    recordingId: null,
    muteDirection: '',
    masterCallId: null,
    chainedCallIds: [],
    groupcallId: null,
    hangupBy: '',
    hangupReason: '',
    cause: null,
    media: null,
    ringingAt: null,
    progressingAt: null,
    hangupAt: null,
    updatedAt: null,
    deletedAt: null,
    ...fields,
  };
}
