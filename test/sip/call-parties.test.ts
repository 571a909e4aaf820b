import { expect, test } from 'vitest';
import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import type { Request } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { partiesOf } from '../../sip/user-agent/call-parties.ts';
import type { Party } from '../../sip/user-agent/caller-proof.ts';
import { providerOf } from '../sim/providers.ts';

function invite(lines: readonly string[] = [], user = '+4930123456'): Request {
  const text = [
    `INVITE sip:${user}@192.0.2.1 SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1',
    'Max-Forwards: 70',
    'From: "Claimed" <sip:+491111111@192.0.2.2>;tag=1',
    'To: <sip:+4930999999@192.0.2.1>',
    'Call-ID: 1',
    'CSeq: 1 INVITE',
    'Contact: <sip:192.0.2.2>',
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  return parse(Buffer.from(text)).message as Request;
}

function provider(terms: Partial<ProviderTerms> = { trustsIdentity: true }): Party {
  return { kind: 'provider', provider: providerOf(1, { terms }) };
}

const caller = (lines: readonly string[], party = provider()) => {
  const { fromUser, fromName } = partiesOf(invite(lines), party, false);
  return `${fromName} ${fromUser}`;
};

test('RFC 3325 §9.1: the first identity that is asserted counts, whether SIP or tel, and From where there is none', () => {
  expect(caller([])).toBe('Claimed +491111111');
  expect(caller(['P-Asserted-Identity: "Cullen" <sip:+492222222@192.0.2.2>, <tel:+493333333>'])).toBe(
    'Cullen +492222222',
  );
  expect(caller(['P-Asserted-Identity: <tel:+493333333>'])).toBe(' +493333333');
  expect(caller(['P-Asserted-Identity: <<<'])).toBe('Claimed +491111111');
});

test('what is asserted by whom nobody trusts means nothing', () => {
  const asserted = ['P-Asserted-Identity: <sip:+492222222@192.0.2.2>', 'Diversion: <sip:+495555555@x>'];
  expect(caller(asserted, provider({}))).toBe('Claimed +491111111');
  const party = { kind: 'extension', extension: {} } as Party;
  expect(partiesOf(invite(asserted), party, false)).toMatchObject({ fromUser: '+491111111', divertedFrom: '' });
});

test('RFC 3323 §4.2, RFC 3325 §9.3: a caller who wants privacy is nobody, whatever is asserted', () => {
  const asserted = 'P-Asserted-Identity: "Cullen" <sip:+492222222@192.0.2.2>';
  for (const privacy of ['id', 'header;id', 'user', 'ID']) {
    expect(caller([asserted, `Privacy: ${privacy}`])).toBe('Anonymous anonymous');
  }
  expect(caller([asserted, 'Privacy: none'])).toBe('Cullen +492222222');
});

test('Remote-Party-ID tells the calling party, and keeps it when it is private', () => {
  expect(caller(['Remote-Party-ID: "Bell" <sip:+494444444@x>;party=calling;privacy=off'])).toBe('Bell +494444444');
  expect(caller(['Remote-Party-ID: <sip:+494444444@x>;privacy=full'])).toBe('Anonymous anonymous');
  expect(caller(['Remote-Party-ID: <sip:+494444444@x>;party=called'])).toBe('Claimed +491111111');
});

test('RFC 5806 §4: the first Diversion tells who forwarded the call last', () => {
  const { divertedFrom } = partiesOf(
    invite(['Diversion: <sip:+495555555@x>;reason=no-answer, <sip:+496666666@x>;reason=user-busy']),
    provider(),
    false,
  );
  expect(divertedFrom).toBe('+495555555');
});

test('RFC 7315 §4.2: the number called is where the provider names it, and in To where the Request-URI is our line', () => {
  const lines = ['P-Called-Party-ID: <sip:+4930777777@x>'];
  const called = (terms: Partial<ProviderTerms>, isLine = false) =>
    partiesOf(invite(lines, isLine ? 'line-1' : '+4930123456'), provider(terms), isLine).toUser;
  expect(called({})).toBe('+4930123456');
  expect(called({}, true)).toBe('+4930999999');
  expect(called({ numberFrom: 'to' })).toBe('+4930999999');
  expect(called({ numberFrom: 'p-called-party-id' })).toBe('+4930777777');
});
