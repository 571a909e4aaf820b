import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import type { SignalingEvent } from '../../core/ports.ts';
import { answered, CALLER, ended, FROM_EXTENSION, OTHER_CUSTOMER, offered, office, recordOn } from './office.ts';
import { EXTENSION, NUMBER } from './store/rows.ts';

const CALLEE = 2 as LegId;

/** 1002 talks to 1001: legs 1 and 2. */
function talk() {
  const place = office();
  const orders: string[] = [];
  const { signaling } = place.ports;
  signaling.answerReferral = (referral, cause) => void orders.push(`answer ${referral} ${cause ?? 'accepted'}`);
  signaling.reportReferral = (referral, status) => void orders.push(`report ${referral} ${status}`);
  place.calls.receive(offered(), 0);
  place.calls.receive(answered(CALLEE), 10);
  place.said();
  place.heard();
  const reported = () => orders.splice(0);
  return { ...place, reported };
}

function referred(leg: LegId, toUser: string, more: Partial<Extract<SignalingEvent, { kind: 'referred' }>> = {}) {
  return { kind: 'referred', leg, referral: 7, toUser, toHost: '', ...more } as const;
}

function replacing(leg: LegId, caller = FROM_EXTENSION): SignalingEvent {
  const invite = offered({ caller });
  return { ...invite, kind: 'offered', leg: 9 as LegId, replaces: leg } as SignalingEvent;
}

test('who is transferred to a number meets its flow, and the transferor is let go once told', () => {
  const { calls, said, heard, reported, flows } = talk();
  calls.receive(referred(CALLEE, NUMBER.number), 20);
  expect([reported(), heard(), said()]).toEqual([
    ['answer 7 accepted', 'report 7 200'],
    ['unbridge 1', 'unbridge 2'],
    [],
  ]);
  expect(flows.starts.map(({ reference, flowId }) => [reference, flowId])).toEqual([
    [{ type: 'call', id: calls.ledger.get(CALLER)?.record.id }, NUMBER.callFlowId],
  ]);
  calls.receive({ kind: 'referralTold', referral: 7 }, 30);
  expect(said()).toEqual(['hangup 2 normal']);
  calls.receive(ended(CALLEE), 40);
  expect([calls.ledger.liveCount, calls.transferCount]).toEqual([1, 0]);
});

test('a call without a far party is not transferred, nor one by somebody who is no phone or trunk of ours', () => {
  const { calls, reported } = talk();
  calls.receive({ ...offered({ toUser: NUMBER.number }), kind: 'offered', leg: 5 as LegId } as SignalingEvent, 20);
  calls.receive(referred(5 as LegId, EXTENSION.extension), 30);
  calls.receive(referred(99 as LegId, EXTENSION.extension), 30);
  expect(reported()).toEqual(['answer 7 declined', 'answer 7 declined']);
});

test('the host of another customer is nobody, and so is one that is not ours', () => {
  const { calls, reported, dialled, said } = talk();
  for (const toHost of [`${OTHER_CUSTOMER}.registrar.example.com`, '203.0.113.9']) {
    calls.receive(referred(CALLER, EXTENSION.extension, { toHost }), 20);
    expect(reported()).toEqual(['answer 7 accepted', 'report 7 404']);
  }
  said();
  expect(dialled.length).toBe(1);
});

test('nobody of another customer takes the place of a leg, though they know its dialog', () => {
  const { calls, said } = talk();
  calls.receive(replacing(CALLEE, { ...FROM_EXTENSION, customerId: OTHER_CUSTOMER }), 20);
  expect(said()).toEqual(['hangup 9 forbidden']);
  expect(calls.bridgeCount).toBe(1);
});

test('a caller takes the place of a leg that talks, and its call is told as the other one’s', () => {
  const place = talk();
  const { calls, said, heard } = place;
  calls.receive(replacing(CALLEE), 20);
  expect([said(), heard()]).toEqual([['answer 9', 'hangup 2 normal'], ['bridge 1 9']]);
  expect(recordOn(place, 9)?.masterCallId).toBe(recordOn(place, CALLER)?.id);
  calls.receive(ended(CALLEE), 30);
  calls.receive(ended(9 as LegId, 'remote'), 40);
  expect(said()).toEqual(['hangup 1 normal']);
});

test('a digit that comes by INFO and by RTP counts once: as the first of the call came, so come all', () => {
  const { calls, journal, heard } = talk();
  const cursor = journal.cursorOverAll();
  const digit = { digit: '5', durationMs: 90 };
  calls.receive({ kind: 'digit', leg: CALLER, ...digit }, 20);
  calls.receive({ kind: 'digitInformed', leg: CALLER, ...digit }, 21);
  calls.receive({ kind: 'digitInformed', leg: CALLEE, ...digit }, 22);
  calls.receive({ kind: 'digit', leg: CALLEE, ...digit }, 23);
  const told: unknown[] = [];
  for (let at = cursor.poll(); at !== undefined; at = cursor.poll()) {
    if (at.kind === 'event' && at.event.body.type === 'dtmf_received') told.push(at.event.body.callId);
  }
  expect(told).toEqual([CALLER, CALLEE].map((leg) => calls.ledger.get(leg)?.record.id));
  // Media passes on what came by RTP.
  expect(heard()).toEqual(['passDigit 2 5']);
});
