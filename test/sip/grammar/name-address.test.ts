import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatNameAddress, parseNameAddress } from '../../../sip/grammar/name-address.ts';
import { buildUri, parseUri } from '../../../sip/grammar/uri.ts';

test.each([
  ['<sip:a@b>', '', 'sip:a@b', {}],
  ['sip:a@b;tag=1', '', 'sip:a@b', { tag: '1' }],
  ['sip:a@b ; tag = 1 ; flag', '', 'sip:a@b', { tag: '1', flag: '' }],
  ['<sip:a@b;lr>;tag=1', '', 'sip:a@b;lr', { tag: '1' }],
  ['Alice <sip:a@b>', 'Alice', 'sip:a@b', {}],
  ['caller<sip:a@b>', 'caller', 'sip:a@b', {}],
  ['"A \\"B\\" <x>, \\\\" <sip:a@b>', 'A "B" <x>, \\', 'sip:a@b', {}],
  ['"" <sip:a@b>', '', 'sip:a@b', {}],
  ['Jürgen (büro) <sip:a@b>', 'Jürgen (büro)', 'sip:a@b', {}],
  [
    '<sip:a@b>;+sip.instance="<urn:uuid:0>";expires=60',
    '',
    'sip:a@b',
    { '+sip.instance': '<urn:uuid:0>', expires: '60' },
  ],
])('%s is read', (text, displayName, uri, parameters) => {
  const address = parseNameAddress(text)!;
  expect([address.displayName, address.uri.text, Object.fromEntries(address.parameters)]).toEqual([
    displayName,
    uri,
    parameters,
  ]);
});

test.each([
  '',
  '<>',
  '<sip:a@b',
  'sip:a@b>',
  '"A <sip:a@b>',
  '"A" sip:a@b',
  'A, B <sip:a@b>',
  '< sip:a@b >',
  'sip:a@b?x=y',
  'sip:a,b@c',
  '<sip:a@b>;',
  '<sip:a@b>;;',
  '<sip:a@b>;=x',
  '<sip:a@b>;a=1;A=2',
  '<sip:a@b>;a="x',
  '<sip:a@b> x',
  '<sip:a@b>;a=b c',
  'Alice',
])('%j is no address', (text) => {
  expect(parseNameAddress(text)).toBeUndefined();
});

test('whatever the display name and the parameters say, they are read again as they were', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 }).map((value) => value.replace(/\p{Cc}/gu, ' '));
  fc.assert(
    fc.property(text, text, (displayName, value) => {
      const uri = parseUri(buildUri({ user: displayName, host: 'example.com' }).text)!;
      const parameters = [
        ['tag', 'x1'],
        ['note', value],
      ] as const;
      const read = parseNameAddress(formatNameAddress(displayName, uri, new Map(parameters)))!;
      expect({ ...read, parameters: [...read.parameters] }).toEqual({ displayName, uri, parameters });
    }),
    { seed: 3261, numRuns: 500 },
  );
});

test('a line end in a display name cannot begin another header', () => {
  const written = formatNameAddress('a\r\nVia: b', parseUri('sip:a@b')!);
  expect(written).toBe('"a  Via: b" <sip:a@b>');
});
