import { expect, test } from 'vitest';
import type { Request } from '../../../sip/message.ts';
import { kinds, OFFER, PEER, Rig, words } from './rig.ts';

const body = new TextEncoder().encode(OFFER);

/** An answered call from the peer, and the fields of its next requests. */
function answered(rig = new Rig()) {
  const leg = rig.offered();
  const [ok] = rig.execute({ kind: 'answer', leg, body });
  const To = ok!.message.first('To')!;
  const inDialog = (method: string, cseq: number, fields = {}, sdp = '') =>
    rig.request(method, { To, CSeq: `${cseq} ${method}`, ...fields }, sdp, 'sip:192.0.2.1:5060');
  return { rig, leg, ok: ok!.message, inDialog };
}

test('an INVITE is rung, answered and confirmed', () => {
  const rig = new Rig();
  const leg = rig.offered();
  expect(rig.events[0]).toMatchObject({ kind: 'offered', toUser: '1001', fromUser: '1000', source: PEER });
  expect(words(rig.execute({ kind: 'ring', leg, early: undefined }))).toEqual(['180 INVITE']);
  expect(words(rig.execute({ kind: 'ring', leg, early: body }))).toEqual(['183 INVITE']);
  const [ok] = rig.execute({ kind: 'answer', leg, body });
  expect(ok!.message.first('Contact')).toBe('<sip:192.0.2.1:5060>');
  rig.receive(rig.request('ACK', { To: ok!.message.first('To')!, CSeq: '2 ACK' }));
  expect(kinds(rig.events)).toEqual(['offered', 'dialogChanged', 'confirmed']);
  expect(rig.until(rig.now + 60_000)).toEqual([]);
});

test('RFC 3261 §13.3.1.4: a 200 without ACK is repeated from T1 to T2 and ended by BYE after 64*T1', () => {
  const { rig } = answered();
  const sent = rig.until(32_000);
  expect(words(sent)).toEqual([...Array.from({ length: 10 }, () => '200 INVITE'), 'BYE']);
  rig.answer(sent.at(-1)!.message as Request, 200);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'ended', cause: 'network-failed', by: 'local' });
});

test('a hang-up before the ACK waits for it', () => {
  const { rig, leg, inDialog } = answered();
  expect(rig.execute({ kind: 'hangup', leg, cause: 'normal' })).toEqual([]);
  const sent = rig.receive(inDialog('ACK', 2));
  expect(words(sent)).toEqual(['BYE']);
  expect(sent[0]!.message.first('Reason')).toContain('Q.850;cause=16');
});

test('RFC 3261 §9.2: CANCEL is answered, the INVITE gets 487, and the leg ends at once', () => {
  const rig = new Rig();
  rig.offered();
  const via = 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK2';
  expect(words(rig.receive(rig.request('CANCEL', { CSeq: '2 CANCEL', Via: via })))).toEqual([
    '200 CANCEL',
    '487 INVITE',
  ]);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'ended', cause: 'canceled', by: 'remote' });
});

test('a CANCEL after the answer is answered and changes nothing', () => {
  const { rig, inDialog } = answered();
  const via = 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK2';
  expect(words(rig.receive(rig.request('CANCEL', { CSeq: '2 CANCEL', Via: via })))).toEqual(['200 CANCEL']);
  rig.receive(inDialog('ACK', 2));
  expect(kinds(rig.events).at(-1)).toBe('confirmed');
});

test('a refusal carries status and reason, and the leg ends when it is acknowledged', () => {
  const rig = new Rig();
  const leg = rig.offered();
  const [refusal] = rig.execute({ kind: 'hangup', leg, cause: 'overloaded' });
  expect(refusal!.message).toMatchObject({ status: 503 });
  expect(refusal!.message.first('Retry-After')).toBeDefined();
  expect(kinds(rig.events)).toEqual(['offered']);
  const via = 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK2';
  rig.receive(rig.request('ACK', { To: refusal!.message.first('To')!, CSeq: '2 ACK', Via: via }));
  expect(kinds(rig.events)).toEqual(['offered', 'ended overloaded']);
});

test('RFC 3261 §20.43: who is refused because media is overloaded is warned of that, and told when to come back', () => {
  const rig = new Rig();
  const [refusal] = rig.execute({ kind: 'hangup', leg: rig.offered(), cause: 'media-overloaded' });
  expect(refusal!.message).toMatchObject({ status: 503 });
  expect(refusal!.message.first('Warning')).toBe('399 tandem "media overloaded"');
  expect(refusal!.message.first('Retry-After')).toBe('10');
});

test('RFC 3261 §20.43: who offers no keys where they are required is warned of that', () => {
  const rig = new Rig();
  const [refusal] = rig.execute({ kind: 'hangup', leg: rig.offered(), cause: 'srtp-required' });
  expect(refusal!.message).toMatchObject({ status: 488 });
  expect(refusal!.message.first('Warning')).toBe('399 tandem "SRTP required"');
});

test('RFC 3261 §15.1.2: BYE ends the leg; a repeated one gets the same answer, a new one 481', () => {
  const { rig, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const bye = inDialog('BYE', 3);
  expect(words(rig.receive(bye))).toEqual(['200 BYE']);
  expect(words(rig.receive(bye))).toEqual(['200 BYE']);
  expect(words(rig.receive(inDialog('BYE', 4)))).toEqual(['481 BYE']);
  expect(kinds(rig.events).filter((kind) => kind.startsWith('ended'))).toEqual(['ended normal']);
});

test('BYE of both sides at once: both are answered, the leg ends once', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect(words(rig.receive(inDialog('BYE', 3)))).toEqual(['200 BYE']);
  rig.answer(bye!.message as Request, 481);
  expect(kinds(rig.events).filter((kind) => kind.startsWith('ended'))).toEqual(['ended normal']);
});

test('a re-INVITE is put to the user, and its 200 repeated until the ACK', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  expect(rig.receive(inDialog('INVITE', 3, {}, OFFER))).toEqual([]);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'reoffered' });
  expect(words(rig.execute({ kind: 'acceptOffer', leg, answer: body }))).toEqual(['200 INVITE']);
  expect(words(rig.until(rig.now + 600))).toEqual(['200 INVITE']);
  rig.receive(inDialog('ACK', 3));
  expect(rig.until(rig.now + 60_000)).toEqual([]);
});

test('a refused re-INVITE gets 488 and the session goes on', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  rig.receive(inDialog('INVITE', 3, {}, OFFER));
  expect(words(rig.execute({ kind: 'refuseOffer', leg, cause: 'not-acceptable' }))).toEqual(['488 INVITE']);
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'normal' }))).toEqual(['BYE']);
});

test('UPDATE without a body refreshes the target; with one it is put to the user', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const contact = { Contact: '<sip:1000@198.51.100.7:41000>' };
  expect(words(rig.receive(inDialog('UPDATE', 3, contact)))).toEqual(['200 UPDATE']);
  expect(kinds(rig.events).at(-1)).toBe('dialogChanged');
  rig.receive(inDialog('UPDATE', 4, contact, OFFER));
  expect(words(rig.execute({ kind: 'acceptOffer', leg, answer: body }))).toEqual(['200 UPDATE']);
  const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
  expect([bye!.destination.port, (bye!.message as Request).uri.port]).toEqual([41_000, 41_000]);
});

test('RFC 3261 §14.2: two re-INVITEs that meet: theirs gets 491 while ours is open, ours is tried again after a random time', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: body });
  expect(words(rig.receive(inDialog('INVITE', 3, {}, OFFER)))).toEqual(['491 INVITE']);
  expect(words(rig.answer(reinvite!.message as Request, 491))).toEqual(['ACK']);
  const sent = rig.until(rig.now + 2_000).filter(({ message }) => message.type === 'request');
  expect(words(sent)).toEqual(['INVITE']);
  expect(
    words(rig.answer(sent[0]!.message as Request, 200, { body, fields: [['Content-Type', 'application/sdp']] })),
  ).toEqual(['ACK']);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'reanswered', status: 200 });
});

test('a re-INVITE of ours that is answered 481 ends the leg', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: body });
  const sent = rig.answer(reinvite!.message as Request, 481);
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  rig.answer(sent[1]!.message as Request, 481);
  expect(kinds(rig.events).at(-1)).toBe('ended network-failed');
});

test('requests in a dialog are answered by method, order and body', () => {
  const { rig, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const status = (text: string) => words(rig.receive(text))[0];
  expect(status(inDialog('OPTIONS', 3))).toBe('200 OPTIONS');
  expect(status(inDialog('INFO', 4))).toBe('200 INFO');
  expect(status(inDialog('REFER', 5))).toBe('400 REFER');
  expect(status(inDialog('FROB', 6))).toBe('501 FROB');
  expect(status(inDialog('INFO', 4))).toBe('500 INFO');
  expect(status(inDialog('INVITE', 7, { 'Content-Type': 'text/plain' }, 'hello'))).toBe('415 INVITE');
  expect(status(inDialog('INVITE', 8, { Require: 'precondition' }, OFFER))).toBe('420 INVITE');
  expect(status(rig.request('BYE', { To: '<sip:1001@192.0.2.1>;tag=unknown', CSeq: '9 BYE' }))).toBe('481 BYE');
  expect(status(inDialog('BYE', 10, { From: '<sip:1000@192.0.2.1>;tag=other' }))).toBe('481 BYE');
});

test('RFC 6086 §4.2.2: an INFO of a package that we have not invited gets 469', () => {
  const { rig, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  const [sent] = rig.receive(inDialog('INFO', 3, { 'Info-Package': 'conversation' }, 'x'));
  expect([words([sent!]), sent!.message.first('Recv-Info')]).toEqual([['469 INFO'], '']);
  expect(words(rig.receive(inDialog('INFO', 4, { 'Content-Type': 'text/plain' }, 'x')))).toEqual(['415 INFO']);
});

test('an INVITE without an offer is answered with ours, and the ACK brings the answer', () => {
  const rig = new Rig();
  rig.authenticated('INVITE');
  const offered = rig.events[0];
  expect(offered).toMatchObject({ kind: 'offered', offer: undefined });
  const [ok] = rig.execute({ kind: 'answer', leg: offered!.kind === 'offered' ? offered!.leg : rig.nextLeg(), body });
  rig.receive(rig.request('ACK', { To: ok!.message.first('To')!, CSeq: '2 ACK' }, OFFER));
  const confirmed = rig.events.at(-1);
  expect(confirmed?.kind === 'confirmed' && new TextDecoder().decode(confirmed.body)).toBe(OFFER);
});

test('RFC 3326 §2: why a caller cancels or hangs up is told', () => {
  const rig = new Rig();
  rig.offered();
  const Via = 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK2';
  rig.receive(
    rig.request('CANCEL', { CSeq: '2 CANCEL', Via, Reason: 'SIP;cause=200;text="Call completed elsewhere"' }),
  );
  expect(rig.events.at(-1)).toMatchObject({ kind: 'ended', cause: 'answered-elsewhere', by: 'remote' });
  const { rig: other, inDialog } = answered();
  other.receive(inDialog('ACK', 2));
  other.receive(inDialog('BYE', 3, { Reason: 'Q.850;cause=38' }));
  expect(other.events.at(-1)).toMatchObject({ kind: 'ended', cause: 'network-failed', by: 'remote' });
});

test('RFC 3261 §14.2: a re-INVITE without an offer gets ours, and its ACK brings the answer', () => {
  const { rig, leg, inDialog } = answered();
  rig.receive(inDialog('ACK', 2));
  rig.receive(inDialog('INVITE', 3));
  expect(rig.events.at(-1)).toMatchObject({ kind: 'reoffered', offer: undefined });
  const [ok] = rig.execute({ kind: 'acceptOffer', leg, answer: body });
  expect([words([ok!]), new TextDecoder().decode(ok!.message.body)]).toEqual([['200 INVITE'], OFFER]);
  rig.receive(inDialog('ACK', 3, {}, OFFER));
  const confirmed = rig.events.at(-1);
  expect(confirmed?.kind === 'confirmed' && new TextDecoder().decode(confirmed.body)).toBe(OFFER);
});
