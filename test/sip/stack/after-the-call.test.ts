import { expect, test } from 'vitest';
import type { Request } from '../../../sip/message.ts';
import { write } from '../../../sip/writer.ts';
import { Rig, words } from './rig.ts';

const sdp = {
  body: new TextEncoder().encode('v=0\r\n'),
  fields: [
    ['Contact', '<sip:bob@198.51.100.7:40000>'],
    ['Content-Type', 'application/sdp'],
  ] as [string, string][],
} as const;

/** A call of ours that was answered, and ended by us. */
function ended(): { readonly rig: Rig; readonly invite: Request } {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  rig.answer(bye!.message as Request, 200);
  return { rig, invite };
}

test('RFC 3261 §13.2.2.4: a 2xx that comes again when the call is over gets the same ACK', () => {
  const { rig, invite } = ended();
  const [first] = rig.sent.filter(({ message }) => message.type === 'request' && message.method === 'ACK');
  rig.until(20_000);
  const [again] = rig.answer(invite, 200, sdp);
  const told = (sent: typeof first) => {
    const request = sent!.message as Request;
    return [sent!.destination, sent!.localPort, request.uri.text, request.first('To'), request.first('CSeq')];
  };
  expect(told(again)).toEqual(told(first));
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
});

test('RFC 3261 §13.2.2.4: a branch that answers when the call is over is acknowledged and ended, once', () => {
  const { rig, invite } = ended();
  const other = { ...sdp, toTag: 'other' };
  const sent = rig.answer(invite, 200, other);
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  expect(sent.map(({ message }) => message.toTag)).toEqual(['other', 'other']);
  expect(sent.map(({ message }) => message.cseq.number)).toEqual([1, 2]);
  rig.answer(sent[1]!.message as Request, 200, other);
  expect(words(rig.answer(invite, 200, other))).toEqual(['ACK']);
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
});

test('when 64*T1 have passed nothing of the call is left, and its 2xx is a stray', () => {
  const { rig, invite } = ended();
  rig.until(34_000);
  expect(rig.stack.counters).toMatchObject({ legs: 0, inviteClientTransactions: 0, timersArmed: 0 });
  expect(rig.answer(invite, 200, sdp)).toEqual([]);
});

test('RFC 3261 §17.1.1.2: a refusal that comes again is acknowledged by the same bytes while timer D runs', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  const [ack] = rig.answer(invite, 486);
  rig.until(31_000);
  const [again] = rig.answer(invite, 486);
  expect([write(again!.message), again!.destination]).toEqual([write(ack!.message), ack!.destination]);
  rig.until(34_000);
  expect(rig.answer(invite, 486)).toEqual([]);
});

test('RFC 3261 §17.2.1: an INVITE that comes again when its call is over is absorbed, and its CANCEL gets 200', () => {
  const rig = new Rig();
  const leg = rig.offered();
  const invite = rig.request('INVITE', { CSeq: '2 INVITE', Authorization: rig.lastAuthorization }, 'v=0\r\n');
  const branch = /branch=(\S+)/.exec(invite)![1]!;
  const sameVia = `SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK${Number(branch.slice(7)) - 1}`;
  const body = new TextEncoder().encode('v=0\r\n');
  const [ok] = rig.execute({ kind: 'answer', leg, body });
  const to = ok!.message.first('To')!;
  rig.receive(rig.request('ACK', { To: to, CSeq: '2 ACK' }));
  rig.receive(rig.request('BYE', { To: to, CSeq: '3 BYE' }));
  rig.until(10_000);
  expect(rig.receive(invite.replace(/Via: [^\r]*/, `Via: ${sameVia}`))).toEqual([]);
  const [canceled] = rig.receive(rig.request('CANCEL', { Via: sameVia, CSeq: '2 CANCEL' }));
  expect([words([canceled!]), canceled!.message.toTag]).toEqual([['200 CANCEL'], ok!.message.toTag]);
});
