import { describe, expect, it, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { cryptoAttribute, cryptoLinesOf } from '../../../media/sdp/crypto-attribute.ts';

const KEY = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
const GCM_KEY = Buffer.alloc(28, 7).toString('base64');

function read(...values: readonly string[]) {
  return cryptoLinesOf(values.map((value) => ({ name: 'crypto', value })));
}

describe('RFC 4568 §9.1: a line of a=crypto', () => {
  it.each([
    [`1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`, 1],
    [`12 aes_cm_128_hmac_sha1_32 INLINE:${KEY}|2^20`, 12],
    [`3  AES_CM_128_HMAC_SHA1_80\tinline:${KEY}|1048576 WSH=128 -later=1`, 3],
  ])('%s is read', (value, tag) => {
    expect(read(value)).toMatchObject([{ tag, key: KEY }]);
  });

  it.each([
    ['another suite', `1 F8_128_HMAC_SHA1_80 inline:${KEY}`],
    ['a key with an identifier, which would stand in each packet', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4`],
    ['several keys', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|1:4;inline:${KEY}|2:4`],
    ['a key that is too short', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY.slice(4)}`],
    ['a key that is too long', `1 AEAD_AES_128_GCM inline:${KEY}`],
    ['a life that no key has', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^49`],
    ['packets in clear', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY} UNENCRYPTED_SRTP`],
    ['packets without a proof', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY} UNAUTHENTICATED_SRTP`],
    ['another rate of derivation', `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY} KDR=1`],
    ['no tag', `x AES_CM_128_HMAC_SHA1_80 inline:${KEY}`],
    ['no key', '1 AES_CM_128_HMAC_SHA1_80'],
    ['a name that every object has', `1 constructor inline:${KEY}`],
    ['nothing', ''],
  ])('with %s is left out', (_, value) => {
    expect(read(value)).toEqual([]);
  });

  it('is written as it was read, and of one tag the first counts', () => {
    const lines = read(
      `2 AEAD_AES_128_GCM inline:${GCM_KEY}`,
      `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`,
      `2 AES_CM_128_HMAC_SHA1_32 inline:${KEY}`,
    );
    expect(lines.map(({ tag, suite }) => [tag, suite])).toEqual([
      [2, 'AEAD_AES_128_GCM'],
      [1, 'AES_CM_128_HMAC_SHA1_80'],
    ]);
    expect(cryptoLinesOf(lines.map(cryptoAttribute))).toEqual(lines);
  });
});

test('any text is a line or none: what is read can be written and read again', () => {
  const random = seeded(4568);
  const parts = [
    '1',
    'AES_CM_128_HMAC_SHA1_80',
    'inline:',
    KEY,
    '|2^',
    '31',
    ' ',
    '=',
    ';',
    'é',
    '\0',
    '-',
    '|1:4',
    'WSH=64',
  ];
  const whole = `7 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;
  let readable = 0;
  for (let round = 0; round < 5_000; round++) {
    let text = random.next() < 0.5 ? whole : '';
    for (let changes = Math.floor(random.next() * 4); changes >= 0; changes--) {
      const at = Math.floor(random.next() * (text.length + 1));
      text = text.slice(0, at) + parts[Math.floor(random.next() * parts.length)] + text.slice(at);
    }
    const lines = read(text);
    if (lines.length > 0) readable++;
    expect(cryptoLinesOf(lines.map(cryptoAttribute))).toEqual(lines);
  }
  expect(readable).toBeGreaterThan(20);
});
