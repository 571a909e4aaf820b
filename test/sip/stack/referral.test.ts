import { expect, test } from 'vitest';
import type { Request, Response } from '../../../sip/message.ts';
import { OFFER, Rig } from './rig.ts';

const SDP = new TextEncoder().encode(OFFER);
const CREDENTIALS = { username: 'u', password: 'p' };
const CHALLENGE = {
  fields: [['Proxy-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']] as [string, string][],
};

/** A leg that Bob has answered, and on which he refers us to Carol. */
function referred(credentials?: typeof CREDENTIALS) {
  const rig = new Rig();
  const { invite } = rig.dialled(credentials);
  const Contact = '<sip:bob@198.51.100.7:40000;transport=udp>';
  const fields: [string, string][] = [
    ['Contact', Contact],
    ['Content-Type', 'application/sdp'],
  ];
  rig.answer(invite, 200, { body: SDP, fields });
  const dialog = { From: '<sip:bob@198.51.100.7>;tag=bob', To: `<sip:1001@192.0.2.1>;tag=${invite.fromTag}` };
  const refer = { ...dialog, 'Call-ID': invite.callId, CSeq: '11 REFER', Contact, 'Refer-To': '<sip:carol@192.0.2.1>' };
  rig.receive(rig.request('REFER', refer));
  const event = rig.events.at(-1);
  if (event?.kind !== 'referred') throw new Error('Bob refers us');
  const { referral } = event;
  let cseq = 20;
  const subscribe = (Expires: string, Event = 'refer;id=11') => {
    const fields = { ...dialog, 'Call-ID': invite.callId, CSeq: `${++cseq} SUBSCRIBE`, Contact, Event, Expires };
    const [response, notify] = rig.receive(rig.request('SUBSCRIBE', fields)).map(({ message }) => message);
    return { response: response as Response, notify: notify as Request | undefined };
  };
  const answer = (): Request =>
    rig.execute({ kind: 'answerReferral', referral, cause: undefined })[1]!.message as Request;
  const report = (status: number): Request | undefined =>
    rig.execute({ kind: 'reportReferral', referral, status })[0]?.message as Request | undefined;
  const told = (): boolean => rig.events.some(({ kind }) => kind === 'referralTold');
  return { rig, answer, report, told, subscribe };
}

const said = ({ cseq, body }: Request) => `${cseq.number} ${new TextDecoder().decode(body).trimEnd()}`;

test('RFC 3261 §22.2: a NOTIFY of ours that is challenged goes once more, with credentials and the next CSeq', () => {
  const { rig, answer, report, told } = referred(CREDENTIALS);
  const first = answer();
  const second = rig.answer(first, 407, CHALLENGE)[0]!.message as Request;
  expect([second.method, second.callId, second.cseq.number]).toEqual(['NOTIFY', first.callId, first.cseq.number + 1]);
  expect(second.first('Proxy-Authorization')).toContain('username="u"');
  expect(second.first('Event')).toBe(first.first('Event'));
  rig.answer(second, 200);
  const last = report(200)!;
  expect(last.first('Proxy-Authorization')).toBeUndefined();
  const again = rig.answer(last, 407, CHALLENGE)[0]!.message as Request;
  expect(again.first('Subscription-State')).toBe('terminated;reason=noresource');
  rig.answer(again, 200);
  expect([told(), rig.stack.counters.referrals]).toEqual([true, 0]);
});

test('what has become known meanwhile is in the NOTIFY that goes again, and is told once', () => {
  const ringing = referred(CREDENTIALS);
  const first = ringing.answer();
  expect(ringing.report(180)).toBeUndefined();
  const [newer] = ringing.rig.answer(first, 407, CHALLENGE);
  expect(said(newer!.message as Request)).toBe(`${first.cseq.number + 1} SIP/2.0 180 Ringing`);
  expect(ringing.rig.answer(newer!.message as Request, 200)).toEqual([]);

  const over = referred(CREDENTIALS);
  const trying = over.answer();
  expect(over.report(486)).toBeUndefined();
  const [last] = over.rig.answer(trying, 407, CHALLENGE);
  expect(said(last!.message as Request)).toBe(`${trying.cseq.number + 1} SIP/2.0 486 Busy Here`);
  expect(over.rig.answer(last!.message as Request, 200)).toEqual([]);
  expect([over.told(), over.rig.stack.counters.referrals]).toEqual([true, 0]);
});

test('a challenge that comes again, or to which there is no answer, is a NOTIFY that nobody wanted', () => {
  const known = referred(CREDENTIALS);
  const [again] = known.rig.answer(known.answer(), 407, CHALLENGE);
  expect(known.rig.answer(again!.message as Request, 407, CHALLENGE)).toEqual([]);
  const unknown = referred();
  expect(unknown.rig.answer(unknown.answer(), 407, CHALLENGE)).toEqual([]);
  expect([known.report(200)?.method, unknown.report(200)?.method]).toEqual(['NOTIFY', 'NOTIFY']);
});

test('RFC 3515 §2.4.4: a referrer asks for more time by SUBSCRIBE, and is told at once how things are', () => {
  const { rig, answer, subscribe, report } = referred();
  rig.answer(answer(), 200);
  rig.answer(report(180)!, 200);
  const { response, notify } = subscribe('600');
  expect([response.status, response.first('Expires')]).toEqual([200, '180']);
  expect([said(notify!).slice(2), notify!.first('Subscription-State')]).toEqual([
    'SIP/2.0 180 Ringing',
    'active;expires=180',
  ]);
  // While that is under way the next one waits.
  expect(subscribe('60', 'refer')).toMatchObject({ response: { status: 200 }, notify: undefined });
  const again = rig.answer(notify!, 200)[0]!.message as Request;
  rig.answer(again, 200);
  expect(report(200)?.first('Subscription-State')).toBe('terminated;reason=noresource');
});

test('RFC 6665 §4.2.1.4: a referrer that asks for no time is told once more, and the call is tried all the same', () => {
  const { rig, answer, subscribe, report, told } = referred(CREDENTIALS);
  rig.answer(answer(), 200);
  const { response, notify } = subscribe('0');
  expect([response.status, response.first('Expires')]).toEqual([200, '0']);
  expect(notify!.first('Subscription-State')).toBe('terminated;reason=timeout');
  const again = rig.answer(notify!, 407, CHALLENGE)[0]!.message as Request;
  expect(again.first('Subscription-State')).toBe('terminated;reason=timeout');
  rig.answer(again, 200);
  expect(subscribe('60').response.status).toBe(481);
  expect([report(180), rig.stack.counters.referrals]).toEqual([undefined, 1]);
  expect([report(200), told(), rig.stack.counters.referrals]).toEqual([undefined, true, 0]);
});

test('who asks for no time while a NOTIFY is under way is told when that is answered', () => {
  const waiting = referred();
  const first = waiting.answer();
  expect(waiting.subscribe('0')).toMatchObject({ response: { status: 200 }, notify: undefined });
  const last = waiting.rig.answer(first, 200)[0]!.message as Request;
  expect(last.first('Subscription-State')).toBe('terminated;reason=timeout');
  const over = referred();
  const trying = over.answer();
  over.subscribe('0');
  over.report(486);
  const final = over.rig.answer(trying, 200)[0]!.message as Request;
  expect([said(final).slice(2), final.first('Subscription-State')]).toEqual([
    'SIP/2.0 486 Busy Here',
    'terminated;reason=noresource',
  ]);
});

test.each([
  ['60', 'refer;id=12', 481],
  ['59', 'refer', 423],
  ['60', 'dialog', 489],
  ['60', 'refer;id=x', 489],
])('RFC 6665 §4.2.1.1: a SUBSCRIBE for %s s to %s in a call gets %i', (expires, event, status) => {
  const { answer, subscribe, rig } = referred();
  rig.answer(answer(), 200);
  expect(subscribe(expires, event).response.status).toBe(status);
});

test('RFC 6665 §4.2.1.1: before its REFER is answered a referrer has no subscription', () => {
  expect(referred().subscribe('60').response.status).toBe(481);
});
