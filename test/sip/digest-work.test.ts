import { expect, test, vi } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { answerChallenge, type DigestAlgorithm, DigestServer } from '../../sip/user-agent/digest.ts';
import { register } from './register-request.ts';

/** Every hash that is computed: its name, and how many blocks of 64 bytes it takes. */
const { hashed } = vi.hoisted(() => ({ hashed: [] as string[] }));

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const hash = (name: string, text: string, ...rest: []): string => {
    hashed.push(`${name} ${Math.ceil((Buffer.byteLength(text) + 9) / 64)}`);
    return crypto.hash(name, text, ...rest);
  };
  return { ...crypto, hash };
});

const PASSWORDS = new Map([['1000', 'a password of 20 let']]);

/** What is hashed to judge an answer of this user with this password. */
function workFor(algorithm: DigestAlgorithm, user: string, password: string, nonceAgeMs: number) {
  const digest = new DigestServer({
    random: seeded(1),
    calendar: (now) => now,
    nonceLifetimeMs: 60_000,
    algorithms: [algorithm],
  });
  const [challenge] = digest.challenge('tandem', 0, false, '192.0.2.1');
  const use = { username: user, password, method: 'REGISTER', uri: 'sip:tandem', cnonce: 'c0ffee', nc: 1 };
  const request = register([['Authorization', answerChallenge(challenge!, use)!]]);
  const lookUp = (name: string) => {
    const known = PASSWORDS.get(name);
    return known === undefined ? undefined : { password: known };
  };
  hashed.length = 0;
  const { kind } = digest.verify(request, lookUp, nonceAgeMs, '192.0.2.1');
  return { kind, work: [...hashed] };
}

test.each(['MD5', 'SHA-256'] as const)('an unknown user costs the same hashes as a known one, with %s', (algorithm) => {
  const right = workFor(algorithm, '1000', PASSWORDS.get('1000')!, 0);
  const wrong = workFor(algorithm, '1000', 'guess', 0);
  const unknown = workFor(algorithm, '1999', 'guess', 0);
  expect([right.kind, wrong.kind, unknown.kind]).toEqual(['accepted', 'rejected', 'rejected']);
  expect(right.work).toHaveLength(5);
  expect(wrong.work).toEqual(right.work);
  expect(unknown.work).toEqual(right.work);
});

test('an old nonce costs the same for both, and less than a password', () => {
  const known = workFor('SHA-256', '1000', 'guess', 60_001);
  const unknown = workFor('SHA-256', '1999', 'guess', 60_001);
  expect([known.kind, unknown.kind]).toEqual(['stale', 'stale']);
  expect(known.work).toHaveLength(2);
  expect(unknown.work).toEqual(known.work);
});

test.each([
  ['quotes and backslashes', 'a "quoted\\\\back" name', 'Jäsøn'],
  ['UTF-8', 'Jäsøn Døe', 'Zürich €'],
])('names and realms with %s are hashed as they are meant', (_, username, realm) => {
  const digest = new DigestServer({ random: seeded(1), calendar: (now) => now, nonceLifetimeMs: 60_000 });
  const [challenge] = digest.challenge(realm, 0);
  const use = { username, password: 'Secret, or not? ü', method: 'REGISTER', uri: 'sip:tandem', cnonce: 'c', nc: 1 };
  const request = register([['Authorization', answerChallenge(challenge!, use)!]]);
  const verdict = digest.verify(
    request,
    (name, given) => (name === username && given === realm ? { password: use.password } : undefined),
    0,
  );
  expect(verdict).toEqual({ kind: 'accepted', username });
});
