import { expect, test } from 'vitest';
import { STREAM_ENCAPSULATIONS, STREAM_FORMATS } from '../../../core/external-media-port.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { AudioSocket } from '../../../media/streams/audio-socket.ts';
import { BareSamples, SilentEncapsulation } from '../../../media/streams/bare-samples.ts';
import type { Said } from '../../../media/streams/encapsulation.ts';
import { MediaMessages } from '../../../media/streams/media-messages.ts';
import { RtpPackets } from '../../../media/streams/rtp-packets.ts';
import { rateOf } from '../../../media/streams/sample-bytes.ts';
import { rtp } from '../phones.ts';

const SAMPLES = Int16Array.from({ length: 160 }, (_, i) => (i * 401) % 30_000);
const ID = '01020304-0506-4708-890a-0b0c0d0e0f10';

function messages(format: 'ulaw' | 'slin16' = 'ulaw') {
  return new MediaMessages({
    format,
    listen: 'in',
    streamId: 'stream',
    account: 'customer',
    reference: 'call',
    parameters: { lang: 'de' },
  });
}

function audioOf(said: readonly Said[]): number[] {
  return said.flatMap((one) => (one.kind === 'audio' ? [...one.samples] : []));
}

test('platform §4.4: sln is 320 bytes of little-endian samples every 20 ms, both ways', () => {
  const sln = new BareSamples('slin');
  const message = sln.encode(SAMPLES) as Uint8Array;
  expect(message.length).toBe(320);
  expect([message[2], message[3]]).toEqual([401 & 0xff, 401 >> 8]);
  expect(audioOf(sln.decode(message))).toEqual([...SAMPLES]);
});

test('samples may come in any pieces, odd numbers of bytes too', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    for (const [encapsulation, isFramed] of [
      [new BareSamples('slin'), false],
      [new AudioSocket({ format: 'slin', id: undefined }), true],
    ] as const) {
      const whole = new Uint8Array([...(encapsulation.encode(SAMPLES) as Uint8Array)]);
      const heard: number[] = [];
      for (let at = 0; at < whole.length; ) {
        const count = Math.floor(random.next() * 9);
        heard.push(...audioOf(encapsulation.decode(whole.subarray(at, at + count))));
        at += count;
      }
      expect(heard, `seed ${seed}, framed ${isFramed}`).toEqual([...SAMPLES]);
    }
  }
});

test('platform §4.4: rtp is type 96, SSRC 0, sequence +1, timestamp + 320 bytes; other types are not heard', () => {
  const packets = new RtpPackets({ format: 'slin', carriedBy: 'messages', ssrc: 7 });
  const [first, second] = [packets.encode(SAMPLES), packets.encode(SAMPLES)] as [Uint8Array, Uint8Array];
  expect(first.length).toBe(332);
  expect([...first.subarray(0, 12)]).toEqual([0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect([...second.subarray(0, 12)]).toEqual([0x80, 96, 0, 1, 0, 0, 1, 64, 0, 0, 0, 0]);
  expect(audioOf(packets.decode(first))).toEqual([...SAMPLES]);
  const fields = { sequence: 1, timestamp: 0, ssrc: 0 };
  expect(packets.decode(rtp({ ...fields, payloadType: 0 }, new Uint8Array(320)))).toEqual([{ kind: 'malformed' }]);
});

test('RFC 3551 §4.5: PCMU is type 0, PCMA 8, and L16 in datagrams is in network byte order, timed by samples', () => {
  const pcmu = new RtpPackets({ format: 'ulaw', carriedBy: 'datagrams', ssrc: 0xabcd });
  const packet = pcmu.encode(SAMPLES) as Uint8Array;
  expect([...packet.subarray(0, 12)]).toEqual([0x80, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd]);
  expect(packet.length).toBe(172);
  expect([...(pcmu.encode(SAMPLES) as Uint8Array).subarray(0, 8)]).toEqual([0x80, 0, 0, 1, 0, 0, 0, 160]);
  expect((new RtpPackets({ format: 'alaw', carriedBy: 'datagrams', ssrc: 1 }).encode(SAMPLES) as Uint8Array)[1]).toBe(
    0x88,
  );
  const l16 = new RtpPackets({ format: 'slin16', carriedBy: 'datagrams', ssrc: 1 });
  const wide = l16.encode(SAMPLES) as Uint8Array;
  expect([wide[14], wide[15]]).toEqual([401 >> 8, 401 & 0xff]);
  expect(audioOf(l16.decode(wide))).toEqual([...SAMPLES]);
});

test('RFC 3550 §5.1: a datagram that comes twice or late is left out, and a new beginning is none of both', () => {
  const packets = new RtpPackets({ format: 'ulaw', carriedBy: 'datagrams', ssrc: 1 });
  const say = (sequence: number) =>
    packets.decode(rtp({ sequence, timestamp: 0, ssrc: 5 }, new Uint8Array(160))).length === 1;
  expect([65_534, 65_535, 65_535, 0, 65_533, 1, 30_000, 20_000].map(say)).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
    true,
    true,
  ]);
});

test('AudioSocket: who connects tells its id first; keys, the end and errors have kinds of their own', () => {
  const socket = new AudioSocket({ format: 'slin', id: ID });
  expect(Buffer.from(socket.open()[0] as Uint8Array).toString('hex')).toBe(`010010${ID.replaceAll('-', '')}`);
  const frame = socket.encode(SAMPLES) as Uint8Array;
  expect([...frame.subarray(0, 3), frame.length]).toEqual([0x10, 1, 64, 323]);
  expect(Buffer.from(socket.digit('5') as Uint8Array).toString('hex')).toBe('03000135');
  expect(Buffer.from(socket.stop()[0] as Uint8Array).toString('hex')).toBe('000000');
  expect(socket.decode(Uint8Array.of(0, 0, 0))).toEqual([{ kind: 'stop' }]);
  expect(socket.decode(Uint8Array.of(0xff, 0, 1, 4))).toEqual([{ kind: 'malformed' }]);
  expect(new AudioSocket({ format: 'slin', id: undefined }).open()).toEqual([]);
  const kinds = (['slin16', 'slin24', 'slin48'] as const).map(
    (format) => (new AudioSocket({ format, id: undefined }).encode(SAMPLES) as Uint8Array)[0],
  );
  expect(kinds).toEqual([0x12, 0x13, 0x16]);
});

test('messages begin with connected and start, count, and end with stop', () => {
  const program = messages();
  const parsed = [
    ...program.open(),
    program.encode(SAMPLES),
    program.encode(SAMPLES),
    program.digit('1'),
    program.mark('m', 40),
    ...program.stop(),
  ].map((text) => JSON.parse(text as string));
  expect(parsed.map(({ event }) => event)).toEqual(['connected', 'start', 'media', 'media', 'dtmf', 'mark', 'stop']);
  expect(parsed.slice(1).map(({ sequenceNumber }) => sequenceNumber)).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(parsed.slice(1).every(({ streamSid }) => streamSid === 'stream')).toBe(true);
  expect(parsed[1].start).toEqual({
    accountSid: 'customer',
    streamSid: 'stream',
    callSid: 'call',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { lang: 'de' },
  });
  expect(parsed[3].media).toMatchObject({ track: 'inbound', chunk: '2', timestamp: '20' });
  expect(Buffer.from(parsed[3].media.payload, 'base64').length).toBe(160);
  expect(parsed[4].dtmf).toEqual({ track: 'inbound_track', digit: '1' });
  expect(parsed[5].mark).toEqual({ name: 'm', played_ms: 40 });
});

test('what a program says in messages: media, mark, clear, stop, and nothing that is wrong', () => {
  const program = messages('slin16');
  const say = (message: unknown) => program.decode(JSON.stringify(message));
  const payload = Buffer.from(Int16Array.of(5, -6).buffer).toString('base64');
  expect(audioOf(say({ event: 'media', media: { payload } }))).toEqual([5, -6]);
  expect(say({ event: 'mark', mark: { name: 'x' } })).toEqual([{ kind: 'mark', name: 'x' }]);
  expect(say({ event: 'clear' })).toEqual([{ kind: 'clear' }]);
  expect(say({ event: 'stop' })).toEqual([{ kind: 'stop' }]);
  expect(say({ event: 'connected' })).toEqual([]);
  for (const wrong of [
    { event: 'media' },
    { event: 'media', media: { payload: '*' } },
    { event: 'media', media: { payload: 5 } },
    { event: 'mark' },
    { event: 'mark', mark: { name: 'x'.repeat(257) } },
    { event: 'toString' },
    [],
    null,
    5,
  ]) {
    expect(say(wrong), JSON.stringify(wrong)).toEqual([{ kind: 'malformed' }]);
  }
  expect(program.decode('{')).toEqual([{ kind: 'malformed' }]);
  expect(program.decode(Uint8Array.of(1))).toEqual([{ kind: 'malformed' }]);
});

test('a way of packing that nobody knows carries nothing', () => {
  const silent = new SilentEncapsulation();
  expect([silent.encode(), silent.open(), silent.stop(), silent.mark(), silent.digit()]).toEqual([
    undefined,
    [],
    [],
    undefined,
    undefined,
  ]);
  expect(silent.decode()).toEqual([{ kind: 'malformed' }]);
});

test('every format has a rate, and every way of packing a name', () => {
  expect(STREAM_FORMATS.map(rateOf)).toEqual([8000, 8000, 8000, 16_000, 24_000, 48_000]);
  expect(new Set(STREAM_ENCAPSULATIONS).size).toBe(5);
});
