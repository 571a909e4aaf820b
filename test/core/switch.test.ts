import { describe, expect, test } from 'vitest';
import { answered, CALLER, ended, incomingOf, offered, office, SDP } from './office.ts';

/** A switch with one extension registered from `contacts` phones. */
function place(contacts: number) {
  const rig = office({ contacts });
  const offer = (body: Uint8Array | undefined) => offered({ offer: body });
  return { ...rig, offer, callId: () => incomingOf(rig).id };
}

describe('the call engine', () => {
  test('rings every contact, connects the first to answer and hangs up the others', () => {
    const { calls, heard, said, offer } = place(3);
    calls.receive(offer(SDP), 0);
    expect(said()).toEqual(['dial 2', 'dial 3', 'dial 4', 'ring 1']);
    calls.receive(answered(3), 10);
    expect(said()).toEqual(['hangup 2 answered-elsewhere', 'hangup 4 answered-elsewhere', 'answer 1']);
    expect(heard()).toEqual(['bridge 1 3']);
  });

  test('hangs up a ringing caller by command, and the callees at once, not when the refusal is confirmed', () => {
    const { calls, said, offer, callId } = place(2);
    calls.receive(offer(SDP), 0);
    said();
    calls.hangup(callId(), 'normal', 10);
    expect(said()).toEqual(['hangup 1 normal', 'hangup 2 canceled', 'hangup 3 canceled']);
    for (const leg of [1, 2, 3]) calls.receive(ended(leg), 20);
    expect([calls.ledger.liveCount, calls.timerCount, calls.deadline()]).toEqual([0, 0, Infinity]);
  });

  test('ends both parties of a talk at once, although one of them may be gone for good', () => {
    const { calls, said, offer, callId } = place(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 10);
    said();
    calls.hangup(callId(), 'media-lost', 20);
    expect(said()).toEqual(['hangup 1 media-lost', 'hangup 2 media-lost']);
    calls.receive(ended(2), 30);
    calls.receive(ended(1), 32_000);
    expect([calls.ledger.liveCount, calls.bridgeCount, calls.timerCount]).toEqual([0, 0, 0]);
  });

  test('ends a call whose caller made no offer and brings no answer in the ACK', () => {
    const { calls, said, offer } = place(1);
    calls.receive(offer(undefined), 0);
    calls.receive(answered(2), 10);
    said();
    calls.receive({ kind: 'confirmed', leg: CALLER, body: undefined }, 20);
    expect(said()).toEqual(['hangup 1 not-acceptable', 'hangup 2 not-acceptable']);
  });

  test('does not ask for an answer in the ACK of a caller who made an offer', () => {
    const { calls, said, offer } = place(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 10);
    said();
    calls.receive({ kind: 'confirmed', leg: CALLER, body: undefined }, 20);
    expect(said()).toEqual([]);
  });

  test('tells the caller after 60 s that nobody answers', () => {
    const { calls, said, offer } = place(2);
    calls.receive(offer(SDP), 5);
    said();
    expect(calls.deadline()).toBe(60_005);
    calls.expire(60_005);
    expect(said()).toEqual(['hangup 2 no-answer', 'hangup 3 no-answer', 'hangup 1 no-answer']);
  });

  test('ends a talk that lasts longer than any may', () => {
    const { calls, said, offer } = place(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 0);
    said();
    while (calls.deadline() <= 3_600_000) calls.expire(3_600_000);
    expect(said()).toEqual(['hangup 1 timeout', 'hangup 2 timeout']);
  });
});
