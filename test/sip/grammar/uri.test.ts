import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildUri, parseUri, uriEquals } from '../../../sip/grammar/uri.ts';

test('a SIP URI is split into its parts', () => {
  const text = 'sips:a%20b;x=y:p%41ss@Example.COM:5061;Transport=tcp;lr?Subject=hi&Priority=urgent';
  const uri = parseUri(text)!;
  expect({ ...uri, parameters: [...uri.parameters] }).toEqual({
    scheme: 'sips',
    user: 'a b;x=y',
    password: 'pAss',
    host: 'example.com',
    port: 5061,
    parameters: [
      ['transport', 'tcp'],
      ['lr', ''],
    ],
    headers: 'Subject=hi&Priority=urgent',
    text,
  });
});

test.each([
  ['sip:example.com', '', 'example.com', 0],
  ['SIP:alice@[2001:DB8::1]', 'alice', '2001:db8::1', 0],
  ['sip:alice@[2001:db8::1]:5070', 'alice', '2001:db8::1', 5070],
  ['sip:[2001:db8:::192.0.2.1]', '', '2001:db8:::192.0.2.1', 0],
  ['sip:*21#1001@192.0.2.1', '*21#1001', '192.0.2.1', 0],
  ['sip:a?b/c@host_name', 'a?b/c', 'host_name', 0],
  ['sip:%ff%fe@h', '%ff%fe', 'h', 0],
  ['sip:100%@h', '100%', 'h', 0],
])('%s has user "%s", host %s and port %i', (text, user, host, port) => {
  expect(parseUri(text)).toMatchObject({ user, host, port });
});

test.each([
  '',
  'sip',
  'sip:',
  ':a@b',
  'sip:a@',
  'sip:a b@c',
  'sip:a@b@c',
  'sip:a@b:',
  'sip:a@b:x',
  'sip:a@b:70000',
  'sip:a@[::1',
  'sip:a@b;',
  'sip:a@b;;x',
  'sip:a@b;x=1;X=2',
  'sip:a@b;=1',
  'sip:2001:db8::10',
  'sip:a@b>',
  'sip:a"@b',
  'tel:',
  '1a:x',
  'sip:a@b\r\nVia: x',
  `sip:a@b${';p'.repeat(2)}`,
  `sip:a@b${Array.from({ length: 65 }, (_, i) => `;p${i}`).join('')}`,
])('%j is no URI', (text) => {
  expect(parseUri(text)).toBeUndefined();
});

test('a tel URI has its number as user and no host', () => {
  const uri = parseUri('tel:+1-201-555-0123;phone-context=x')!;
  expect({ ...uri, parameters: [...uri.parameters] }).toMatchObject({
    scheme: 'tel',
    user: '+1-201-555-0123',
    host: '',
    parameters: [['phone-context', 'x']],
  });
});

test('an unknown scheme keeps its text', () => {
  expect(parseUri('soap.beep://192.0.2.103:3002')).toMatchObject({
    scheme: 'soap.beep',
    host: '',
    text: 'soap.beep://192.0.2.103:3002',
  });
});

test('RFC 3261 §19.1.2: escapes in parameters are undone once', () => {
  const { parameters } = parseUri('sip:b;n%61me=v%61lue%25%34%31')!;
  expect([...parameters]).toEqual([['name', 'value%41']]);
});

test.each([
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtlanTa.CoM;Transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
  ],
  [
    'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
  ],
  ['tel:+1-201-555-0123', 'tel:+1.201.555.0123'],
])('%s equals %s', (a, b) => {
  expect(uriEquals(parseUri(a)!, parseUri(b)!)).toBe(true);
  expect(uriEquals(parseUri(b)!, parseUri(a)!)).toBe(true);
});

test.each([
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
  ['sip:carol@chicago.com;security=off', 'sip:carol@chicago.com;security=on'],
  ['sip:carol@chicago.com;maddr=192.0.2.1', 'sip:carol@chicago.com'],
  ['sip:a@b', 'sips:a@b'],
  ['sip:a:x@b', 'sip:a:y@b'],
  ['tel:+1', 'tel:+1;phone-context=x'],
  ['a:x', 'a:y'],
])('%s differs from %s', (a, b) => {
  expect(uriEquals(parseUri(a)!, parseUri(b)!)).toBe(false);
  expect(uriEquals(parseUri(b)!, parseUri(a)!)).toBe(false);
});

test('whatever the user part says, a built URI says it again when parsed', () => {
  const user = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .filter((text) => text.isWellFormed() && !text.includes('\ufffd'));
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
    .filter((text) => text.isWellFormed() && !text.includes('\ufffd'));
  fc.assert(
    fc.property(
      user,
      fc.constantFrom('example.com', '192.0.2.1', '2001:db8::1'),
      fc.integer({ min: 0, max: 65_535 }),
      value,
      (user, host, port, value) => {
        const built = buildUri({
          user,
          host,
          port,
          parameters: new Map([
            ['x-value', value],
            ['lr', ''],
          ]),
        });
        const read = parseUri(built.text)!;
        expect({ ...read, parameters: [...read.parameters] }).toEqual({ ...built, parameters: [...built.parameters] });
      },
    ),
    { seed: 3261, numRuns: 500 },
  );
});

test('RFC 5954 §4.2: hosts of IPv6 are compared as addresses, not as texts', () => {
  const equals = (a: string, b: string) => uriEquals(parseUri(`sip:1@${a}`)!, parseUri(`sip:1@${b}`)!);
  expect(equals('[2001:db8::9:1]', '[2001:DB8:0:0:0:0:9:01]')).toBe(true);
  expect(equals('[2001:db8::192.0.2.1]:5070', '[2001:db8::c000:201]:5070')).toBe(true);
  expect(equals('[2001:db8::9:1]', '[2001:db8::9:1:0]')).toBe(false);
  expect(equals('[2001:db8::9:1]', '[2001:db8::9:1]:5060')).toBe(false);
  expect(equals('[::ffff:192.0.2.1]', '192.0.2.1')).toBe(false);
});
