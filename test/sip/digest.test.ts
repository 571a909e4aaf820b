import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { parseUri } from '../../sip/grammar/uri.ts';
import type { Request } from '../../sip/message.ts';
import { answerChallenge, type DigestAlgorithm, DigestServer } from '../../sip/user-agent/digest.ts';
import { buildRequest } from '../../sip/writer.ts';
import { register } from './register-request.ts';

const LIFETIME_MS = 300_000;
const START = 1_790_000_000_000;

function server(algorithms?: readonly DigestAlgorithm[], secret = new Uint8Array(32).fill(7)): DigestServer {
  const options = { random: seeded(1), calendar: (now: number) => START + now, secret, nonceLifetimeMs: LIFETIME_MS };
  return new DigestServer(algorithms === undefined ? options : { ...options, algorithms });
}

const known = (username: string) => (username === '1000' ? { password: 'right' } : undefined);

/** REGISTER with an answer to this challenge. */
function answered(challenge: string, change: { password?: string; username?: string; nc?: number } = {}): Request {
  const { password = 'right', username = '1000', nc = 1 } = change;
  const answer = answerChallenge(challenge, {
    username,
    password,
    nc,
    method: 'REGISTER',
    uri: 'sip:127.0.0.1',
    cnonce: 'c0ffee',
  });
  return register([['Authorization', answer!]]);
}

test('the examples of RFC 7616 §3.9.1 and RFC 2617 §3.5 come out', () => {
  const use = { username: 'Mufasa', method: 'GET', uri: '/dir/index.html', nc: 1 };
  const modern = (algorithm: string) =>
    answerChallenge(
      `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      { ...use, password: 'Circle of Life', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    );
  expect(modern('MD5')).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
  expect(modern('SHA-256')).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
  expect(modern('SHA-256')).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
  const old = answerChallenge(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    { ...use, password: 'Circle Of Life', cnonce: '0a4f113b' },
  );
  expect(old).toContain('response="6629fae49393a05397450978507c4ef1"');
});

test('challenges that cannot be answered are told apart from those that can', () => {
  const use = { username: 'u', password: 'p', method: 'REGISTER', uri: 'sip:x', cnonce: 'c', nc: 1 };
  for (const challenge of [
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest nonce="n"',
    'Digest',
    '"',
    '',
    'Digest realm="x", nonce="n", algorithm=SHA-512-256',
    'Digest realm="x", nonce="n", qop="auth-int"',
  ])
    expect(answerChallenge(challenge, use), challenge).toBeUndefined();
  expect(answerChallenge('digest REALM=x, nonce=n, algorithm=md5, stale=FALSE', use)).not.toContain('qop');
});

test('a phone that answers the challenge is accepted, with either algorithm', () => {
  const digest = server(['SHA-256', 'MD5']);
  const challenges = digest.challenge('tandem', 0);
  expect(challenges.map((value) => /algorithm=([^,]+)/.exec(value)![1])).toEqual(['SHA-256', 'MD5']);
  for (const challenge of challenges) {
    expect(digest.verify(answered(challenge), known, 50)).toEqual({ kind: 'accepted', username: '1000' });
  }
});

test('challenges offer MD5 alone unless told otherwise', () => {
  expect(server().challenge('tandem', 0)).toHaveLength(1);
  expect(server().challenge('tandem', 0)[0]).toContain('algorithm=MD5');
});

test('any realm typed into a phone works', () => {
  const digest = server();
  const challenge = digest.challenge('tandem', 0)[0]!.replace('realm="tandem"', 'realm="my \\"own\\" realm"');
  expect(digest.verify(answered(challenge), known, 0).kind).toBe('accepted');
});

test('RFC 3261 §22.4: a wrong password and an unknown user are rejected alike', () => {
  const digest = server();
  const [challenge] = digest.challenge('tandem', 0);
  expect(digest.verify(answered(challenge!, { password: 'wrong' }), known, 0)).toEqual({
    kind: 'rejected',
    username: '1000',
  });
  expect(digest.verify(answered(challenge!, { username: '1' }), known, 0)).toEqual({ kind: 'rejected', username: '1' });
  const unknown = digest.verify(answered(challenge!, { username: '', password: '' }), () => undefined, 0);
  expect(unknown.kind).toBe('rejected');
});

test('RFC 7616 §3.4: a used nonce count gets stale, a higher one is accepted', () => {
  const digest = server();
  const [challenge] = digest.challenge('tandem', 0);
  const verdicts = [1, 1, 3, 2, 4].map((nc) => digest.verify(answered(challenge!, { nc }), known, 0).kind);
  expect(verdicts).toEqual(['accepted', 'stale', 'accepted', 'stale', 'accepted']);
});

test('a wrong password does not use up the nonce count of its owner', () => {
  const digest = server();
  const [challenge] = digest.challenge('tandem', 0);
  expect(digest.verify(answered(challenge!, { nc: 9, password: 'wrong' }), known, 0).kind).toBe('rejected');
  expect(digest.verify(answered(challenge!, { nc: 1 }), known, 0).kind).toBe('accepted');
});

test('an old, foreign or altered nonce gets stale, whatever the password', () => {
  const digest = server();
  const [challenge] = digest.challenge('tandem', 0);
  const [foreign] = server(undefined, new Uint8Array(32).fill(8)).challenge('tandem', 0);
  for (const password of ['right', 'wrong']) {
    expect(digest.verify(answered(challenge!, { password }), known, LIFETIME_MS + 1).kind).toBe('stale');
    expect(digest.verify(answered(foreign!, { password }), known, 0).kind).toBe('stale');
    expect(digest.verify(answered(challenge!.replace(/nonce="./, 'nonce="f'), { password }), known, 0).kind).toBe(
      'stale',
    );
    expect(digest.verify(answered('Digest realm="x", nonce="guess", qop="auth"', { password }), known, 0).kind).toBe(
      'stale',
    );
  }
  expect(digest.challenge('tandem', 0, true)[0]).toContain('stale=true');
});

test('a nonce outlives a restart with the same secret', () => {
  const [challenge] = server().challenge('tandem', 0);
  expect(server().verify(answered(challenge!), known, 100).kind).toBe('accepted');
});

test('a nonce is good only for the origin it was issued to', () => {
  const digest = server();
  const [challenge] = digest.challenge('tandem', 0, false, '192.0.2.1');
  expect(digest.verify(answered(challenge!), known, 0, '192.0.2.2').kind).toBe('stale');
  expect(digest.verify(answered(challenge!), known, 0, '192.0.2.1').kind).toBe('accepted');
});

test('the form without qop is accepted, and only for the destination that was hashed', () => {
  const digest = server();
  const challenge = digest.challenge('tandem', 0)[0]!.replace(', qop="auth"', '');
  expect(digest.verify(answered(challenge), known, 0).kind).toBe('accepted');
  const answer = answerChallenge(challenge, {
    username: '1000',
    password: 'right',
    nc: 1,
    method: 'INVITE',
    uri: 'sip:1001@127.0.0.1',
    cnonce: '',
  })!;
  const invite = (target: string) =>
    buildRequest({ method: 'INVITE', uri: parseUri(target)!, fields: [['Authorization', answer]] });
  expect(digest.verify(invite('sip:1001@192.0.2.1'), known, 0).kind).toBe('accepted');
  expect(digest.verify(invite('sip:900123@127.0.0.1'), known, 0).kind).toBe('missing');
});

test('incomplete credentials count as missing', () => {
  const digest = server();
  const whole = answered(digest.challenge('tandem', 0)[0]!).first('Authorization')!;
  for (const broken of [
    'Basic MTAwMDpwdw==',
    'Digest',
    'Digest username="1000"',
    '"',
    whole.replace('qop=auth', 'qop=auth-int'),
    whole.replace('nc=00000001', 'nc=x'),
    whole.replace('algorithm=MD5', 'algorithm=MD4'),
    whole.replace(/uri=[^,]+, /, ''),
    whole.replace(/, cnonce="[^"]+"/, ''),
  ])
    expect(digest.verify(register([['Authorization', broken]]), known, 0).kind, broken).toBe('missing');
  expect(digest.verify(register(), known, 0).kind).toBe('missing');
  expect(
    digest.verify(
      register([
        ['Authorization', 'Digest realm="other"'],
        ['Authorization', whole],
      ]),
      known,
      0,
    ).kind,
  ).toBe('accepted');
});

test('what is remembered of nonces is bounded, and what is forgotten cannot be replayed', () => {
  const digest = server();
  const first = digest.challenge('tandem', 0)[0]!;
  expect(digest.verify(answered(first), known, 0).kind).toBe('accepted');
  for (let at = 1; at <= 70_000; at++) {
    const verdict = digest.verify(answered(digest.challenge('tandem', at)[0]!), known, at);
    if (verdict.kind !== 'accepted') expect.fail(`${verdict.kind} at ${at}`);
  }
  expect(digest.remembered).toBeLessThanOrEqual(65_536);
  expect(digest.verify(answered(first), known, 70_000).kind).toBe('stale');
});
