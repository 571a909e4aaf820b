import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseVia } from '../../sip/grammar/via.ts';
import type { Message } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { outsideCases } from '../messages/cases.ts';
import { PHONE_VERDICTS } from '../messages/phone-verdicts.ts';
import type { TortureCase } from '../messages/torture.ts';
import { TORTURE_APPLICATION } from '../messages/torture-application.ts';
import { TORTURE_INVALID } from '../messages/torture-invalid.ts';
import { TORTURE_IPV6 } from '../messages/torture-ipv6.ts';
import { TORTURE_VALID } from '../messages/torture-valid.ts';
import { onTheWire } from './torture-wire.ts';

const ABSENT = 'the folder of outside messages is absent';
/** Messages of the RFC that differ from ours: in what they require, and in how they would go over a stream. */
const OTHERS_4475 = {
  // Its head has no end.
  baddn: '400 | waits',
  bext01: bothWays('420 nothingSupportsThis, nothingSupportsThisEither'),
  // The noise is an INVITE without Contact, and the end of its body begins no message.
  dblreq: '401, 200 | 401, 200, 400 closed',
  // It names no version and has no Via.
  test: bothWays('silence'),
};
const RFC_4475 = [...TORTURE_VALID, ...TORTURE_INVALID, ...TORTURE_APPLICATION];

describe.each([
  ['RFC 4475', RFC_4475],
  ['RFC 5118', TORTURE_IPV6],
])('%s', (rfc, cases) => {
  test.each(cases)(`${rfc} §$section: $title`, ({ bytes, udp, tcp }) => {
    expect([onTheWire(bytes, 'udp'), onTheWire(bytes, 'tcp')]).toEqual([udp, tcp]);
  });
});

function bothWays(outcome: string): string {
  return `${outcome} | ${outcome}`;
}

/** What comes of the files of a folder, by UDP and by TCP. */
function wireOutcomes(folder: string, asSent = (bytes: Buffer) => bytes): Record<string, string> {
  const files = readdirSync(folder).filter((name) => /\.(dat|sip)$/.test(name));
  return Object.fromEntries(
    files.toSorted().map((file) => {
      const bytes = asSent(readFileSync(`${folder}/${file}`));
      return [file.replace(/\.\w+$/, ''), `${onTheWire(bytes, 'udp')} | ${onTheWire(bytes, 'tcp')}`];
    }),
  );
}

/** The same as a message of ours of the same kind, but for where the messages differ in kind. */
function expected(cases: readonly TortureCase[], others: Readonly<Record<string, string>>): Record<string, string> {
  const same = cases.filter(({ name }) => !name.includes(' ')).map(({ name, udp, tcp }) => [name, `${udp} | ${tcp}`]);
  return { ...Object.fromEntries(same), ...others };
}

test('the torture messages of RFC 4475 are processed, refused or dropped as it says', ({ skip }) => {
  const folder = outsideCases('sip-messages/rfc4475');
  if (folder === undefined) return skip(ABSENT);
  expect(wireOutcomes(folder)).toEqual(expected(RFC_4475, OTHERS_4475));
  expect(wireOutcomes(`${folder}-fixed`)).toEqual({ baddn: '400 | 400' });
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
  expect(wireOutcomes(`${folder}/wire`)).toEqual(expected(TORTURE_IPV6, {}));
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

test('each message of real and odd phones is processed, refused or dropped as it should be', ({ skip }) => {
  const folder = outsideCases('sip-messages/kamailio-sip');
  if (folder === undefined) return skip(ABSENT);
  // Kept with LF alone, while their lengths count CRLF.
  const asSent = (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
  expect(wireOutcomes(folder, asSent)).toEqual(PHONE_VERDICTS);
});

/** A message as another parser reads it. */
interface Tree {
  readonly method?: string;
  readonly status?: number;
  readonly uri?: string;
  readonly headers: {
    readonly 'call-id': string;
    readonly cseq: { readonly seq: number; readonly method: string };
    readonly via: readonly { protocol: string; host: string; port?: number; params: Record<string, string> }[];
    readonly from: { readonly uri: string; readonly params: Record<string, string> };
    readonly contact?: readonly { readonly uri: string }[];
  };
}

function treeParts({ method, status, uri, headers }: Tree): unknown[] {
  const vias = headers.via.map(({ protocol, host, port = 0, params }) => [
    protocol,
    host,
    port,
    params['branch'] ?? '',
  ]);
  const contacts = (headers.contact ?? []).map((contact) => contact.uri);
  const { seq: number, method: cseqMethod } = headers.cseq;
  const { from } = headers;
  const start = [method ?? status, uri, headers['call-id'], number, cseqMethod];
  return [...start, from.uri, from.params['tag'], vias, contacts];
}

function ownParts(message: Message): unknown[] {
  const vias = message.all('Via').map((text) => parseVia(text)!);
  const start = message.type === 'request' ? [message.method, message.uri.text] : [message.status, undefined];
  return [
    ...start,
    message.callId,
    message.cseq.number,
    message.cseq.method,
    message.from.uri.text,
    message.fromTag,
    vias.map(({ transport, host, port, branch }) => [transport, host, port, branch]),
    message.contacts.map(({ uri }) => uri.text),
  ];
}

/** A method with an escape that the tree has undone, and a CSeq that is none. */
const OTHERWISE: ReadonlySet<string> = new Set(['esc02.json', 'badcseq.json']);

test('the torture messages of RFC 4475 are read as another parser reads them', ({ skip }) => {
  const folder = outsideCases('sip-messages/parse-trees-kirm-sipjs');
  if (folder === undefined) return skip(ABSENT);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json') && !OTHERWISE.has(name));
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    const { message } = parse(readFileSync(`${folder}/../rfc4475/${name.replace('.json', '.dat')}`));
    const tree = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Tree;
    expect([name, ownParts(message!)]).toEqual([name, treeParts(tree)]);
  }
});
