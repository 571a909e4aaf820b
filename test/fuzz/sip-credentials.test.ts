import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { parseCredentials } from '../../sip/grammar/authentication.ts';
import { parse } from '../../sip/parser.ts';
import { answerChallenge, DigestServer } from '../../sip/user-agent/digest.ts';
import { request } from '../messages/samples.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';
import { Mutator } from './mutator.ts';

const SEED = 20_260_105;
const URI = 'sip:1001@example.com';
/** What the response is made of, and the response. */
const HASHED = ['username', 'realm', 'nonce', 'uri', 'response', 'nc', 'cnonce'];

/** What a request proves by them, in values that are compared. */
function meaning(credentials: string): string {
  const parameters = parseCredentials(credentials)?.parameters;
  const value = (name: string) => parameters?.get(name) ?? '';
  return HASHED.map((name) => (name === 'response' ? value(name).toLowerCase() : value(name))).join('\n');
}

test('mutated credentials are accepted only when they mean the same, and never twice', () => {
  const mutator = new Mutator();
  const server = new DigestServer({ random: seeded(1), calendar: (now) => now, nonceLifetimeMs: 10_000 });
  let accepted = 0;
  const growth = heapGrowthBytes(COUNT, (round) => {
    const random = seeded(SEED + round);
    const [challenge = ''] = server.challenge('tandem', round);
    const use = { username: '1000', password: 'secret', method: 'INVITE', uri: URI, cnonce: 'c', nc: 1 };
    const original = answerChallenge(challenge, use) ?? '';
    const mutated = mutator
      .mutate(Buffer.from(original), random)
      .toString('latin1')
      .replace(/[\r\n]+/g, ' ');
    const invite = Buffer.from(request('INVITE', `Authorization: ${mutated}\nContent-Length: 0\n\n`, URI));
    const { message } = parse(invite);
    if (message?.type !== 'request') throw new Error(`round ${round}: ${mutated}`);
    const judge = () => server.verify(message, () => ({ password: 'secret' }), round).kind;
    if (judge() !== 'accepted') return;
    accepted++;
    const given = message.all('Authorization').find((value) => parseCredentials(value)?.parameters.has('response'));
    const isReplayed = parseCredentials(given ?? '')?.parameters.has('qop') && judge() === 'accepted';
    if (meaning(given ?? '') !== meaning(original) || isReplayed) throw new Error(`round ${round}: ${mutated}`);
  });
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  // Where an accident changes only what does not count.
  expect(accepted).toBeLessThan(COUNT / 2);
  expect(accepted).toBeGreaterThan(0);
});
