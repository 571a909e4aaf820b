import { expect, test } from 'vitest';
import { CODEC_NAMES } from '../../../core/kernel/codec-names.ts';
import { codecNameOf, isTelephoneEvent } from '../../../media/sdp/formats.ts';
import { LocalDescription } from '../../../media/sdp/local-description.ts';
import { acceptAnswer } from '../../../media/sdp/negotiate.ts';
import { parseSdp } from '../../../media/sdp/parse.ts';
import { SpokenFormats } from '../../../media/sdp/spoken-formats.ts';

const LOCAL = { address: '198.51.100.1', port: 20_000 };
const all = new SpokenFormats(CODEC_NAMES, true);

/** Codecs of an offer by name, without telephone-events. */
function offered(preferred: readonly string[], encodings: readonly string[] = [], spoken = all): string {
  const formats = spoken.offered(preferred, encodings);
  return formats
    .filter((format) => !isTelephoneEvent(format))
    .map(codecNameOf)
    .join(' ');
}

function session(types: string, ...lines: string[]) {
  const text = [
    'v=0',
    'o=- 1 1 IN IP4 192.0.2.1',
    's=-',
    'c=IN IP4 192.0.2.1',
    't=0 0',
    `m=audio 4000 RTP/AVP ${types}`,
    ...lines.map((line) => `a=${line}`),
    '',
  ].join('\r\n');
  return parseSdp(new TextEncoder().encode(text)).session!;
}

const OPUS = 'rtpmap:96 opus/48000/2';

test('who is called for nobody in particular is offered the telephone first, then what sounds better', () => {
  expect(offered([])).toBe('PCMU PCMA G722 opus');
  expect(offered([], [], new SpokenFormats(CODEC_NAMES, false))).toBe('PCMU PCMA G722');
  expect(offered([], [], new SpokenFormats(['opus', 'PCMA'], true))).toBe('opus PCMA');
});

test('codecs of the other leg come first, those of wide band before the others, so that nothing is transcoded', () => {
  expect(offered(['PCMA', 'PCMU'])).toBe('PCMA PCMU G722 opus');
  expect(offered(['PCMU', 'opus', 'G722', 'PCMA'])).toBe('opus G722 PCMU PCMA');
  expect(offered(['L16/16000', 'PCMU'])).toBe('L16/16000 PCMU PCMA G722 opus');
});

test('encodings that are named are the only ones, in their order, however they are written', () => {
  expect(offered(['G722'], ['pcma', 'OPUS'])).toBe('PCMA opus');
  expect(offered([], ['L16'])).toBe('L16/48000 L16/24000 L16/16000 L16/8000');
  expect(offered([], ['AMR', 'GSM'])).toBe('PCMU PCMA G722 opus');
});

test('G.729 is offered where the other leg has it, after all that can be decoded, and alone where that has nothing else', () => {
  expect(offered(['G729', 'PCMU'])).toBe('PCMU PCMA G722 opus G729');
  expect(offered(['G729'])).toBe('G729');
  expect(offered(['PCMU'], ['G729', 'PCMU'])).toBe('PCMU');
  expect(offered(['PCMU', 'G729'], ['G729', 'PCMU'])).toBe('G729 PCMU');
});

test('G.729 is chosen where the other leg has it, or where nothing else is in common, but never in a call that goes on', () => {
  const chosen = (types: string, preferred: readonly string[]) => all.negotiate(session(types), preferred)?.format.name;
  expect(chosen('18 0', [])).toBe('PCMU');
  expect(chosen('18 0', ['G729'])).toBe('G729');
  expect(chosen('18', [])).toBe('G729');
  expect(chosen('18', ['PCMU'])).toBe('G729');
  expect(all.renegotiate(session('18'), ['PCMU'], 'sendrecv', 'off')).toBeUndefined();
  expect(all.renegotiate(session('18'), ['G729'], 'sendrecv', 'off')?.format.name).toBe('G729');
});

test('RFC 7587 §7: Opus is described at 48 kHz in two channels, with what we ask for, and events of its clock', () => {
  const text = new TextDecoder().decode(new LocalDescription(1).offer(LOCAL, all.offered([], []), 'sendrecv'));
  const lines = text.split('\r\n');
  expect(lines).toContain('m=audio 20000 RTP/AVP 0 8 9 107 101 102');
  expect(lines).toContain('a=rtpmap:107 opus/48000/2');
  expect(lines).toContain('a=fmtp:107 useinbandfec=1');
  expect(lines).toContain('a=rtpmap:9 G722/8000');
  expect(lines).toContain('a=rtpmap:101 telephone-event/8000');
  expect(lines).toContain('a=rtpmap:102 telephone-event/48000');
});

test('RFC 4733 §2.1: events have the clock of the chosen codec, and that of telephones where the peer has no other', () => {
  const both = ['rtpmap:101 telephone-event/8000', 'rtpmap:98 telephone-event/48000'];
  const matched = all.negotiate(session('96 101 98', OPUS, ...both))!;
  expect(matched).toMatchObject({ sendPayloadType: 96, sendEventPayloadType: 98, eventClockRateHz: 48_000 });
  const other = all.negotiate(session('96 101', OPUS, both[0]!))!;
  expect(other).toMatchObject({ sendPayloadType: 96, sendEventPayloadType: 101, eventClockRateHz: 8000 });
  const telephone = all.negotiate(session('0 101 98', ...both))!;
  expect(telephone).toMatchObject({ sendPayloadType: 0, sendEventPayloadType: 101, eventClockRateHz: 8000 });
});

test('RFC 7587 §6.1: what the peer asks of an Opus stream is known to who sends it', () => {
  const offer = session('96', OPUS, 'fmtp:96 maxaveragebitrate=16000; useinbandfec=1');
  expect(all.negotiate(offer)).toMatchObject({ sendParameters: 'maxaveragebitrate=16000; useinbandfec=1' });
});

test('an answer to an offer of all codecs settles one, by the numbers of either side', () => {
  const local = new LocalDescription(1);
  const offer = parseSdp(local.offer(LOCAL, all.offered([], []), 'sendrecv')).session!;
  const settled = acceptAnswer(
    offer,
    session('120 102', 'rtpmap:120 opus/48000/2', 'rtpmap:102 telephone-event/48000'),
  )!;
  expect(settled).toMatchObject({ sendPayloadType: 120, receivePayloadType: 107, receiveEventPayloadType: 102 });
  expect(acceptAnswer(offer, session('11'))).toBeUndefined();
  expect(all.negotiate(session('96', 'rtpmap:96 L16/44100/2'))).toBeUndefined();
});

test('RFC 3389 §4: comfort noise is agreed to where the peer offers it for the codec chosen, by its static number too', () => {
  const noise = (types: string, ...lines: string[]) => all.negotiate(session(types, ...lines));
  expect(noise('0 13')).toMatchObject({ sendNoisePayloadType: 13, receiveNoisePayloadType: 13 });
  expect(noise('9 8 13', 'rtpmap:13 CN/8000')).toMatchObject({ format: { name: 'G722' }, sendNoisePayloadType: 13 });
  expect(noise('0 100', 'rtpmap:100 cn/8000')).toMatchObject({ sendNoisePayloadType: 100 });
  for (const audio of [noise('0'), noise('96 13', OPUS), noise('18 13'), noise('0 100', 'rtpmap:100 CN/16000')])
    expect(audio?.sendNoisePayloadType).toBeUndefined();
  // It is no codec: a stream of nothing else is none.
  expect(noise('13')).toBeUndefined();
});

test('comfort noise is offered where the other leg has it: who is not asked for pauses makes none', () => {
  expect(offered(['PCMU', 'CN'])).toBe('PCMU PCMA G722 opus CN');
  expect(offered(['PCMU'])).not.toContain('CN');
  expect(offered(['opus', 'CN'], ['opus'])).toBe('opus');
  expect(all.wishes(['PCMA'], ['G729', 'CN'])).toEqual(['G729', 'CN']);
});

test('an offer of comfort noise is answered with it, and an answer without it agrees to none', () => {
  const local = new LocalDescription(1);
  const theirs = session('8 0 13 101', 'rtpmap:101 telephone-event/8000');
  const answer = new TextDecoder().decode(local.answer(theirs, all.negotiate(theirs)!, LOCAL));
  expect(answer).toContain('RTP/AVP 8 101 13\r\n');
  expect(answer).toContain('a=rtpmap:13 CN/8000\r\n');
  const ours = new LocalDescription(2);
  ours.offer(LOCAL, all.offered(['PCMA', 'CN'], []), 'sendrecv');
  expect(acceptAnswer(ours.current!, session('8 13'))).toMatchObject({ sendNoisePayloadType: 13 });
  expect(acceptAnswer(ours.current!, session('8'))!.sendNoisePayloadType).toBeUndefined();
});
