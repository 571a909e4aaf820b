import { expect, test } from 'vitest';
import type { Response } from '../../../sip/message.ts';
import { answerChallenge } from '../../../sip/user-agent/digest.ts';
import { write } from '../../../sip/writer.ts';
import { kinds, OFFER, PEER, Rig, words } from '../stack/rig.ts';

const TO_US = { To: '<sip:1000@192.0.2.1>' };

test('RFC 3261 §8.2.7: who has not proven anything gets one stateless challenge for each packet', () => {
  const rig = new Rig();
  const invite = rig.request('INVITE', {}, OFFER);
  const [first] = rig.receive(invite);
  const [second] = rig.receive(invite);
  expect(first!.message).toMatchObject({ status: 401 });
  expect(first!.destination).toEqual(PEER);
  expect(second!.message.toTag).toBe(first!.message.toTag);
  expect(rig.receive(rig.request('ACK', { To: first!.message.first('To')! }))).toEqual([]);
  expect(rig.stack.counters).toMatchObject({ inviteServerTransactions: 0, timersArmed: 0, legs: 0 });
});

test('a reused nonce count gets stale=true, and never a ban', () => {
  const rig = new Rig();
  rig.authenticated('REGISTER', TO_US);
  const fields = { ...TO_US, Authorization: rig.lastAuthorization };
  const again = Array.from({ length: 30 }, (_, index) =>
    rig.receive(rig.request('REGISTER', { ...fields, CSeq: `${index + 3} REGISTER` })),
  );
  expect(again.flatMap(words)).toEqual(again.map(() => '401 REGISTER'));
  for (const [sent] of again) expect(sent!.message.first('WWW-Authenticate')).toContain('stale=true');
  expect(rig.stack.gatekeeper.list(rig.now)).toEqual([]);
});

test('a refusal over UDP has at most three times the bytes of its request, and one that does not fit is not sent', () => {
  const short = (method: string): string =>
    `${method} sip:x SIP/2.0\r\nv:SIP/2.0/UDP h\r\nf:sip:a\r\nt:sip:b\r\ni:1\r\nCSeq:1 ${method}\r\nl:0\r\n\r\n`;
  const outcome = (method: string, transport: 'udp' | 'tcp') => {
    const sent = new Rig().receive(short(method), { ...PEER, transport });
    const bytes = sent.map(({ message }) => write(message).length);
    return [words(sent), transport === 'tcp' || bytes.every((size) => size <= 3 * short(method).length)];
  };
  expect(outcome('OPTIONS', 'udp')).toEqual([['200 OPTIONS'], true]);
  expect(outcome('BYE', 'udp')).toEqual([['481 BYE'], true]);
  expect(outcome('FROB', 'udp')).toEqual([['501 FROB'], true]);
  expect(outcome('REGISTER', 'udp')).toEqual([[], true]);
  expect(outcome('REGISTER', 'tcp')).toEqual([['401 REGISTER'], true]);
  const usual = new Rig();
  expect(words(usual.receive(usual.request('REGISTER', TO_US)))).toEqual(['401 REGISTER']);
});

test('a REGISTER with the password binds the phone; repeated by the network it gets the same answer', () => {
  const rig = new Rig();
  const [ok] = rig.authenticated('REGISTER', TO_US);
  expect(rig.repeat()).toEqual([ok]);
  expect([ok!.message.type === 'response' && ok!.message.status, kinds(rig.events)]).toEqual([200, ['bound']]);
  expect(rig.events[0]).toMatchObject({
    binding: { address: PEER.address, port: PEER.port, localPort: 5060, transport: 'udp' },
  });
});

test('a repeated INVITE is answered by its transaction', () => {
  const rig = new Rig();
  const leg = rig.offered();
  expect(rig.repeat()).toEqual([]);
  const ringing = rig.execute({ kind: 'ring', leg, early: undefined });
  expect(rig.repeat()).toEqual(ringing);
  expect(rig.stack.counters.inviteServerTransactions).toBe(1);
  expect(kinds(rig.events)).toEqual(['offered']);
});

test('an extension calls in its own name only', () => {
  const rig = new Rig();
  const [refusal] = rig.authenticated('INVITE', { From: '<sip:1002@192.0.2.1>;tag=peer' }, OFFER);
  expect(refusal!.message).toMatchObject({ status: 403 });
  expect(rig.events).toEqual([]);
});

test('a host that is none of ours is challenged and never accepted', () => {
  const rig = new Rig();
  rig.directory.addOwnHost('192.0.2.99');
  const foreign = rig.request('INVITE', {}, OFFER, 'sip:1001@elsewhere.example');
  expect(words(rig.receive(foreign))).toEqual(['401 INVITE']);
  expect(rig.events).toEqual([]);
});

test('a wrong password is challenged again, and after ten of them the sender hears nothing more', () => {
  const rig = new Rig();
  const guess = () => {
    const challenge = (rig.receive(rig.request('REGISTER', TO_US))[0]?.message as Response | undefined)?.first(
      'WWW-Authenticate',
    );
    const nonce = /nonce="([^"]+)"/.exec(challenge ?? '')?.[1] ?? '';
    const authorization =
      `Digest username="1000", realm="tandem", nonce="${nonce}", uri="sip:1001@192.0.2.1", response="${'0'.repeat(32)}", ` +
      'algorithm=MD5, cnonce="x", qop=auth, nc=00000001';
    return words(rig.receive(rig.request('REGISTER', { ...TO_US, CSeq: '2 REGISTER', Authorization: authorization })));
  };
  const answers = Array.from({ length: 12 }, guess);
  expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => ['401 REGISTER']));
  expect(answers.slice(10)).toEqual([[], []]);
  expect(rig.stack.counters.dropped).toBe(2);
});

test('OPTIONS is answered without a challenge, and tells what we can', () => {
  const rig = new Rig();
  const [ok] = rig.receive(rig.request('OPTIONS'));
  expect(ok!.message).toMatchObject({ status: 200 });
  expect([ok!.message.first('Accept'), ok!.message.first('Allow')]).toEqual([
    'application/sdp',
    expect.stringContaining('INVITE'),
  ]);
  expect(rig.stack.counters.nonInviteServerTransactions).toBe(0);
});

test('methods, extensions, hops and bodies that are none of ours are named', () => {
  const rig = new Rig();
  expect(words(rig.receive(rig.request('PUBLISH')))).toEqual(['405 PUBLISH']);
  expect(words(rig.receive(rig.request('FROB')))).toEqual(['501 FROB']);
  expect(words(rig.receive(rig.request('BYE')))).toEqual(['481 BYE']);
  expect(words(rig.receive(rig.request('CANCEL')))).toEqual(['481 CANCEL']);
  const status = (fields: Record<string, string>) => words(new Rig().authenticated('INVITE', fields, OFFER));
  expect(status({ 'Max-Forwards': '00' })).toEqual(['483 INVITE']);
  expect(status({ Require: 'precondition' })).toEqual(['420 INVITE']);
  expect(status({ 'Content-Type': 'text/plain' })).toEqual(['415 INVITE']);
  expect(status({ Accept: 'text/plain' })).toEqual(['406 INVITE']);
  expect(['application/*;q=0.5', 'text/plain, application/SDP'].flatMap((Accept) => status({ Accept }))).toEqual([]);
});

test('a malformed request is refused once, and what is no SIP at all is only counted', () => {
  const rig = new Rig();
  expect(words(rig.receive(rig.request('INVITE', { CSeq: '1 BYE' }, OFFER)))).toEqual(['400 BYE']);
  expect(rig.receive('\r\n\r\n')).toEqual([]);
  expect(rig.receive('hello')).toEqual([]);
  expect(rig.stack.counters.parseFailures).toBe(2);
});

test('RFC 3261 §8.2.2.2: the same request over another path is told that it is merged', () => {
  const rig = new Rig();
  rig.offered();
  expect(words(rig.authenticated('INVITE', {}, OFFER))).toEqual(['482 INVITE']);
  expect(kinds(rig.events)).toEqual(['offered']);
});

test('while draining, calls that begin get 503 and registrations go on', () => {
  const rig = new Rig();
  rig.stack.setDraining(true);
  const [refusal] = rig.receive(rig.request('INVITE', {}, OFFER));
  expect([words([refusal!]), refusal!.message.first('Retry-After')]).toEqual([['503 INVITE'], '10']);
  expect(rig.stack.judge(rig.now)).toBe('draining');
  rig.authenticated('REGISTER', TO_US);
  expect(kinds(rig.events)).toEqual(['bound']);
});

test('beyond its limits the stack refuses with 503 and keeps nothing', () => {
  const busy = new Rig({ legsMax: 0 });
  expect(words(busy.receive(busy.request('INVITE', {}, OFFER)))).toEqual(['503 INVITE']);
  expect(busy.stack.judge(busy.now)).toBe('overloaded');
  const full = new Rig({ serverTransactionsMax: 0 });
  expect(words(full.authenticated('INVITE', {}, OFFER))).toEqual(['503 INVITE']);
  expect(full.stack.counters).toMatchObject({ overloadRefusals: 1, inviteServerTransactions: 0 });
});

test('RFC 3581 §4: without rport, a response goes to the port of sent-by only when sent-by names the source', () => {
  const rig = new Rig();
  const via = (host: string) => ({ Via: `SIP/2.0/UDP ${host}:5070;branch=z9hG4bKv${host}` });
  expect(rig.receive(rig.request('OPTIONS', via('198.51.100.7')))[0]!.destination.port).toBe(5070);
  const asking = { Via: 'SIP/2.0/UDP 198.51.100.7:5070;rport;branch=z9hG4bKasking' };
  const [asked] = rig.receive(rig.request('OPTIONS', asking));
  expect([asked!.destination, asked!.message.topVia.parameters.get('rport')]).toEqual([PEER, '40000']);
  const [translated] = rig.receive(rig.request('OPTIONS', via('10.0.0.1')));
  expect(translated!.destination).toEqual(PEER);
  expect(translated!.message.topVia.parameters.get('received')).toBe(PEER.address);
});

test('a peer of RFC 2543, whose branch says nothing, is matched by what its messages share', () => {
  const rig = new Rig();
  const old = { Via: 'SIP/2.0/UDP 198.51.100.7:40000' };
  rig.authenticated('INVITE', old, OFFER);
  const leg = 1 as ReturnType<Rig['nextLeg']>;
  const [refusal] = rig.execute({ kind: 'hangup', leg, cause: 'busy' });
  rig.receive(rig.request('ACK', { ...old, CSeq: '2 ACK', To: refusal!.message.first('To')! }));
  expect(kinds(rig.events)).toEqual(['offered', 'ended busy']);
});

test('RFC 8760 §2.3: a switch that is told to offer SHA-256 does so first, and takes either answer', () => {
  const rig = new Rig({ digestAlgorithms: ['SHA-256', 'MD5'] });
  const [challenged] = rig.receive(rig.request('INVITE', {}, OFFER));
  const challenges = challenged!.message.all('WWW-Authenticate');
  expect(challenges.map((value) => /algorithm=([\w-]+)/.exec(value)?.[1])).toEqual(['SHA-256', 'MD5']);
  for (const [index, challenge] of challenges.entries()) {
    const use = { username: '1000', password: 'secret', method: 'INVITE', cnonce: 'x', nc: 1 };
    const Authorization = answerChallenge(challenge, { ...use, uri: 'sip:1001@192.0.2.1' })!;
    rig.receive(rig.request('INVITE', { 'Call-ID': `call${index}`, CSeq: '2 INVITE', Authorization }, OFFER));
    expect(rig.events.at(-1)?.kind).toBe('offered');
  }
  expect(rig.events.length).toBe(2);
});
