import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { Request } from '../../../sip/message.ts';
import { kinds, PEER, Rig, type Sent, words } from './rig.ts';

const OFFER = new TextEncoder().encode('v=0\r\no=theirs\r\n');
const ANSWER = new TextEncoder().encode('v=0\r\no=ours\r\n');
const CONTACT = ['Contact', '<sip:bob@198.51.100.7:40000>'] as const;
const SDP = ['Content-Type', 'application/sdp'] as const;
const described = { body: OFFER, fields: [CONTACT, SDP] as [string, string][] };

function reliable(number: number) {
  return {
    ...described,
    fields: [...described.fields, ['Require', '100rel'], ['RSeq', String(number)]] as [string, string][],
  };
}

const textOf = (sent: Sent | undefined): string => new TextDecoder().decode(sent?.message.body);

/** Bob is called without an offer. */
function called() {
  const rig = new Rig();
  const leg = rig.nextLeg();
  const target = { contact: 'sip:bob@198.51.100.7:40000', path: [], via: PEER, localPort: 5060 };
  const request = { target, fromUser: '1001', fromName: '', toUser: 'bob', offer: undefined };
  const invite = rig.execute({ kind: 'dial', leg, request })[0]!.message as Request;
  const acknowledge = () => rig.execute({ kind: 'acknowledge', leg, answer: ANSWER });
  const news = () =>
    rig.events
      .splice(0)
      .map((event) =>
        event.kind === 'ringing' || event.kind === 'answered'
          ? `${event.kind}${event.isOffer === true ? ' offer' : ''}${event.body === undefined ? '' : ' body'}`
          : event.kind,
      );
  return { rig, leg, invite, acknowledge, news };
}

test('RFC 3261 §13.2.1: an INVITE without an offer gets it in the 2xx, and the ACK brings our answer, each time', () => {
  const { rig, leg, invite, acknowledge, news } = called();
  expect([invite.body.length, invite.first('Content-Type')]).toEqual([0, undefined]);
  rig.answer(invite, 180);
  expect(rig.answer(invite, 200, described)).toEqual([]);
  expect(news()).toEqual(['ringing', 'answered offer body']);
  // Repeated before we have an answer, it gets none.
  expect(rig.answer(invite, 200, described)).toEqual([]);
  const [ack] = acknowledge();
  expect([ack!.message.cseq, textOf(ack), ack!.message.first('Content-Type')]).toEqual([
    { number: 1, method: 'ACK' },
    'v=0\r\no=ours\r\n',
    'application/sdp',
  ]);
  const [again] = rig.answer(invite, 200, described);
  expect([words([again!]), textOf(again)]).toEqual([['ACK'], 'v=0\r\no=ours\r\n']);
  expect(acknowledge()).toEqual([]);
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'normal' }))).toEqual(['BYE']);
});

test('RFC 3262 §5: an offer in a reliable provisional response is answered in its PRACK; then the 2xx has none', () => {
  const { rig, invite, acknowledge, news } = called();
  expect(rig.answer(invite, 183, reliable(1))).toEqual([]);
  expect(news()).toEqual(['ringing offer body']);
  const [prack] = acknowledge();
  expect([prack!.message.first('RAck'), textOf(prack)]).toEqual(['1 1 INVITE', 'v=0\r\no=ours\r\n']);
  rig.answer(prack!.message as Request, 200);
  // What comes later says nothing of media any more.
  const [second] = rig.answer(invite, 180, reliable(2));
  expect([words([second!]), second!.message.body.length]).toEqual([['PRACK'], 0]);
  rig.answer(second!.message as Request, 200);
  const [ack] = rig.answer(invite, 200, described);
  expect([words([ack!]), ack!.message.body.length, news()]).toEqual([['ACK'], 0, ['ringing', 'answered']]);
});

test('RFC 3261 §13.2.1: what an unreliable provisional response describes is no offer', () => {
  const { rig, invite, acknowledge, news } = called();
  rig.answer(invite, 183, described);
  expect([news(), acknowledge()]).toEqual([['ringing'], []]);
  rig.answer(invite, 200, described);
  expect([news(), words(acknowledge())]).toEqual([['answered offer body'], ['ACK']]);
});

test('a 2xx that makes no offer either is acknowledged', () => {
  const { rig, invite, news } = called();
  expect(words(rig.answer(invite, 200))).toEqual(['ACK']);
  expect(news()).toEqual(['answered']);
});

test('who hangs up before the answer to a 2xx sends its ACK, and then BYE; who is hung up on acknowledges too', () => {
  const mine = called();
  mine.rig.answer(mine.invite, 200, described);
  const sent = mine.rig.execute({ kind: 'hangup', leg: mine.leg, cause: 'not-acceptable' });
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  expect(mine.acknowledge()).toEqual([]);
  mine.rig.answer(sent[1]!.message as Request, 200);
  expect(kinds(mine.rig.events).at(-1)).toBe('ended not-acceptable');
  const theirs = called();
  theirs.rig.answer(theirs.invite, 200, described);
  const fields = {
    From: '<sip:bob@192.0.2.1>;tag=bob',
    To: `<sip:1001@192.0.2.1>;tag=${theirs.invite.fromTag}`,
    'Call-ID': theirs.invite.callId,
    CSeq: '7 BYE',
  };
  expect(words(theirs.rig.receive(theirs.rig.request('BYE', fields)))).toEqual(['200 BYE', 'ACK']);
  expect(theirs.rig.stack.counters.legs).toBe(0);
});

test('an answer that crosses our CANCEL, or of another branch, is acknowledged without one and ended', () => {
  const { rig, leg, invite, acknowledge } = called();
  rig.answer(invite, 180);
  rig.execute({ kind: 'hangup', leg, cause: 'canceled' });
  expect(words(rig.answer(invite, 200, described))).toEqual(['ACK', 'BYE']);
  expect(acknowledge()).toEqual([]);
  const forked = called();
  forked.rig.answer(forked.invite, 200, described);
  forked.acknowledge();
  const sent = forked.rig.answer(forked.invite, 200, { ...described, toTag: 'carol' });
  expect([words(sent), sent[0]!.message.body.length]).toEqual([['ACK', 'BYE'], 0]);
});

test('while the answer is owed, other offers in the dialog come too early', () => {
  const { rig, leg, invite, news } = called();
  rig.answer(invite, 200, described);
  news();
  rig.execute({ kind: 'reoffer', leg, offer: ANSWER });
  expect(news()).toEqual(['reanswered']);
  const fields = {
    From: '<sip:bob@192.0.2.1>;tag=bob',
    To: `<sip:1001@192.0.2.1>;tag=${invite.fromTag}`,
    'Call-ID': invite.callId,
    CSeq: '7 INVITE',
  };
  expect(words(rig.receive(rig.request('INVITE', fields, 'v=0\r\n')))).toEqual(['500 INVITE']);
});

test('an answer for a leg that waits for none goes nowhere', () => {
  const rig = new Rig();
  expect(rig.execute({ kind: 'acknowledge', leg: 7 as LegId, answer: ANSWER })).toEqual([]);
  const { leg } = rig.dialled();
  expect(rig.execute({ kind: 'acknowledge', leg, answer: ANSWER })).toEqual([]);
});
