import { expect, test } from 'vitest';
import { type Direction, receives, STREAM_DIRECTION, sends } from '../../../media/sdp/direction.ts';
import { type AudioFormat, PCMA, PCMU, withEvents } from '../../../media/sdp/formats.ts';
import { LocalDescription } from '../../../media/sdp/local-description.ts';
import { acceptAnswer, encodingsOf, type NegotiatedAudio, negotiateAnswer } from '../../../media/sdp/negotiate.ts';
import type { SessionDescription } from '../../../media/sdp/session-description.ts';
import { parsed, sdp, textOf } from './texts.ts';

const SUPPORTED_FORMATS = withEvents([PCMU, PCMA]);
const LOCAL = { address: '198.51.100.5', port: 20_000 };
const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

const negotiate = (offer: SessionDescription, preferred: readonly string[] = []): NegotiatedAudio | undefined =>
  negotiateAnswer(offer, SUPPORTED_FORMATS, preferred);

function answerTo(offer: SessionDescription): string[] {
  return textOf(new LocalDescription(1).answer(offer, negotiate(offer)!, LOCAL)).split('\r\n');
}

const mLines = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('m='));

test('the first codec in common is chosen, with the telephone-events of its clock', () => {
  const offer = sdp(
    'm=audio 4000 RTP/AVP 111 9 8 0 110 100',
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:110 telephone-event/48000',
    'a=rtpmap:100 telephone-event/8000',
    'a=ptime:40',
  );
  expect(negotiate(offer)).toMatchObject({
    index: 0,
    format: { name: 'PCMA' },
    sendPayloadType: 8,
    receivePayloadType: 8,
    sendEventPayloadType: 100,
    receiveEventPayloadType: 100,
    direction: 'sendrecv',
    remoteAddress: '192.0.2.10',
    remotePort: 4000,
    remoteRtcpAddress: '192.0.2.10',
    remoteRtcpPort: 4001,
    rtcpMux: false,
    packetTimeMs: 40,
  });
});

test('a preferred codec wins over the order of the offer', () => {
  const offer = sdp('m=audio 4000 RTP/AVP 0 8');
  expect(negotiate(offer, ['G722', 'pcma'])?.format.name).toBe('PCMA');
  expect(negotiate(offer, ['G722'])?.format.name).toBe('PCMU');
});

test('codecs may have dynamic types, and names in any case', () => {
  const offer = sdp('m=audio 4000 RTP/AVP 97 98', 'a=rtpmap:97 pcmu/8000', 'a=rtpmap:98 Telephone-Event/8000');
  expect(negotiate(offer)).toMatchObject({ format: { name: 'PCMU' }, sendPayloadType: 97, sendEventPayloadType: 98 });
});

test.each([
  ['no audio', ['m=video 4000 RTP/AVP 34']],
  ['nothing at all', []],
  ['no codec in common', ['m=audio 4000 RTP/AVP 18 9']],
  ['only telephone-events', ['m=audio 4000 RTP/AVP 101', 'a=rtpmap:101 telephone-event/8000']],
  ['secure RTP', ['m=audio 4000 RTP/SAVP 0']],
  ['secure RTP with feedback', ['m=audio 4000 UDP/TLS/RTP/SAVPF 0']],
  ['a static type given another meaning', ['m=audio 4000 RTP/AVP 0', 'a=rtpmap:0 opus/48000/2']],
  ['stereo', ['m=audio 4000 RTP/AVP 96', 'a=rtpmap:96 PCMU/8000/2']],
  ['a multicast address', ['m=audio 4000 RTP/AVP 0', 'c=IN IP4 224.2.1.1/127']],
  ['a host name', ['m=audio 4000 RTP/AVP 0', 'c=IN IP4 phone.example.com']],
])('nothing is in common with an offer of %s', (_, lines) => {
  expect(negotiate(sdp(...lines))).toBeUndefined();
});

test('every m-line is answered in its place, with port 0 for what is not taken', () => {
  const offer = sdp(
    'm=video 5000 RTP/AVP 34 96',
    'm=audio 5002 RTP/SAVP 0',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj',
    'm=audio 5004 RTP/AVPF 8 0',
    'm=audio 5006 RTP/AVP 0',
    'm=image 5008 udptl t38',
  );
  const lines = answerTo(offer);
  expect(mLines(lines)).toEqual([
    'm=video 0 RTP/AVP 34 96',
    'm=audio 0 RTP/SAVP 0',
    'm=audio 20000 RTP/AVPF 8',
    'm=audio 0 RTP/AVP 0',
    'm=image 0 udptl t38',
  ]);
  expect(lines.filter((line) => line.startsWith('a='))).toEqual(['a=rtpmap:8 PCMA/8000', 'a=ptime:20', 'a=sendrecv']);
  expect(negotiate(offer)).toMatchObject({ index: 2, remotePort: 5004 });
});

test('the answer repeats the payload types of the offer and describes them', () => {
  const lines = answerTo(
    sdp('m=audio 4000 RTP/AVP 97 98', 'a=rtpmap:97 PCMU/8000', 'a=rtpmap:98 telephone-event/8000'),
  );
  expect(mLines(lines)).toEqual(['m=audio 20000 RTP/AVP 97 98']);
  expect(lines).toEqual(
    expect.arrayContaining(['a=rtpmap:97 PCMU/8000', 'a=rtpmap:98 telephone-event/8000', 'a=fmtp:98 0-16']),
  );
});

test('the direction table says for each pair who may send (RFC 3264 6.1)', () => {
  for (const stated of DIRECTIONS) {
    for (const willing of DIRECTIONS) {
      const ours = STREAM_DIRECTION[stated][willing];
      expect([stated, willing, sends(ours)]).toEqual([stated, willing, sends(willing) && receives(stated)]);
      expect([stated, willing, receives(ours)]).toEqual([stated, willing, receives(willing) && sends(stated)]);
    }
  }
});

test.each([
  ['a=sendonly', 'recvonly'],
  ['a=recvonly', 'sendonly'],
  ['a=inactive', 'inactive'],
  ['a=sendrecv', 'sendrecv'],
  ['c=IN IP4 0.0.0.0', 'recvonly'],
])('an offer with %s at the audio is answered %s', (line, direction) => {
  const lines = answerTo(sdp('m=audio 4000 RTP/AVP 0', line));
  expect(lines).toContain(`a=${direction}`);
});

test('a direction or address of the session counts where the audio has none of its own', () => {
  expect(negotiate(sdp('a=sendonly', 'm=audio 4000 RTP/AVP 0'))?.direction).toBe('recvonly');
  expect(negotiate(sdp('a=sendonly', 'm=audio 4000 RTP/AVP 0', 'a=sendrecv'))?.direction).toBe('sendrecv');
  const ipv6 = negotiate(sdp('m=audio 4000 RTP/AVP 0', 'c=IN IP6 2001:db8::7'));
  expect(ipv6).toMatchObject({ remoteAddress: '2001:db8::7', direction: 'sendrecv' });
});

test('a hold by address 0.0.0.0 with sendonly or inactive lets nobody be sent to', () => {
  for (const line of ['a=recvonly', 'a=inactive']) {
    expect(negotiate(sdp('m=audio 4000 RTP/AVP 0', 'c=IN IP4 0.0.0.0', line))?.direction).toBe('inactive');
  }
});

test('an audio line with port 0 is off: it is negotiated as such, and answered with port 0', () => {
  const offer = sdp('m=audio 0 RTP/AVP 0');
  expect(negotiate(offer)).toMatchObject({ remotePort: 0, remoteRtcpPort: 0, direction: 'inactive' });
  expect(mLines(answerTo(offer))).toEqual(['m=audio 0 RTP/AVP 0']);
  expect(negotiate(sdp('m=audio 0 RTP/AVP 0', 'm=audio 4000 RTP/AVP 8'))).toMatchObject({ index: 1, remotePort: 4000 });
});

test.each([
  [[], '192.0.2.10', 4001, false],
  [['a=rtcp:5555'], '192.0.2.10', 5555, false],
  [['a=rtcp:5555 IN IP4 192.0.2.99'], '192.0.2.99', 5555, false],
  [['a=rtcp:5555 IN IP4 224.0.0.1'], '192.0.2.10', 4001, false],
  [['a=rtcp:0'], '192.0.2.10', 4001, false],
  [['a=rtcp:99999'], '192.0.2.10', 4001, false],
  [['a=rtcp:5555', 'a=rtcp-mux'], '192.0.2.10', 4000, true],
] as const)('RTCP goes where %j says', (lines, remoteRtcpAddress, remoteRtcpPort, rtcpMux) => {
  const offer = sdp('m=audio 4000 RTP/AVP 0', ...lines);
  expect(negotiate(offer)).toMatchObject({ remoteRtcpAddress, remoteRtcpPort, rtcpMux });
  expect(answerTo(offer).includes('a=rtcp-mux')).toBe(rtcpMux);
});

test.each([
  [[], 20],
  [['a=ptime:30'], 30],
  [['a=ptime:200'], 60],
  [['a=ptime:5'], 10],
  [['a=maxptime:10'], 10],
  [['a=ptime:40', 'a=maxptime:30'], 30],
  [['a=ptime:25'], 20],
  [['a=ptime:x'], 20],
  [['a=ptime:0'], 20],
] as const)('packet time of %j is %i ms', (lines, packetTimeMs) => {
  expect(negotiate(sdp('m=audio 4000 RTP/AVP 0', ...lines))?.packetTimeMs).toBe(packetTimeMs);
});

test('both sides of an offer and answer settle on the same', () => {
  const ours = new LocalDescription(1);
  const offer = parsed(ours.offer(LOCAL, SUPPORTED_FORMATS, 'sendrecv'));
  const chosen = negotiate(offer, ['PCMA'])!;
  const answer = parsed(new LocalDescription(2).answer(offer, chosen, { address: '2001:db8::2', port: 30_000 }));
  expect(acceptAnswer(ours.current!, answer)).toEqual({
    ...chosen,
    remoteAddress: '2001:db8::2',
    remotePort: 30_000,
    remoteRtcpAddress: '2001:db8::2',
    remoteRtcpPort: 30_000,
  });
});

function answered(...lines: readonly string[]): NegotiatedAudio | undefined {
  const ours = new LocalDescription(1);
  ours.offer(LOCAL, SUPPORTED_FORMATS, 'sendrecv');
  return acceptAnswer(ours.current!, sdp(...lines));
}

test('an answer with payload types of its own is sent those, and sends ours', () => {
  expect(answered('m=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000', 'a=recvonly')).toMatchObject({
    sendPayloadType: 0,
    sendEventPayloadType: 96,
    receiveEventPayloadType: 101,
    direction: 'sendonly',
    rtcpMux: false,
  });
});

test.each([
  ['refuses the audio', ['m=audio 0 RTP/AVP 0']],
  ['has another number of m-lines', ['m=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 34']],
  ['has no m-line', []],
  ['names a codec that was not offered', ['m=audio 4000 RTP/AVP 18']],
])('an answer is not accepted that %s', (_, lines) => {
  expect(answered(...lines)).toBeUndefined();
});

test('the version counts changes only, the id stays', () => {
  const ours = new LocalDescription(4711);
  const origin = (bytes: Uint8Array): string => textOf(bytes).split('\r\n')[1]!;
  const offer = sdp('m=audio 4000 RTP/AVP 0');
  const held = sdp('m=audio 4000 RTP/AVP 0', 'a=sendonly');
  expect(origin(ours.answer(offer, negotiate(offer)!, LOCAL))).toBe('o=- 4711 1 IN IP4 198.51.100.5');
  expect(origin(ours.answer(offer, negotiate(offer)!, LOCAL))).toBe('o=- 4711 1 IN IP4 198.51.100.5');
  expect(origin(ours.answer(held, negotiate(held)!, LOCAL))).toBe('o=- 4711 2 IN IP4 198.51.100.5');
});

test('our offer in a session keeps the places of its m-lines and the meaning of its payload types', () => {
  const ours = new LocalDescription(1);
  const offer = sdp('m=video 5000 RTP/AVP 34', 'm=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000');
  ours.answer(offer, negotiate(offer)!, LOCAL);
  const lines = textOf(ours.offer(LOCAL, SUPPORTED_FORMATS, 'inactive')).split('\r\n');
  expect(mLines(lines)).toEqual(['m=video 0 RTP/AVP 34', 'm=audio 20000 RTP/AVP 0 8 96']);
  expect(lines).toContain('a=inactive');
});

test('a payload type that means something else already is not given to another encoding', () => {
  const ours = new LocalDescription(1);
  const offer = sdp('m=audio 4000 RTP/AVP 101', 'a=rtpmap:101 PCMU/8000');
  ours.answer(offer, negotiate(offer)!, LOCAL);
  const again = parsed(ours.offer(LOCAL, SUPPORTED_FORMATS, 'sendrecv'));
  expect(again.media[0]!.formats).toEqual(['101', '8', '96']);
});

test('formats of other clocks and encodings are told apart when offered by us', () => {
  const wide: AudioFormat = {
    name: 'L16',
    clockRateHz: 16_000,
    channelCount: 1,
    payloadType: 97,
    parameters: undefined,
  };
  const offer = sdp('m=audio 4000 RTP/AVP 98', 'a=rtpmap:98 L16/8000');
  expect(negotiateAnswer(offer, [wide])).toBeUndefined();
});

test('encodings of an offer are named in its order', () => {
  expect(
    encodingsOf(sdp('m=audio 0 RTP/AVP 0', 'm=audio 4000 RTP/AVP 8 101 0', 'a=rtpmap:101 telephone-event/8000')),
  ).toEqual(['PCMA', 'PCMU']);
  expect(encodingsOf(sdp())).toEqual([]);
});

/** What the peer does with the stream of an offer in any of its forms: states a direction, and is or is not at an address. */
const STATED = DIRECTIONS.flatMap((stated) => [true, false].map((hasAddress) => ({ stated, hasAddress })));

test.each(STATED)(
  'RFC 3264 §6.1, §8.4: what is answered to $stated, at an address: $hasAddress',
  ({ stated, hasAddress }) => {
    const address = hasAddress ? [] : ['c=IN IP4 0.0.0.0'];
    const offers = [
      sdp('m=audio 4000 RTP/AVP 0', ...address, `a=${stated}`),
      sdp(`a=${stated}`, 'm=audio 4000 RTP/AVP 0', ...address),
      ...(stated === 'sendrecv' ? [sdp('m=audio 4000 RTP/AVP 0', ...address)] : []),
    ];
    for (const offer of offers) {
      for (const willing of DIRECTIONS) {
        const { direction } = negotiateAnswer(offer, SUPPORTED_FORMATS, [], willing)!;
        expect([willing, sends(direction)]).toEqual([willing, sends(willing) && receives(stated) && hasAddress]);
        expect([willing, receives(direction)]).toEqual([willing, receives(willing) && sends(stated)]);
      }
    }
  },
);

test('an offer of fax alone has nothing for us', () => {
  expect(negotiate(sdp('m=image 4000 udptl t38'))).toBeUndefined();
  expect(negotiate(sdp('m=audio 0 RTP/AVP 18', 'm=image 4000 udptl t38'))).toBeUndefined();
});
