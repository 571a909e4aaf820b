import { parse as oracle } from 'sdp-transform';
import { expect, test } from 'vitest';
import { ipv4ToNumber, ipv6Groups, reachOf } from '../../../media/sdp/address.ts';
import { formatsOf } from '../../../media/sdp/formats.ts';
import { parseSdp, SDP_LIMITS } from '../../../media/sdp/parse.ts';
import { writeSdp } from '../../../media/sdp/write.ts';
import { parsed, sdp, sdpBytes, textOf } from './texts.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const PHONE = [
  'v=0',
  'o=- 3344080264 3344080264 IN IP4 10.0.1.20',
  's=A call',
  'b=AS:84',
  't=0 0',
  'a=X-nat:0',
  'm=audio 49170/1 RTP/AVP 0 8 96',
  'c=IN IP6 2001:db8::9/127',
  'a=rtcp:49999 IN IP6 2001:db8::9',
  'a=rtpmap:96 telephone-event/8000',
  'a=fmtp:96 0-16',
  'a=sendonly',
  'm=video 0 RTP/AVP 34',
].join('\r\n');

test('a description is read line by line', () => {
  const session = parsed(bytesOf(PHONE));
  expect(session.origin).toEqual({
    username: '-',
    sessionId: '3344080264',
    version: '3344080264',
    address: '10.0.1.20',
  });
  expect(session).toMatchObject({ name: 'A call', connection: undefined, attributes: [{ name: 'X-nat', value: '0' }] });
  expect(session.media).toMatchObject([
    {
      kind: 'audio',
      port: 49170,
      profile: 'RTP/AVP',
      formats: ['0', '8', '96'],
      connection: { family: 'IP6', address: '2001:db8::9' },
      attributes: [
        { name: 'rtcp' },
        { name: 'rtpmap', value: '96 telephone-event/8000' },
        { name: 'fmtp' },
        { name: 'sendonly', value: undefined },
      ],
    },
    { kind: 'video', port: 0, profile: 'RTP/AVP', formats: ['34'] },
  ]);
});

test('another parser reads the same', () => {
  // The oracle knows no count of ports.
  const text = PHONE.replace('49170/1', '49170');
  const expected = oracle(text);
  const session = parsed(bytesOf(text));
  expect(session.media.map((media) => [media.kind, media.port, media.profile, media.formats.join(' ')])).toEqual(
    expected.media.map((media) => [media.type, media.port, media.protocol, String(media.payloads)]),
  );
  expect(formatsOf(session.media[0]!).filter(({ payloadType }) => payloadType === 96)).toMatchObject(
    expected.media[0]!.rtp.map(({ payload, codec, rate }) => ({
      payloadType: payload,
      name: codec,
      clockRateHz: rate,
    })),
  );
});

test.each([
  ['LF', '\n'],
  ['CR', '\r'],
  ['CRLF and blank lines behind', '\r\n'],
])('line ends may be %s', (name, end) => {
  const text = PHONE.replaceAll('\r\n', end) + (name.includes('blank') ? '\r\n\r\n\r\n' : '');
  expect(parsed(bytesOf(text))).toEqual(parsed(bytesOf(PHONE)));
});

test('what was read can be written and read again', () => {
  const session = parsed(bytesOf(PHONE));
  expect(parsed(writeSdp(session))).toEqual(session);
  expect(textOf(writeSdp(session)).endsWith('\r\n')).toBe(true);
});

test('a missing or strange origin is a defect and no more', () => {
  const { session, defects } = parseSdp(bytesOf('v=0\r\no=x\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n'));
  expect(session?.media).toHaveLength(1);
  expect(defects.map(({ kind }) => kind)).toContain('origin-malformed');
});

test.each([
  ['', 'not-sdp'],
  ['o=- 1 1 IN IP4 192.0.2.1', 'not-sdp'],
  ['v=1', 'not-sdp'],
  ['v=0\r\nm=audio', 'media-malformed'],
  ['v=0\r\nm=audio 70000 RTP/AVP 0', 'media-malformed'],
  ['v=0\r\nm=audio -1 RTP/AVP 0', 'media-malformed'],
  ['v=0\r\nm=audio 4000 RTP/AVP', 'media-malformed'],
  [`v=0\r\n${'m=audio 4000 RTP/AVP 0\r\n'.repeat(SDP_LIMITS.media + 1)}`, 'too-large'],
  [`v=0\r\n${'a=x\r\n'.repeat(SDP_LIMITS.lines)}`, 'too-large'],
  [`v=0\r\na=${'x'.repeat(SDP_LIMITS.sizeBytes)}`, 'too-large'],
  [`v=0\r\nm=audio 4000 RTP/AVP${' 0'.repeat(SDP_LIMITS.formats + 1)}`, 'media-malformed'],
])('what cannot be answered in place is no session: %#', (text, kind) => {
  const { session, defects } = parseSdp(bytesOf(text));
  expect(session).toBeUndefined();
  expect(defects.map((defect) => defect.kind)).toContain(kind);
});

test('defects tell the line, and are bounded', () => {
  expect(parseSdp(sdpBytes('nonsense')).defects).toEqual([{ line: 6, kind: 'line-malformed' }]);
  expect(parseSdp(sdpBytes('c=IN IP7 x')).defects).toEqual([{ line: 6, kind: 'connection-malformed' }]);
  expect(parseSdp(sdpBytes(...Array<string>(1000).fill('??'))).defects).toHaveLength(SDP_LIMITS.defects);
  expect(parseSdp(bytesOf('v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0')).defects).toMatchObject([
    { kind: 'connection-missing' },
  ]);
});

test('formats have their meaning by rtpmap or by static type, the first mapping counts', () => {
  const [media] = sdp(
    'm=audio 4000 RTP/AVP 0 18 96 97 98 99 0 200 x',
    'a=rtpmap:96 opus/48000/2',
    'a=rtpmap:96 PCMU/8000',
    'a=fmtp:96 useinbandfec=1',
    'a=rtpmap:97 nonsense',
    'a=rtpmap:98 PCMA/99999999',
  ).media;
  expect(formatsOf(media!)).toMatchObject([
    { payloadType: 0, name: 'PCMU', clockRateHz: 8000 },
    { payloadType: 18, name: 'G729' },
    { payloadType: 96, name: 'opus', clockRateHz: 48000, channelCount: 2, parameters: 'useinbandfec=1' },
  ]);
});

test.each([
  ['0.0.0.0', 0],
  ['255.255.255.255', 0xffffffff],
  ['192.0.2.1', 0xc0000201],
  ['1.2.3', undefined],
  ['1.2.3.4.', undefined],
  ['256.1.1.1', undefined],
  ['01.2.3.4', undefined],
  ['', undefined],
])('IPv4 %s', (address, number) => {
  expect(ipv4ToNumber(address)).toBe(number);
});

test.each([
  ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
  ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
  ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
  ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1::2::3', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  [':1', undefined],
  ['1:', undefined],
  ['g::', undefined],
  ['12345::', undefined],
  ['', undefined],
])('IPv6 %s', (address, groups) => {
  expect(ipv6Groups(address)).toEqual(groups);
});

test('only unicast addresses can be sent to', () => {
  const reach = (family: 'IP4' | 'IP6', address: string) => reachOf({ family, address });
  expect(reach('IP4', '192.0.2.1')).toBe('unicast');
  expect(reach('IP4', '0.0.0.0')).toBe('unspecified');
  expect(reach('IP6', '::')).toBe('unspecified');
  expect(reach('IP6', '2001:db8::1')).toBe('unicast');
  for (const address of ['224.0.0.1', '255.255.255.255', 'phone.example.com', '::1'])
    expect(reach('IP4', address)).toBe('unusable');
  for (const address of ['ff02::1', '192.0.2.1', 'phone.example.com']) expect(reach('IP6', address)).toBe('unusable');
});
