import { expect, test } from 'vitest';
import type { TransportAddress } from '../../../core/ports.ts';
import type { Request } from '../../../sip/message.ts';
import { kinds, PEER, Rig, type Sent, words } from './rig.ts';

const CARRIER: TransportAddress = { transport: 'udp', address: '203.0.113.9', port: 5060 };
const OVER_TCP: TransportAddress = { ...CARRIER, transport: 'tcp' };
const LARGE = 'x'.repeat(1_100);

function dial(rig: Rig, offer: string, via?: TransportAddress): Sent {
  const leg = rig.nextLeg();
  const target = { contact: 'sip:bob@203.0.113.9', path: [], via, localPort: via && 5060 };
  const request = { target, fromUser: '1', fromName: '', toUser: 'bob', offer: new TextEncoder().encode(offer) };
  return rig.execute({ kind: 'dial', leg, request }).at(-1)!;
}

const topVia = ({ message }: Sent): string => (message as Request).first('Via')!.split(';')[0]!;
const branchOf = ({ message }: Sent): string => (message as Request).topVia.branch;

test('RFC 3261 §18.1.1: a request over 1,300 bytes goes over TCP, and its Via says so', () => {
  const rig = new Rig();
  const small = dial(rig, 'v=0');
  expect([small.destination, topVia(small)]).toEqual([CARRIER, 'SIP/2.0/UDP 192.0.2.1:5060']);
  const large = dial(rig, LARGE);
  expect([large.destination, large.localPort]).toEqual([OVER_TCP, undefined]);
  expect(topVia(large)).toBe('SIP/2.0/TCP 192.0.2.1:5060');
  // What is asked in the dialog comes where the Contact says: nothing of it has changed.
  expect(large.message.first('Contact')).toBe('<sip:192.0.2.1:5060>');
  const others = rig.until(3_000).filter(({ message }) => message.callId === large.message.callId);
  expect(others).toEqual([]);
});

test('RFC 3261 §18.1.1: who refuses TCP gets the request over UDP, and for an hour is spared the attempt', () => {
  const rig = new Rig();
  const first = dial(rig, LARGE);
  rig.transportFailed(OVER_TCP);
  const again = rig.sent.at(-1)!;
  expect([again.destination, topVia(again)]).toEqual([CARRIER, 'SIP/2.0/UDP 192.0.2.1:5060']);
  expect(branchOf(again)).not.toBe(branchOf(first));
  expect(again.message.cseq).toEqual(first.message.cseq);
  // It is a transaction over UDP now: repeated, answered, acknowledged.
  expect(words(rig.until(600))).toEqual(['INVITE']);
  rig.answer(again.message as Request, 486);
  expect(words(rig.sent.slice(-1))).toEqual(['ACK']);
  expect(kinds(rig.events)).toEqual(['failed busy']);
  expect(dial(rig, LARGE).destination).toEqual(CARRIER);
  rig.until(3_600_001);
  expect(dial(rig, LARGE).destination).toEqual(OVER_TCP);
});

test('a connection that breaks after an answer does not send the request again', () => {
  const rig = new Rig();
  const invite = dial(rig, LARGE);
  rig.answer(invite.message as Request, 180);
  rig.transportFailed(OVER_TCP);
  expect(words(rig.sent.slice(-1))).toEqual(['INVITE']);
  expect(kinds(rig.events)).toEqual(['ringing']);
});

test('a CANCEL follows its INVITE over TCP', () => {
  const rig = new Rig();
  const invite = dial(rig, LARGE);
  rig.answer(invite.message as Request, 180);
  const [cancel] = rig.execute({ kind: 'hangup', leg: 1 as never, cause: 'canceled' });
  expect([cancel!.destination, topVia(cancel!), branchOf(cancel!)]).toEqual([
    OVER_TCP,
    'SIP/2.0/TCP 192.0.2.1:5060',
    branchOf(invite),
  ]);
});

test('RFC 5626 §5.3: a phone is reached by the flow that it opened alone, whatever the size', () => {
  const rig = new Rig();
  expect(dial(rig, LARGE, PEER).destination.transport).toBe('udp');
});

test('neither way leads there: the call fails once, and nothing is left of it', () => {
  const rig = new Rig();
  dial(rig, LARGE);
  rig.transportFailed(OVER_TCP);
  rig.transportFailed(CARRIER);
  expect(kinds(rig.events)).toEqual(['failed network-failed']);
  rig.until(300_000);
  expect(rig.stack.counters).toMatchObject({ inviteClientTransactions: 0, timersArmed: 0, legs: 0 });
});
