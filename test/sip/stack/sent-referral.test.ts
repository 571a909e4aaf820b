import { describe, expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { ReferRequest } from '../../../core/ports.ts';
import { headerIn, parseReplaces } from '../../../sip/dialog/replaces.ts';
import { parseNameAddress } from '../../../sip/grammar/name-address.ts';
import type { Request } from '../../../sip/message.ts';
import { OFFER, Rig, words } from './rig.ts';

const SDP = new TextEncoder().encode(OFFER);
const CAROL: ReferRequest = { toUser: '+4930 1', domain: 'theirs' };

/** A leg that Bob has answered. */
function talking(credentials?: { username: string; password: string }, rig = new Rig()) {
  const { leg, invite } = rig.dialled(credentials);
  rig.answer(invite, 200, {
    body: SDP,
    fields: [
      ['Contact', '<sip:bob@198.51.100.7:40000;transport=udp>'],
      ['Content-Type', 'application/sdp'],
    ],
  });
  rig.events.length = 0;
  const refer = (request: ReferRequest = CAROL): Request | undefined =>
    rig.execute({ kind: 'refer', leg, request })[0]?.message as Request | undefined;
  let cseq = 10;
  const notify = (fragment: string, state = 'active;expires=60', event = 'refer') => {
    const fields = {
      From: '<sip:bob@198.51.100.7>;tag=bob',
      To: `<sip:1001@192.0.2.1>;tag=${invite.fromTag}`,
      'Call-ID': invite.callId,
      CSeq: `${++cseq} NOTIFY`,
      Event: event,
      'Subscription-State': state,
      'Content-Type': 'message/sipfrag;version=2.0',
    };
    return words(rig.receive(rig.request('NOTIFY', fields, fragment)));
  };
  const news = () =>
    rig.events.splice(0).map((event) => {
      if (event.kind === 'referSettled') return `${event.outcome} ${event.status}`;
      return event.kind === 'referProgressed' ? `${event.status}` : event.kind;
    });
  return { rig, leg, invite, refer, notify, news };
}

test('RFC 3515 §2.1: a REFER has one Refer-To, and who refers is told by Referred-By (RFC 3892 §2.1)', () => {
  const { refer } = talking();
  const request = refer({ ...CAROL, domain: 'ours' })!;
  expect([request.method, request.uri.text]).toEqual(['REFER', 'sip:bob@198.51.100.7:40000;transport=udp']);
  expect([request.all('Refer-To'), request.first('Contact')]).toEqual([
    ['<sip:+4930%201@192.0.2.1>'],
    '<sip:192.0.2.1:5060>',
  ]);
  expect(request.first('Referred-By')).toBe('"One \\"1\\" Ltd" <sip:1001@192.0.2.1>');
  const whole = talking().refer({ ...CAROL, uri: 'sip:carol@example.com;transport=tcp?Subject=x' })!;
  expect(whole.first('Refer-To')).toBe('<sip:carol@example.com;transport=tcp>');
});

test('a caller is referred to a number of its own, at the host that it calls itself by', () => {
  const rig = new Rig();
  const leg = rig.offered({ From: '<sip:1000@pbx.example.com:5080>;tag=peer' });
  const [ok] = rig.execute({ kind: 'answer', leg, body: SDP });
  const To = `<sip:1001@192.0.2.1>;tag=${ok!.message.toTag}`;
  rig.receive(rig.request('ACK', { From: '<sip:1000@pbx.example.com:5080>;tag=peer', To, CSeq: '2 ACK' }));
  const [sent] = rig.execute({ kind: 'refer', leg, request: CAROL });
  expect(sent?.message.first('Refer-To')).toBe('<sip:+4930%201@pbx.example.com:5080>');
});

test('RFC 3515 §2.4.5: what comes of it is told by NOTIFY, until the last', () => {
  const { rig, refer, notify, news } = talking();
  rig.answer(refer()!, 202);
  expect(notify('SIP/2.0 100 Trying\r\n')).toEqual(['200 NOTIFY']);
  expect(notify('SIP/2.0 180 Ringing\r\n')).toEqual(['200 NOTIFY']);
  expect(news()).toEqual(['100', '180']);
  expect(notify('SIP/2.0 200 OK\r\n', 'terminated;reason=noresource')).toEqual(['200 NOTIFY']);
  expect([news(), rig.stack.counters.referrals, rig.stack.deadline()]).toEqual([['done 200'], 0, expect.any(Number)]);
  expect(notify('SIP/2.0 200 OK\r\n', 'terminated;reason=noresource')).toEqual(['481 NOTIFY']);
});

test.each([
  ['SIP/2.0 486 Busy Here', 'terminated;reason=noresource', 'failed 486'],
  ['SIP/2.0 603 Decline', 'active;expires=10', 'failed 603'],
  ['SIP/2.0 100 Trying', 'terminated;reason=timeout', 'unknown 100'],
  ['', 'terminated;reason=noresource', 'unknown 0'],
])('a NOTIFY of %j with Subscription-State %j ends it as %j', (fragment, state, outcome) => {
  const { rig, refer, notify, news } = talking();
  rig.answer(refer()!, 202);
  expect(notify(fragment, state)).toEqual(['200 NOTIFY']);
  expect(news()).toEqual([outcome]);
});

test.each([405, 420, 501, 403, 603, 481, 500])('RFC 3515 §2.4.2: a peer may refuse, by %i', (status) => {
  const { rig, refer, news } = talking();
  rig.answer(refer()!, status);
  expect([news(), rig.stack.counters.referrals]).toEqual([[`refused ${status}`], 0]);
});

test('a peer that does not answer at all refuses after timer F', () => {
  const { rig, refer, news } = talking();
  refer();
  rig.until(33_000);
  expect([news(), rig.stack.counters.referrals]).toEqual([['refused 0'], 0]);
});

describe('a challenge', () => {
  const CHALLENGE = {
    fields: [['Proxy-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']] as [string, string][],
  };

  test('is answered once, with the credentials of the leg', () => {
    const { rig, refer, notify, news } = talking({ username: 'u', password: 'p' });
    const first = refer()!;
    const [again] = rig.answer(first, 407, CHALLENGE);
    const second = again!.message as Request;
    expect([second.method, second.cseq.number]).toEqual(['REFER', first.cseq.number + 1]);
    expect(second.first('Proxy-Authorization')).toContain('username="u"');
    expect([second.first('Refer-To'), second.callId]).toEqual([first.first('Refer-To'), first.callId]);
    // The subscription has the number of the REFER that was accepted (RFC 3515 §2.4.6).
    rig.answer(second, 202);
    expect(notify('SIP/2.0 100 Trying', 'active', `refer;id=${first.cseq.number}`)).toEqual(['481 NOTIFY']);
    expect(notify('SIP/2.0 200 OK', 'active', `refer;id=${second.cseq.number}`)).toEqual(['200 NOTIFY']);
    expect(news()).toEqual(['done 200']);
  });

  test('that comes again, or to which there is no answer, is a refusal', () => {
    const known = talking({ username: 'u', password: 'p' });
    const [again] = known.rig.answer(known.refer()!, 407, CHALLENGE);
    known.rig.answer(again!.message as Request, 407, CHALLENGE);
    const unknown = talking();
    unknown.rig.answer(unknown.refer()!, 407, CHALLENGE);
    expect([known.news(), unknown.news()]).toEqual([['refused 407'], ['refused 407']]);
  });
});

test('RFC 3515 §2.4.4: a NOTIFY may come before the 202, and the 202 not at all', () => {
  const early = talking();
  const request = early.refer()!;
  expect(early.notify('SIP/2.0 100 Trying')).toEqual(['200 NOTIFY']);
  early.rig.answer(request, 202);
  early.notify('SIP/2.0 200 OK', 'terminated');
  expect(early.news()).toEqual(['100', 'done 200']);
  const lost = talking();
  lost.refer();
  lost.notify('SIP/2.0 100 Trying');
  lost.rig.until(40_000);
  lost.notify('SIP/2.0 486 Busy Here', 'terminated');
  expect(lost.news()).toEqual(['100', 'failed 486']);
});

test('RFC 4488 §4: a peer that answers Refer-Sub: false tells nothing', () => {
  const { rig, refer, news } = talking();
  rig.answer(refer()!, 200, { fields: [['Refer-Sub', 'false']] });
  expect([news(), rig.stack.counters.referrals]).toEqual([['unknown 0'], 0]);
});

test('RFC 6665 §4.1.2.4: who accepts and tells nothing is waited for 32 s, who tells no end 300 s', () => {
  const silent = talking();
  silent.rig.answer(silent.refer()!, 202);
  silent.rig.until(31_999);
  expect(silent.news()).toEqual([]);
  silent.rig.until(32_001);
  expect(silent.news()).toEqual(['unknown 0']);
  const endless = talking();
  endless.rig.answer(endless.refer()!, 202);
  for (let at = 10_000; at < 300_000; at += 10_000) {
    endless.rig.until(at);
    endless.notify('SIP/2.0 180 Ringing', 'active;expires=3600');
  }
  endless.rig.until(311_000);
  expect(endless.news().at(-1)).toBe('unknown 180');
  expect(endless.rig.stack.counters.referrals).toBe(0);
});

test('what is no news of it is refused, and changes nothing', () => {
  const { rig, refer, notify, news } = talking();
  expect(notify('SIP/2.0 200 OK')).toEqual(['481 NOTIFY']);
  rig.answer(refer()!, 202);
  expect(notify('SIP/2.0 200 OK', 'active', 'presence')).toEqual(['489 NOTIFY']);
  expect(notify('SIP/2.0 200 OK', 'active', 'refer;id=99')).toEqual(['481 NOTIFY']);
  expect(notify('HTTP/1.1 200 OK')).toEqual(['400 NOTIFY']);
  expect(notify('SIP/2.0 999 No')).toEqual(['400 NOTIFY']);
  expect([news(), rig.stack.counters.referrals]).toEqual([[], 1]);
});

test('RFC 3891 §6.1: a peer that has two calls with us is referred to its own end of the other', () => {
  const rig = new Rig();
  const one = talking(undefined, rig);
  const other = talking(undefined, rig);
  const request = one.refer({ ...CAROL, replaces: other.leg })!;
  const target = parseNameAddress(request.first('Refer-To')!)!.uri;
  expect([target.user, target.host, target.parameters.get('transport')]).toEqual(['bob', '198.51.100.7', 'udp']);
  expect(parseReplaces(headerIn(target, 'replaces')!)).toEqual({
    callId: other.invite.callId,
    toTag: 'bob',
    fromTag: other.invite.fromTag,
    isEarlyOnly: false,
  });
});

test('a leg that is not confirmed refers nobody, nor to a leg that is not, nor twice at once', () => {
  const rig = new Rig();
  const { leg } = rig.dialled();
  expect(rig.execute({ kind: 'refer', leg, request: CAROL })).toEqual([]);
  expect(rig.execute({ kind: 'refer', leg: 99 as LegId, request: CAROL })).toEqual([]);
  expect(rig.events.map((event) => event.kind)).toEqual(['referSettled', 'referSettled']);
  const { refer, news } = talking(undefined, rig);
  expect(refer({ ...CAROL, replaces: leg })).toBeUndefined();
  expect(refer()?.method).toBe('REFER');
  expect(refer()).toBeUndefined();
  expect(news()).toEqual(['refused 0', 'refused 0']);
});

test('with the call everything ends that was said of it', () => {
  const { rig, refer, news, notify, leg } = talking();
  rig.answer(refer()!, 202);
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  rig.answer(bye!.message as Request, 200);
  expect([news(), rig.stack.counters.referrals]).toEqual([['ended'], 0]);
  expect(notify('SIP/2.0 200 OK')).toEqual(['481 NOTIFY']);
});
