import { describe, expect, it, test } from 'vitest';
import type { SrtpPolicy } from '../../../core/kernel/srtp-policy.ts';
import { type CryptoLine, cryptoAttribute, cryptoLinesOf } from '../../../media/sdp/crypto-attribute.ts';
import { parseSdp } from '../../../media/sdp/parse.ts';
import type { SrtpSuite } from '../../../media/srtp/crypto-suite.ts';
import { read, rtp } from '../phones.ts';
import { A, ALICE, B, BOB, C, peer, Stage, sdp } from '../stage.ts';
import { Direction, masterKey, SUITES } from './memory.ts';

const MANDATORY = 'AES_CM_128_HMAC_SHA1_80';

/** A line of Alice's, with key `key`. */
function line(tag: number, suite: SrtpSuite = MANDATORY, key = 1): string {
  const { name, value } = cryptoAttribute({ tag, suite, key: Buffer.from(masterKey(suite, key)).toString('base64') });
  return `a=${name}:${value}`;
}

function text(profile: string, lines: readonly string[], port = 4000, address = '192.0.2.1'): Uint8Array {
  return Buffer.from(
    Buffer.from(sdp(address, port, '0 101', lines))
      .toString()
      .replace('RTP/AVP', profile),
  );
}

/** Profile and keys of our audio. */
function protectionOf(body: Uint8Array): { readonly profile: string; readonly lines: readonly CryptoLine[] } {
  const audio = parseSdp(body).session!.media.find(({ kind, port }) => kind === 'audio' && port !== 0)!;
  return { profile: audio.profile, lines: cryptoLinesOf(audio.attributes) };
}

function portOf(body: Uint8Array): number {
  return parseSdp(body).session!.media.find(({ port }) => port !== 0)!.port;
}

/** Alice offers this, and is bridged with Bob, who is in the clear. */
function calling(srtp: SrtpPolicy, profile: string, ...lines: readonly string[]) {
  const stage = new Stage();
  const opened = stage.plane.open(A, peer('192.0.2.1'), text(profile, lines), undefined, { srtp });
  if (opened.kind === 'refused') return { stage, opened, answer: undefined };
  stage.plane.open(B, peer('192.0.2.2'), undefined, A);
  stage.plane.describe(B, A);
  stage.plane.accept(B, sdp('192.0.2.2', 6000, '0 101'));
  const answer = stage.plane.describe(A, B);
  stage.plane.bridge(A, B);
  stage.settle();
  return { stage, opened, answer };
}

function refused(srtp: SrtpPolicy, profile: string, ...lines: readonly string[]): string {
  const { opened } = calling(srtp, profile, ...lines);
  return opened.kind === 'refused' ? opened.cause : opened.kind;
}

/** What Bob hears of this packet of Alice's. */
function passed(stage: Stage, port: number, bytes: Uint8Array): readonly number[] {
  stage.sent.length = 0;
  stage.deliver(ALICE, port, bytes);
  return stage.sent.filter(({ remote, isRtcp }) => remote === BOB && !isRtcp).map((packet) => read(packet).payload[0]!);
}

function said(sequence: number, value = sequence): Uint8Array {
  return rtp({ sequence, timestamp: 160 * sequence, ssrc: 0xa11ce }, new Uint8Array(160).fill(value));
}

describe('RFC 4568 §5.1.2: the answer to an offer with keys', () => {
  it.each(SUITES)(
    'has the tag and suite of the line chosen (%s), and a key of ours; audio is protected by both',
    (suite) => {
      const { stage, answer } = calling('preferred', 'RTP/SAVP', 'a=crypto:1 UNKNOWN inline:x', line(7, suite));
      const { profile, lines } = protectionOf(answer!);
      expect([profile, lines.map(({ tag, suite: named }) => [tag, named])]).toEqual(['RTP/SAVP', [[7, suite]]]);
      const up = new Direction(suite);
      expect(passed(stage, portOf(answer!), up.protectRtp(said(1)))).toEqual([1]);
      expect(passed(stage, portOf(answer!), said(2))).toEqual([]);
      const down = new Direction(suite, undefined, Buffer.from(lines[0]!.key, 'base64'));
      stage.sent.length = 0;
      stage.talk(BOB, 20_002, ALICE, 2);
      const heard = stage.sent.filter(({ remote, isRtcp }) => remote === ALICE && !isRtcp);
      expect(heard.length).toBeGreaterThan(0);
      for (const { bytes } of heard) expect(down.unprotectRtp(bytes)).toBeDefined();
    },
  );

  it('takes the first of the lines that it knows, and keeps the profile of the offer', () => {
    const { answer } = calling('required', 'RTP/AVP', line(3, 'AEAD_AES_128_GCM'), line(4));
    expect(protectionOf(answer!)).toMatchObject({ profile: 'RTP/AVP', lines: [{ tag: 3, suite: 'AEAD_AES_128_GCM' }] });
  });

  it('goes by what the account says: off, preferred or required', () => {
    expect(protectionOf(calling('off', 'RTP/AVP', line(1)).answer!).lines).toEqual([]);
    expect(protectionOf(calling('preferred', 'RTP/AVP').answer!)).toEqual({ profile: 'RTP/AVP', lines: [] });
    expect(refused('off', 'RTP/SAVP', line(1))).toBe('not-acceptable');
    expect(refused('preferred', 'RTP/SAVP', 'a=crypto:1 UNKNOWN inline:x')).toBe('not-acceptable');
    expect(refused('required', 'RTP/AVP')).toBe('srtp-required');
    expect(refused('required', 'UDP/TLS/RTP/SAVPF')).toBe('srtp-required');
  });

  it('is to the audio with keys, where the same is offered in the clear as well', () => {
    const [, both] = [line(1), [`m=audio 4100 RTP/SAVP 0`, line(1)]];
    const { answer } = calling('preferred', 'RTP/AVP', ...both);
    expect(parseSdp(answer!).session!.media.map(({ port, profile }) => [port !== 0, profile])).toEqual([
      [false, 'RTP/AVP'],
      [true, 'RTP/SAVP'],
    ]);
  });
});

/** Our offer to Alice, as leg C. */
function offering(srtp: SrtpPolicy) {
  const stage = new Stage();
  stage.plane.open(C, peer('192.0.2.1'), undefined, undefined, { srtp });
  const offer = stage.plane.describe(C, undefined);
  stage.plane.echo(C);
  stage.settle();
  return { stage, offer, ...protectionOf(offer) };
}

describe('RFC 4568 §5.1.1, §5.1.3: our offer', () => {
  it('names three suites under keys of their own, in the clear profile where a plain peer may answer', () => {
    const { profile, lines } = offering('preferred');
    expect(profile).toBe('RTP/AVP');
    expect(lines.map(({ tag, suite }) => [tag, suite])).toEqual([
      [1, MANDATORY],
      [2, 'AEAD_AES_128_GCM'],
      [3, 'AES_CM_128_HMAC_SHA1_32'],
    ]);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(3);
    expect(offering('required').profile).toBe('RTP/SAVP');
    expect(offering('off').lines).toEqual([]);
  });

  it('answered without keys is a call in the clear, or none where they are required', () => {
    const plain = offering('preferred');
    expect(plain.stage.plane.accept(C, text('RTP/AVP', [])).kind).toBe('opened');
    expect(plain.stage.talk(ALICE, portOf(plain.offer), ALICE).length).toBeGreaterThan(0);
    for (const profile of ['RTP/AVP', 'RTP/SAVP']) {
      expect(offering('required').stage.plane.accept(C, text(profile, [])).kind).toBe('refused');
    }
  });

  it('answered by a line that is none of ours is not answered', () => {
    for (const policy of ['preferred', 'required'] as const) {
      for (const wrong of [line(4), line(2), 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short']) {
        expect(offering(policy).stage.plane.accept(C, text('RTP/SAVP', [wrong])).kind).toBe('refused');
      }
    }
  });

  it('lets nothing pass either way until it is answered, and then what is protected', () => {
    const { stage, offer, lines } = offering('preferred');
    const up = new Direction('AEAD_AES_128_GCM');
    const port = portOf(offer);
    for (const bytes of [said(1), up.protectRtp(said(2))]) stage.deliver(ALICE, port, bytes);
    expect(stage.sent).toEqual([]);
    expect(stage.plane.accept(C, text('RTP/AVP', [line(2, 'AEAD_AES_128_GCM')])).kind).toBe('opened');
    stage.deliver(ALICE, port, up.protectRtp(said(3)));
    const down = new Direction('AEAD_AES_128_GCM', undefined, Buffer.from(lines[1]!.key, 'base64'));
    const echoed = stage.sent.filter(({ isRtcp }) => !isRtcp).map(({ bytes }) => down.unprotectRtp(bytes)?.[12]);
    expect(echoed).toEqual([3]);
  });
});

test('RFC 4568 §7.1.4: a new offer brings a new key; what is under the old one is heard no more, and ours stays', () => {
  const { stage, answer } = calling('required', 'RTP/SAVP', line(1));
  const port = portOf(answer!);
  const old = new Direction(MANDATORY);
  expect(passed(stage, port, old.protectRtp(said(1)))).toEqual([1]);
  const renewed = stage.plane.renegotiate(A, text('RTP/SAVP', [line(1, MANDATORY, 9)]));
  expect(renewed.kind).toBe('answer');
  expect(renewed.kind === 'answer' && protectionOf(renewed.body)).toEqual(protectionOf(answer!));
  stage.settle();
  expect(passed(stage, port, old.protectRtp(said(2)))).toEqual([]);
  expect(passed(stage, port, new Direction(MANDATORY, undefined, 9).protectRtp(said(3)))).toEqual([3]);
  expect(stage.plane.renegotiate(A, text('RTP/AVP', []))).toMatchObject({ kind: 'refused', cause: 'srtp-required' });
  expect(passed(stage, port, new Direction(MANDATORY, undefined, 9).protectRtp(said(4)))).toEqual([4]);
});

test('a hold offers again what was agreed on, and nothing else', () => {
  const { stage, answer } = calling('preferred', 'RTP/SAVP', line(5, 'AEAD_AES_128_GCM'));
  expect(protectionOf(stage.plane.hold(A, 'held'))).toEqual(protectionOf(answer!));
  expect(protectionOf(stage.plane.hold(B, 'held')).lines).toEqual([]);
  const plain = calling('preferred', 'RTP/AVP');
  expect(protectionOf(plain.stage.plane.hold(A, 'held')).lines).toEqual([]);
});
