import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import { Attempt } from '../../core/calls/attempt.ts';
import { CALL_TRANSITIONS, Call, hangupReasonOf } from '../../core/calls/call.ts';
import type { CallRecord } from '../../core/calls/call-record.ts';
import type { CallId, CustomerId, LegId } from '../../core/kernel/ids.ts';
import { dialingCall } from './dialing-call.ts';

const leg = (n: number): LegId => n as LegId;

function callOf(direction: CallRecord['direction']): Call {
  return new Call(
    dialingCall({
      id: 'a' as CallId,
      customerId: 'c' as CustomerId,
      direction,
      source: address('extension', '1000'),
      destination: address('extension', '1001'),
      createdAt: 1,
    }),
    leg(1),
  );
}

describe('a call', () => {
  test('every status is left, or final', () => {
    for (const [status, row] of Object.entries(CALL_TRANSITIONS)) {
      const exits = Object.values(row).filter((next) => next !== 'ignore' && next !== 'never' && next !== status);
      expect(exits.length > 0, status).toBe(status !== 'hangup');
    }
  });

  test('moves forward only, and `hangup` comes from every other status', () => {
    const order = ['dialing', 'ringing', 'progressing', 'terminating', 'canceling', 'hangup'];
    for (const [status, row] of Object.entries(CALL_TRANSITIONS)) {
      for (const next of Object.values(row))
        if (order.includes(next)) expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(status));
      if (status !== 'hangup') expect(row.end).toBe('hangup');
    }
  });

  test('ringing, answered and ended by the peer, has all its times and a normal reason', () => {
    const call = callOf('incoming');
    expect([call.ring(2), call.ring(3), call.answer(4), call.answer(5)]).toEqual([true, false, true, false]);
    call.end('normal', 6);
    expect(call.record).toMatchObject({
      status: 'hangup',
      ringingAt: 2,
      progressingAt: 4,
      hangupAt: 6,
      hangupBy: 'remote',
      hangupReason: 'normal',
      cause: 'normal',
    });
  });

  test('ended by us before the answer, is canceled when outgoing and terminated when incoming', () => {
    const [outgoing, incoming] = [callOf('outgoing'), callOf('incoming')];
    outgoing.endLocally('no-answer', 2);
    incoming.endLocally('busy', 2);
    expect([outgoing.status, incoming.status]).toEqual(['canceling', 'terminating']);
    expect(outgoing.endLocally('normal', 3)).toBe(false);
    outgoing.end('canceled', 4);
    incoming.end('normal', 4);
    expect(outgoing.record).toMatchObject({ hangupBy: 'local', hangupReason: 'cancel', cause: 'no-answer' });
    expect(incoming.record).toMatchObject({ hangupBy: 'local', hangupReason: 'busy', cause: 'busy' });
  });

  test.each([
    ['incoming', 'ringing', 'no-answer', 'noanswer'],
    ['incoming', 'ringing', 'busy', 'busy'],
    ['incoming', 'ringing', 'canceled', 'normal'],
    ['incoming', 'progressing', 'timeout', 'timeout'],
    ['outgoing', 'ringing', 'declined', 'noanswer'],
    ['outgoing', 'dialing', 'busy', 'busy'],
    ['outgoing', 'ringing', 'answered-elsewhere', 'normal'],
    ['outgoing', 'dialing', 'timeout', 'dialout'],
    ['outgoing', 'dialing', 'network-failed', 'failed'],
    ['outgoing', 'progressing', 'normal', 'normal'],
    ['outgoing', 'progressing', 'machine', 'amd'],
    ['outgoing', 'canceling', 'canceled', 'cancel'],
  ] as const)('%s, last %s, cause %s: reason %s', (direction, last, cause, reason) => {
    expect(hangupReasonOf(direction, last, cause)).toBe(reason);
  });
});

describe('an attempt', () => {
  test('ends when the last callee is gone, with the word that says most about the person', () => {
    const attempt = new Attempt(leg(1), [leg(2), leg(3), leg(4)]);
    expect(attempt.isForked).toBe(true);
    expect(attempt.drop(leg(2), 'network-failed')).toBe(false);
    expect(attempt.drop(leg(3), 'busy')).toBe(false);
    expect(attempt.drop(leg(3), 'declined')).toBe(false);
    expect(attempt.drop(leg(4), 'no-answer')).toBe(true);
    expect(attempt.cause).toBe('busy');
  });
});
