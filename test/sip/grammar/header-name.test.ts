import { expect, test } from 'vitest';
import {
  canonicalHeaderName,
  headerLineStart,
  isKnownHeaderName,
  knownHeaderName,
} from '../../../sip/grammar/header-name.ts';

test.each([
  ['Via', 'Via'],
  ['VIA', 'Via'],
  ['v', 'Via'],
  ['V', 'Via'],
  ['call-id', 'Call-ID'],
  ['CSEQ', 'CSeq'],
  ['wWw-aUTHENTICATE', 'WWW-Authenticate'],
  ['X', 'Session-Expires'],
])('%s is known as %s, wherever it stands', (spelling, name) => {
  expect(canonicalHeaderName(spelling)).toBe(name);
  expect(knownHeaderName(`abc${spelling}: 1`, 3, 3 + spelling.length)).toBe(name);
});

test.each([
  '',
  'Vi',
  'Viaa',
  'z',
  'Call\rID',
  'Call_ID',
  'P-Extension-Of-Somebody-Which-Is-Longer-Than-Any',
  '\u212a',
  '6ia',
])('%j is known as nothing', (spelling) => {
  expect(knownHeaderName(spelling, 0, spelling.length)).toBeUndefined();
  expect(canonicalHeaderName(spelling)).toBe(spelling);
});

test('a line begins with its name as it is', () => {
  expect(headerLineStart('Call-ID')).toBe('\r\nCall-ID: ');
  expect(headerLineStart('X-Own')).toBe('\r\nX-Own: ');
  expect([isKnownHeaderName('Call-ID'), isKnownHeaderName('call-id'), isKnownHeaderName('X-Own')]).toEqual([
    true,
    false,
    false,
  ]);
});
