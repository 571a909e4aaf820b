import { expect, test } from 'vitest';
import { formatAuthentication, parseChallenge, parseCredentials } from '../../../sip/grammar/authentication.ts';
import { NO_PARAMETERS } from '../../../sip/grammar/parameters.ts';

test('credentials are split into scheme and parameters', () => {
  const text =
    'Digest username="bob \\"b\\"", realm="biloxi.com" ,nonce="a,b=", uri="sip:b@c", Qop=auth, nc=00000001,cnonce="x", response="6629"';
  const { scheme, parameters } = parseCredentials(text)!;
  expect({ scheme, parameters: [...parameters] }).toEqual({
    scheme: 'digest',
    parameters: [
      ['username', 'bob "b"'],
      ['realm', 'biloxi.com'],
      ['nonce', 'a,b='],
      ['uri', 'sip:b@c'],
      ['qop', 'auth'],
      ['nc', '00000001'],
      ['cnonce', 'x'],
      ['response', '6629'],
    ],
  });
});

test.each(['Digest uri=sip:1001@example.com, nc=1', 'Digest uri="sip:1001@example.com",nc=1,'])(
  '%s is tolerated',
  (text) => {
    expect(parseCredentials(text)!.parameters.get('uri')).toBe('sip:1001@example.com');
  },
);

test('a challenge without parameters is a scheme', () => {
  expect(parseChallenge('NoOneKnows')).toEqual({ scheme: 'nooneknows', parameters: NO_PARAMETERS });
});

test.each([
  '',
  '"x"',
  'Digest realm',
  'Digest realm="x',
  'Digest realm="x" nonce="y"',
  'Digest realm="x",realm="y"',
  'Digest =x',
  'Digest,a=b',
  `Digest ${Array.from({ length: 33 }, (_, index) => `a${index}=1`).join(',')}`,
])('%j is malformed', (text) => {
  expect(parseChallenge(text)).toBeUndefined();
});

test('what is formatted is read again as it was', () => {
  const text = formatAuthentication('Digest', [
    ['realm', 'a "b"', 'quoted'],
    ['algorithm', 'SHA-256', 'token'],
    ['stale', 'true', 'token'],
  ]);
  expect(text).toBe('Digest realm="a \\"b\\"", algorithm=SHA-256, stale=true');
  expect(parseChallenge(text)!.parameters.get('realm')).toBe('a "b"');
});
