import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from '../../sip/parser.ts';
import { respond, write } from '../../sip/writer.ts';
import { outsideCases } from '../messages/cases.ts';

interface Verdict {
  readonly name: string;
  readonly kind: string;
  readonly expect: string | readonly number[];
  readonly alsoAllowed?: readonly (number | string)[];
}

const ABSENT = 'the folder of outside messages is absent';

/** What a UAS does after parsing: refuse with this status, drop (0), or go on (200). */
function statusOf(path: string): number {
  const { message, defects } = parse(readFileSync(path));
  if (message?.type === 'request') write(respond(message, 400, { toTag: 't' }));
  return defects.find((defect) => defect.fatal)?.status ?? 200;
}

/** Whether that is what the verdict asks for. A tolerated flaw (`ignore …`, `infer …`) may be processed. */
function agrees(verdict: Verdict, status: number): boolean {
  if (verdict.kind === 'valid' || verdict.kind === 'transaction') return status === 200;
  if (verdict.expect === 'drop') return status === 0;
  const allowed = [...(Array.isArray(verdict.expect) ? verdict.expect : []), ...(verdict.alsoAllowed ?? [])];
  return allowed.some((item) => (typeof item === 'number' ? item === status : item !== 'drop' && status === 200));
}

/** Names of the cases that come out otherwise. */
function disagreements(folder: string, messages: string): string[] {
  const verdicts = JSON.parse(readFileSync(`${folder}/verdicts.json`, 'utf8')) as readonly Verdict[];
  return verdicts
    .filter((verdict) => verdict.kind !== 'unreferenced')
    .map((verdict) => ({ verdict, status: statusOf(`${messages}/${verdict.name}.dat`) }))
    .filter(({ verdict, status }) => !agrees(verdict, status))
    .map(({ verdict, status }) => `${verdict.name}: got ${status}, expected ${JSON.stringify(verdict.expect)}`);
}

/** Well-formed messages of RFC 4475 §3.2 to §3.4 are the user agent's matter; the others are refused here. */
const APPLICATION_LAYER: Readonly<Record<string, number>> = {
  badbranch: 200,
  bcast: 200,
  bext01: 200,
  cparam01: 200,
  cparam02: 200,
  insuf: 400,
  inv2543: 200,
  invut: 200,
  mcl01: 400,
  multi01: 400,
  novelsc: 200,
  regaut01: 200,
  regescrt: 200,
  sdp01: 200,
  unkscm: 200,
  unksm2: 200,
  zeromf: 200,
};

test('the torture messages of RFC 4475 are processed, refused or dropped as it says', ({ skip }) => {
  const folder = outsideCases('sip-messages/rfc4475');
  if (folder === undefined) return skip(ABSENT);
  expect(disagreements(folder, folder)).toEqual([]);
  for (const [name, status] of Object.entries(APPLICATION_LAYER)) {
    expect([name, statusOf(`${folder}/${name}.dat`)]).toEqual([name, status]);
  }
});

test('the torture messages of RFC 4475 show the values that it names', ({ skip }) => {
  const folder = outsideCases('sip-messages/rfc4475');
  if (folder === undefined) return skip(ABSENT);
  const message = (name: string) => parse(readFileSync(`${folder}/${name}.dat`)).message!;
  const user = (name: string) => {
    const parsed = message(name);
    return parsed.type === 'request' ? parsed.uri.user : '';
  };
  expect(user('semiuri')).toBe('user;par=u@example.net');
  expect(user('esc01')).toBe('sips:user@example.com');
  expect(message('esc01').contacts[0]!.uri.parameters.get('name')).toBe('value%41');
  expect(message('escnull').contacts.map((contact) => contact.uri.user)).toEqual(['\0', '\0\0']);
  expect(message('esc02').contacts.length).toBe(2);
  expect(message('esc02').from.displayName).toBe('%Z%45');
  expect(message('wsinv').toTag).toBe('1918181833n');
  expect(message('wsinv').from.displayName).toBe('J Rosenberg \\"');
  expect(message('wsinv').all('Via').length).toBe(3);
  expect(message('transports').all('Via').length).toBe(5);
  expect(message('regescrt').contacts[0]!.uri.headers).toBe('Route=%3Csip:sip.example.com%3E');
  expect(message('cparam02').contacts[0]!.uri.parameters.has('unknownparam')).toBe(true);
  expect(message('cparam01').contacts[0]!.parameters.has('unknownparam')).toBe(true);
  expect(message('dblreq').body.length).toBe(0);
  expect(message('mpart01').body.includes(0)).toBe(true);
});

test('the IPv6 messages of RFC 5118 are processed or refused as it says', ({ skip }) => {
  const folder = outsideCases('sip-messages/rfc5118');
  if (folder === undefined) return skip(ABSENT);
  expect(disagreements(folder, `${folder}/wire`)).toEqual([]);
  const ambiguous = parse(readFileSync(`${folder}/wire/port-ambiguous.dat`)).message!;
  const unambiguous = parse(readFileSync(`${folder}/wire/port-unambiguous.dat`)).message!;
  const addresses = [ambiguous, unambiguous].map(
    (message) => message.type === 'request' && [message.uri.host, message.uri.port],
  );
  expect(addresses).toEqual([
    ['2001:db8::10:5070', 0],
    ['2001:db8::10', 5070],
  ]);
});

test('messages of real and odd phones never throw, and what is parsed can be written', ({ skip }) => {
  const folder = outsideCases('sip-messages/kamailio-sip');
  if (folder === undefined) return skip(ABSENT);
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(40);
  const answered = files.filter((file) => {
    const { message } = parse(readFileSync(`${folder}/${file}`));
    return message !== undefined && write(message).length > 0;
  });
  expect(answered.length).toBeGreaterThan(40);
});
