import { expect, test } from 'vitest';
import type { Request, Response } from '../../../sip/message.ts';
import { kinds, OFFER, Rig, type Sent, words } from './rig.ts';

const body = new TextEncoder().encode(OFFER);
const CONTACT = ['Contact', '<sip:bob@198.51.100.7:40000>'] as const;
const SDP = ['Content-Type', 'application/sdp'] as const;

/** A reliable response of this branch to our INVITE. */
function reliable(rig: Rig, invite: Request, rseq: number, { toTag = 'bob', status = 183, sdp = OFFER } = {}) {
  const fields = [['Require', '100rel'], ['RSeq', String(rseq)], CONTACT, ...(sdp === '' ? [] : [SDP])] as const;
  return rig.answer(invite, status, { toTag, fields, body: sdp === '' ? undefined : new TextEncoder().encode(sdp) });
}

/** A caller who demands reliable provisional responses; `ring` is the one that it was sent. */
function demanding(early = true) {
  const rig = new Rig();
  const leg = rig.offered({ Require: '100rel' });
  const [ring] = rig.execute({ kind: 'ring', leg, early: early ? body : undefined });
  const response = ring!.message as Response;
  const To = response.first('To')!;
  const inDialog = (method: string, cseq: number, fields = {}, sdp = '') =>
    rig.request(method, { To, CSeq: `${cseq} ${method}`, ...fields }, sdp);
  const prack = (cseq: number, rseq: number, sdp = '') =>
    rig.receive(inDialog('PRACK', cseq, { RAck: `${rseq} 2 INVITE` }, sdp));
  return { rig, leg, response, rseq: Number(response.first('RSeq')), inDialog, prack };
}

const heads = (sent: readonly Sent[]) => sent.map(({ message }) => [message.first('RAck'), message.cseq.number]);

test('RFC 3262 §4: a reliable provisional response is acknowledged by PRACK in its early dialog', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  expect(invite.all('Supported')).toContain('100rel');
  const [prack] = reliable(rig, invite, 7);
  expect(prack!.message).toMatchObject({ method: 'PRACK', toTag: 'bob', cseq: { number: 2, method: 'PRACK' } });
  expect(prack!.message.first('RAck')).toBe('7 1 INVITE');
  rig.answer(prack!.message as Request, 200);
  expect(heads(reliable(rig, invite, 8))).toEqual([['8 1 INVITE', 3]]);
  expect(words(rig.answer(invite, 200, { fields: [CONTACT] }))).toEqual(['ACK']);
  const answered = rig.events.at(-1);
  expect(answered?.kind === 'answered' && new TextDecoder().decode(answered.body)).toBe(OFFER);
  // Requests of the dialog go on where the PRACKs left off.
  expect(rig.execute({ kind: 'hangup', leg, cause: 'normal' })[0]!.message.cseq.number).toBe(4);
});

test('RFC 3261 §22.2: a PRACK that is challenged is sent once more with credentials and the next CSeq', () => {
  const rig = new Rig();
  const { invite } = rig.dialled({ username: 'u', password: 'p' });
  const [prack] = reliable(rig, invite, 7);
  const fields = [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']] as const;
  const [again] = rig.answer(prack!.message as Request, 401, { fields });
  expect(again!.message).toMatchObject({ method: 'PRACK', toTag: 'bob', cseq: { number: 3 } });
  expect([again!.message.first('RAck'), again!.message.all('User-Agent').length]).toEqual(['7 1 INVITE', 1]);
  expect(again!.message.first('Authorization')).toContain('username="u"');
  expect(rig.answer(again!.message as Request, 401, { fields })).toEqual([]);
});

test('RFC 3262 §4: a repeated response is not acknowledged twice, nor one that comes before its turn', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  reliable(rig, invite, 7);
  expect(reliable(rig, invite, 7)).toEqual([]);
  expect(reliable(rig, invite, 9)).toEqual([]);
  expect(heads(reliable(rig, invite, 8))).toEqual([['8 1 INVITE', 3]]);
  expect(heads(reliable(rig, invite, 9))).toEqual([['9 1 INVITE', 4]]);
  expect(kinds(rig.events)).toEqual(['ringing', 'ringing', 'ringing']);
});

test('RFC 3262 §4: each branch of a forked INVITE has numbers and CSeq of its own, and the last to speak is heard', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  expect(heads(reliable(rig, invite, 7, { toTag: 'one', sdp: 'v=0\r\ns=one\r\n' }))).toEqual([['7 1 INVITE', 2]]);
  expect(heads(reliable(rig, invite, 100, { toTag: 'two', sdp: 'v=0\r\ns=two\r\n' }))).toEqual([['100 1 INVITE', 2]]);
  const heard = rig.events.map((event) => (event.kind === 'ringing' ? new TextDecoder().decode(event.body) : ''));
  expect(heard).toEqual(['v=0\r\ns=one\r\n', 'v=0\r\ns=two\r\n']);
  rig.answer(invite, 200, { toTag: 'one', fields: [CONTACT] });
  const answered = rig.events.at(-1);
  expect(answered?.kind === 'answered' && new TextDecoder().decode(answered.body)).toBe('v=0\r\ns=one\r\n');
  // The other branch answers too: it is acknowledged, and ended above the CSeq of its PRACK.
  const sent = rig.answer(invite, 200, { toTag: 'two', fields: [CONTACT, SDP], body });
  expect(sent.map(({ message }) => [message.toTag, message.cseq.number, message.cseq.method])).toEqual([
    ['two', 1, 'ACK'],
    ['two', 3, 'BYE'],
  ]);
  expect(rig.execute({ kind: 'hangup', leg, cause: 'normal' })[0]!.message.cseq.number).toBe(3);
});

test('a branch too many is not listened to', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  for (let branch = 0; branch < 16; branch++) reliable(rig, invite, 7, { toTag: `branch${branch}` });
  expect(reliable(rig, invite, 7, { toTag: 'one more' })).toEqual([]);
});

test('RFC 3262 §3: a caller who demands it gets provisional responses again, in growing steps, until its PRACK', () => {
  const { rig, response, rseq, prack } = demanding();
  expect([response.status, response.first('Require'), rseq > 0]).toEqual([183, '100rel', true]);
  expect(words(rig.until(rig.now + 8_000))).toEqual(['183 INVITE', '183 INVITE', '183 INVITE', '183 INVITE']);
  expect(words(prack(3, rseq))).toEqual(['200 PRACK']);
  expect(words(rig.until(rig.now + 60_000))).toEqual([]);
});

test('RFC 3262 §3: a caller who does not demand it gets provisional responses once', () => {
  const rig = new Rig();
  const leg = rig.offered({ Supported: '100rel' });
  const [ring] = rig.execute({ kind: 'ring', leg, early: undefined });
  expect([ring!.message.first('RSeq'), ring!.message.first('Require')]).toEqual([undefined, undefined]);
  expect(rig.until(rig.now + 60_000)).toEqual([]);
});

test('RFC 3262 §3: an INVITE whose provisional response is never acknowledged gets 504 after 64*T1', () => {
  const { rig, inDialog } = demanding();
  const sent = rig.until(rig.now + 32_000);
  expect(words(sent).at(-1)).toBe('504 INVITE');
  rig.receive(inDialog('ACK', 2, { Via: 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK2' }));
  expect(kinds(rig.events)).toEqual(['offered', 'ended network-failed']);
  rig.until(rig.now + 60_000);
  expect(rig.stack.counters).toMatchObject({ legs: 0, inviteServerTransactions: 0, timersArmed: 0 });
});

test('RFC 3262 §3: a PRACK that acknowledges nothing of ours gets 481', () => {
  const { rseq, prack, rig, inDialog } = demanding();
  expect(words(prack(3, rseq + 1))).toEqual(['481 PRACK']);
  expect(words(rig.receive(inDialog('PRACK', 4, { RAck: `${rseq} 1 INVITE` })))).toEqual(['481 PRACK']);
  expect(words(rig.receive(inDialog('PRACK', 5)))).toEqual(['481 PRACK']);
  expect(words(prack(6, rseq))).toEqual(['200 PRACK']);
  expect(words(prack(7, rseq))).toEqual(['481 PRACK']);
});

test('RFC 3262 §3: the answer, and the next provisional response, wait for the PRACK of the last one', () => {
  const { rig, leg, rseq, prack, inDialog } = demanding(false);
  expect(rig.execute({ kind: 'ring', leg, early: body })).toEqual([]);
  const [ok, next] = prack(3, rseq);
  expect(words([ok!, next!])).toEqual(['200 PRACK', '183 INVITE']);
  expect(next!.message.first('RSeq')).toBe(String(rseq + 1));
  expect(rig.execute({ kind: 'answer', leg, body })).toEqual([]);
  expect(words(prack(4, rseq + 1))).toEqual(['200 PRACK', '200 INVITE']);
  rig.receive(inDialog('ACK', 2));
  expect(kinds(rig.events)).toEqual(['offered', 'dialogChanged', 'confirmed']);
});

test('RFC 3262 §3: a refusal does not wait for the PRACK, which is answered nevertheless', () => {
  const { rig, leg, rseq, prack } = demanding();
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'busy' }))).toEqual(['486 INVITE']);
  expect(words(prack(3, rseq))).toEqual(['200 PRACK']);
});

test('RFC 3262 §5: an offer in the PRACK of our description is answered in its 200', () => {
  const { rig, leg, rseq, prack } = demanding();
  expect(prack(3, rseq, OFFER)).toEqual([]);
  expect(kinds(rig.events).at(-1)).toBe('reoffered');
  const [ok] = rig.execute({ kind: 'acceptOffer', leg, answer: body });
  expect([words([ok!]), ok!.message.body.length]).toEqual([['200 PRACK'], OFFER.length]);
  expect(words(rig.execute({ kind: 'answer', leg, body }))).toEqual(['200 INVITE']);
});

test('RFC 3311 §5.2: UPDATE in an early dialog is answered once the first offer is, in both roles', () => {
  const { rig, leg, rseq, prack, inDialog } = demanding();
  expect(words(rig.receive(inDialog('UPDATE', 3, {}, OFFER)))).toEqual(['500 UPDATE']);
  prack(4, rseq);
  expect(rig.receive(inDialog('UPDATE', 5, {}, OFFER))).toEqual([]);
  expect(words(rig.execute({ kind: 'acceptOffer', leg, answer: body }))).toEqual(['200 UPDATE']);
  rig.receive(inDialog('UPDATE', 6, {}, OFFER));
  expect(words(rig.execute({ kind: 'refuseOffer', leg, cause: 'not-acceptable' }))).toEqual(['488 UPDATE']);

  const other = new Rig();
  const { leg: called, invite } = other.dialled();
  const From = '<sip:bob@198.51.100.7>;tag=bob';
  const update = (cseq: number) =>
    other.request(
      'UPDATE',
      { From, To: invite.first('From')!, 'Call-ID': invite.callId, CSeq: `${cseq} UPDATE` },
      OFFER,
    );
  other.answer(invite, 180);
  expect(words(other.receive(update(1)))).toEqual(['491 UPDATE']);
  reliable(other, invite, 7);
  expect(other.receive(update(2))).toEqual([]);
  const [ok] = other.execute({ kind: 'acceptOffer', leg: called, answer: body });
  expect([words([ok!]), ok!.message.first('Contact')]).toEqual([['200 UPDATE'], '<sip:192.0.2.1:5060>']);
});

test('an offer that is not decided when the call is answered may come again', () => {
  const rig = new Rig();
  const { invite } = rig.dialled();
  reliable(rig, invite, 7);
  const fields = { From: '<sip:bob@198.51.100.7>;tag=bob', To: invite.first('From')!, 'Call-ID': invite.callId };
  rig.receive(rig.request('UPDATE', { ...fields, CSeq: '1 UPDATE' }, OFFER));
  expect(words(rig.answer(invite, 200, { fields: [CONTACT, SDP], body }))).toEqual(['ACK', '500 UPDATE']);
});

test('a caller who demands reliability without an offer hears nothing before the answer: ours would have to come first', () => {
  const rig = new Rig();
  rig.authenticated('INVITE', { Require: '100rel' });
  const offered = rig.events.at(-1)!;
  const leg = offered.kind === 'offered' ? offered.leg : rig.nextLeg();
  expect(rig.execute({ kind: 'ring', leg, early: undefined })).toEqual([]);
  expect(words(rig.execute({ kind: 'answer', leg, body }))).toEqual(['200 INVITE']);
});
