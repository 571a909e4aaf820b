import { expect, test } from 'vitest';
import type { Request, Response } from '../../../sip/message.ts';
import { kinds, OFFER, PEER, Rig, words } from './rig.ts';

const sdp = {
  body: new TextEncoder().encode(OFFER),
  fields: [
    ['Contact', '<sip:bob@198.51.100.7:40000>'],
    ['Content-Type', 'application/sdp'],
  ] as [string, string][],
};

test('a dialled leg rings and is answered; a repeated 200 is acknowledged again', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  expect(invite.from.displayName).toBe('One "1" Ltd');
  rig.answer(invite, 100, { toTag: undefined, fields: [] });
  rig.answer(invite, 180);
  const [ack] = rig.answer(invite, 200, sdp);
  expect([ack!.message.cseq, (ack!.message as Request).uri.text]).toEqual([
    { number: 1, method: 'ACK' },
    'sip:bob@198.51.100.7:40000',
  ]);
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
  expect(kinds(rig.events)).toEqual(['ringing', 'answered']);
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
  rig.answer(bye!.message as Request, 200);
  expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
  expect(kinds(rig.events).at(-1)).toBe('ended normal');
});

test.each([
  [486, 'busy'],
  [600, 'busy'],
  [480, 'unavailable'],
  [404, 'not-found'],
  [603, 'declined'],
  [488, 'not-acceptable'],
  [305, 'unavailable'],
  [500, 'peer-failed'],
  [401, 'forbidden'],
])('a dialled leg that gets %i fails as %s', (status, cause) => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  expect(words(rig.answer(invite, status))).toEqual(['ACK']);
  expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause, status }]);
});

test('a challenge is answered once, with the next CSeq and the same Call-ID', () => {
  const rig = new Rig();
  const { invite } = rig.dialled({ username: 'u', password: 'p' });
  const challenge: [string, string][] = [
    ['Proxy-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'],
  ];
  const sent = rig.answer(invite, 407, { fields: challenge });
  expect(words(sent)).toEqual(['ACK', 'INVITE']);
  const again = sent[1]!.message as Request;
  expect([again.callId, again.cseq.number]).toEqual([invite.callId, 2]);
  expect(again.first('Proxy-Authorization')).toContain('username="u"');
  expect(words(rig.answer(again, 407, { fields: challenge }))).toEqual(['ACK']);
  expect(kinds(rig.events)).toEqual(['failed forbidden']);
});

test('an INVITE without any response fails after 64*T1', () => {
  const rig = new Rig();
  rig.dialled();
  rig.until(32_000);
  expect(rig.events).toEqual([{ kind: 'failed', leg: 1, cause: 'unavailable', status: 408 }]);
});

test('RFC 3261 §9.1: a hang-up waits for a provisional response before CANCEL, and the 487 ends the leg', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  expect(rig.execute({ kind: 'hangup', leg, cause: 'canceled' })).toEqual([]);
  const [cancel] = rig.answer(invite, 100, { toTag: undefined });
  expect([cancel!.message.cseq.method, cancel!.message.topVia.branch]).toEqual(['CANCEL', invite.topVia.branch]);
  rig.answer(cancel!.message as Request, 200);
  expect(words(rig.answer(invite, 487))).toEqual(['ACK']);
  expect(kinds(rig.events)).toEqual(['ended canceled']);
});

test('RFC 3326 §2: a call answered elsewhere is cancelled with the reason that keeps it out of the missed calls', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.answer(invite, 180);
  const [cancel] = rig.execute({ kind: 'hangup', leg, cause: 'answered-elsewhere' });
  expect(cancel!.message.first('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
});

test('an answer that crosses CANCEL is acknowledged and ended by BYE', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.answer(invite, 180);
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'canceled' }))).toEqual(['CANCEL']);
  const sent = rig.answer(invite, 200, sdp);
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  rig.answer(sent[1]!.message as Request, 200);
  // Known to the core before it is over, so that another process could send the BYE.
  expect(kinds(rig.events)).toEqual(['ringing', 'dialogChanged', 'ended canceled']);
});

test('a peer that never settles a CANCEL is given up after 64*T1, and nothing stays behind', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.answer(invite, 180);
  rig.execute({ kind: 'hangup', leg, cause: 'no-answer' });
  rig.until(70_000);
  expect(kinds(rig.events)).toEqual(['ringing', 'ended no-answer']);
  expect(rig.stack.counters).toMatchObject({ legs: 0, inviteClientTransactions: 0, timersArmed: 0 });
});

test('a call that only ever rings is cancelled after three minutes', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  rig.answer(invite, 180);
  expect(words(rig.until(180_000))).toEqual(['CANCEL']);
  rig.answer(invite, 487);
  expect(kinds(rig.events)).toEqual(['ringing', 'failed no-answer']);
});

test('RFC 3261 §13.2.2.4: a second branch that answers too is acknowledged and ended, and the call goes on', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.answer(invite, 200, sdp);
  const other = { ...sdp, toTag: 'other' };
  const sent = rig.answer(invite, 200, other);
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  expect(sent.map(({ message }) => message.toTag)).toEqual(['other', 'other']);
  expect(words(rig.answer(invite, 200, other))).toEqual(['ACK']);
  rig.answer(sent[1]!.message as Request, 401, other);
  expect(kinds(rig.events)).toEqual(['answered']);
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'normal' }))).toEqual(['BYE']);
});

test('requests in the dialog follow the route set of the 200, first hop last', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  const fields: [string, string][] = [
    ['Record-Route', '<sip:198.51.100.2:5070;lr>, <sip:198.51.100.1:5080;lr>'],
    ...sdp.fields,
  ];
  const [ack] = rig.answer(invite, 200, { ...sdp, fields });
  expect(ack!.message.all('Route')).toEqual(['<sip:198.51.100.1:5080;lr>', '<sip:198.51.100.2:5070;lr>']);
  expect(ack!.destination).toEqual({ transport: 'udp', address: '198.51.100.1', port: 5080 });
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect((bye!.message as Request).uri.text).toBe('sip:bob@198.51.100.7:40000');
});

test('a strict router takes the place of the Request-URI', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  const [ack] = rig.answer(invite, 200, { ...sdp, fields: [['Record-Route', '<sip:198.51.100.1>'], ...sdp.fields] });
  expect((ack!.message as Request).uri.text).toBe('sip:198.51.100.1');
  expect(ack!.message.all('Route')).toEqual(['<sip:bob@198.51.100.7:40000>']);
});

test('a phone behind NAT is called where it was seen, and addressed as it named itself', () => {
  const rig = new Rig();
  const { leg } = rig.dialled(undefined, 'sip:bob@192.168.1.20:5060');
  const [sent] = rig.sent;
  expect([sent!.destination, sent!.localPort, (sent!.message as Request).uri.host]).toEqual([
    PEER,
    5060,
    '192.168.1.20',
  ]);
  const contact: [string, string][] = [
    ['Contact', '<sip:bob@192.168.1.20:5060>'],
    ['Content-Type', 'application/sdp'],
  ];
  const [ack] = rig.answer(sent!.message as Request, 200, { ...sdp, fields: contact });
  expect(ack!.destination).toEqual(PEER);
  expect(rig.execute({ kind: 'hangup', leg, cause: 'normal' })[0]!.destination).toEqual(PEER);
});

test('a target that is no SIP URI, or whose packets do not leave, fails at once', () => {
  const rig = new Rig();
  const leg = rig.nextLeg();
  const target = { contact: 'mailto:bob', path: [], via: undefined, localPort: undefined };
  rig.execute({ kind: 'dial', leg, request: { target, fromUser: 'a', fromName: '', toUser: 'b', offer: sdp.body } });
  rig.dialled();
  rig.transportFailed(PEER);
  expect(kinds(rig.events)).toEqual(['failed network-failed', 'failed network-failed']);
});

test('a stored dialog is taken up by another process, which ends it with a higher CSeq', () => {
  const first = new Rig();
  const { invite } = first.dialled();
  first.answer(invite, 200, sdp);
  const answered = first.events.at(-1);
  const second = new Rig({}, 2);
  const leg = second.nextLeg();
  second.execute({ kind: 'restore', leg, dialog: answered?.kind === 'answered' ? answered.dialog : '' });
  const [bye] = second.execute({ kind: 'hangup', leg, cause: 'crashed' });
  const message = bye!.message as Request;
  expect([message.method, message.callId, message.fromTag, message.toTag]).toEqual([
    'BYE',
    invite.callId,
    invite.fromTag,
    'bob',
  ]);
  expect(message.cseq.number).toBeGreaterThan(1_000);
  second.answer(message, 200);
  expect(second.events).toEqual([{ kind: 'ended', leg, cause: 'crashed', by: 'local' }]);
  second.execute({ kind: 'restore', leg: second.nextLeg(), dialog: '{"callId":1}' });
  expect(kinds(second.events).at(-1)).toBe('ended crashed');
});

test('a BYE that nobody answers ends the leg after 64*T1', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.answer(invite, 200, sdp);
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  rig.until(33_000);
  expect(kinds(rig.events).at(-1)).toBe('ended normal');
  expect((rig.sent.at(-1)!.message as Response).cseq.method).toBe('BYE');
});

test('a peer that invents branches gets no more than a few BYEs', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  rig.answer(invite, 200, sdp);
  const sent = Array.from({ length: 100 }, (_, branch) =>
    rig.answer(invite, 200, { ...sdp, toTag: `t${branch}` }),
  ).flat();
  expect(words(sent).filter((word) => word === 'BYE')).toHaveLength(16);
});

test('a challenge of a re-INVITE that comes after our BYE is not answered', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled({ username: 'u', password: 'p' });
  rig.answer(invite, 200, sdp);
  const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: sdp.body });
  rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  const challenge: [string, string][] = [
    ['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'],
  ];
  expect(words(rig.answer(reinvite!.message as Request, 401, { fields: challenge }))).toEqual(['ACK']);
});

test('a re-INVITE and a BYE that are challenged are sent again with credentials', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled({ username: 'u', password: 'p' });
  rig.answer(invite, 200, sdp);
  const fields: [string, string][] = [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']];
  const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: sdp.body });
  const again = rig.answer(reinvite!.message as Request, 401, { fields });
  expect(words(again)).toEqual(['ACK', 'INVITE']);
  expect(words(rig.answer(again[1]!.message as Request, 200, sdp))).toEqual(['ACK']);
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  const [byeAgain] = rig.answer(bye!.message as Request, 401, { fields });
  expect(byeAgain!.message.first('Authorization')).toContain('username="u"');
  rig.answer(byeAgain!.message as Request, 200);
  expect(kinds(rig.events)).toEqual(['answered', 'reanswered', 'ended normal']);
});
