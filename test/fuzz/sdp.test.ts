import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { CODEC_FORMATS, withEvents } from '../../media/sdp/formats.ts';
import { LocalDescription } from '../../media/sdp/local-description.ts';
import { negotiateAnswer } from '../../media/sdp/negotiate.ts';
import { parseSdp, SDP_LIMITS } from '../../media/sdp/parse.ts';
import { writeSdp } from '../../media/sdp/write.ts';
import { sdpBytes } from '../media/sdp/texts.ts';
import { outsideCases } from '../messages/cases.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';

const corpus = outsideCases('rtp/fuzz/webrtc-sdp');

const SEEDS: readonly Uint8Array[] = [
  sdpBytes('m=audio 4000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16', 'a=ptime:20'),
  sdpBytes(
    'm=video 5000 RTP/AVP 34',
    'm=audio 4000/2 RTP/AVPF 8',
    'c=IN IP6 2001:db8::1',
    'a=rtcp:4001 IN IP6 ::1',
    'a=sendonly',
  ),
  sdpBytes(
    'm=audio 4000 RTP/SAVP 0 8',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20 WSH=64',
    'a=crypto:2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==',
  ),
  sdpBytes('a=inactive', 'm=audio 0 RTP/AVP 0', 'c=IN IP4 0.0.0.0', 'm=image 6000 udptl t38', 'a=maxptime:60'),
];

/** Reads it; when it is a session, writes it, and answers it if anything is in common. */
function digest(bytes: Uint8Array): 'read' | 'refused' | 'answered' {
  const { session, defects } = parseSdp(bytes);
  expect(defects.length).toBeLessThanOrEqual(SDP_LIMITS.defects);
  if (session === undefined) {
    expect(defects.length).toBeGreaterThan(0);
    return 'refused';
  }
  expect(parseSdp(writeSdp(session)).session?.media.length).toBe(session.media.length);
  const chosen = negotiateAnswer(session, withEvents(CODEC_FORMATS), [], 'sendrecv', 'preferred');
  if (chosen === undefined) return 'read';
  const local = { address: '127.0.0.1', port: 4000 };
  const answer = parseSdp(new LocalDescription(1).answer(session, chosen, local, chosen.crypto));
  expect(answer.session?.media.map(({ kind }) => kind)).toEqual(session.media.map(({ kind }) => kind));
  expect(answer.session?.media.filter(({ port }) => port !== 0).length).toBeLessThanOrEqual(1);
  return 'answered';
}

test('descriptions with accidents are read, refused or answered in place, never throw, and leave nothing on the heap', () => {
  const random = seeded(3264);
  const outcomes = new Set<string>();
  const growth = heapGrowthBytes(COUNT, (round) => {
    outcomes.add(digest(mutate(SEEDS[round % SEEDS.length]!, random)));
  });
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  expect([...outcomes].toSorted()).toEqual(['answered', 'read', 'refused']);
});

test('random bytes never throw', () => {
  const random = seeded(8866);
  for (let i = 0; i < COUNT; i++) {
    const bytes = random.bytes(Math.floor(random.next() * 200));
    digest(bytes);
    digest(Uint8Array.from([...new TextEncoder().encode('v=0\n'), ...bytes]));
  }
});

test('long lines and many of them cost no more than their length', () => {
  const lines = [
    'a=rtpmap:96 '.padEnd(30_000, '/'),
    'c=IN IP6 '.padEnd(30_000, ':'),
    'm=audio 1 RTP/AVP'.padEnd(5000, ' 0'),
  ];
  for (const line of lines) expect(parseSdp(sdpBytes('m=audio 4000 RTP/AVP 0', line)).defects.length).toBeLessThan(5);
});

test.skipIf(corpus === undefined)('the WebRTC fuzzing corpus is survived (not on this machine: skipped)', () => {
  const files = readdirSync(corpus!);
  for (const name of files) digest(readFileSync(join(corpus!, name)));
  expect(files.length).toBeGreaterThan(60);
});
