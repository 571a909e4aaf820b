import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamFraming } from '../../sip/stream-framing.ts';
import { INVITE, request } from '../messages/samples.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll('\n', '\r\n'));
const OPTIONS = bytes(request('OPTIONS', 'l : \n 4\n\nbody'));
const PING = bytes('\n\n');
const LF_ONLY = Buffer.from(request('OPTIONS', 'CONTENT-LENGTH:0\n\n'));

function drain(framing: StreamFraming): string[] {
  const messages: string[] = [];
  for (let message = framing.poll(); message !== undefined; message = framing.poll()) {
    messages.push(Buffer.from(message).toString('latin1'));
  }
  return messages;
}

function feed(framing: StreamFraming, ...chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => {
    framing.push(chunk);
    return drain(framing);
  });
}

const STREAM = Buffer.concat([PING, INVITE.bytes, bytes('\n'), OPTIONS, PING, PING, LF_ONLY, INVITE.bytes]);
const MESSAGES = [INVITE.bytes, OPTIONS, LF_ONLY, INVITE.bytes].map((message) =>
  Buffer.from(message).toString('latin1'),
);

test('a stream is cut into its messages, and pings are counted', () => {
  const framing = new StreamFraming();
  expect(feed(framing, STREAM)).toEqual(MESSAGES);
  expect([framing.takePings(), framing.takePings(), framing.bufferedBytes, framing.defect]).toEqual([
    3,
    0,
    0,
    undefined,
  ]);
});

test('RFC 3261 §18.3: any chunking gives the same messages', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 40 }), (cuts) => {
      const borders = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      const framing = new StreamFraming();
      const chunks = borders.slice(1).map((end, index) => STREAM.subarray(borders[index]!, end));
      expect(feed(framing, ...chunks)).toEqual(MESSAGES);
      expect(framing.takePings()).toBe(3);
    }),
    { seed: 3261, numRuns: 300 },
  );
});

test('byte by byte is a chunking too', () => {
  const framing = new StreamFraming();
  expect(feed(framing, ...Array.from(STREAM, (byte) => Uint8Array.of(byte)))).toEqual(MESSAGES);
});

test('a message is not changed by what comes after it', () => {
  const framing = new StreamFraming();
  framing.push(OPTIONS);
  const message = framing.poll()!;
  for (let count = 0; count < 100; count++) feed(framing, INVITE.bytes);
  expect(Buffer.from(message)).toEqual(Buffer.from(OPTIONS));
});

test('on a connection that we opened each line end is a pong', () => {
  const framing = new StreamFraming('opened');
  feed(framing, bytes('\n'), OPTIONS, bytes('\n\n'));
  expect([framing.takePongs(), framing.takePongs(), framing.takePings()]).toEqual([3, 0, 0]);
});

test.each([
  ['missing-content-length', request('OPTIONS', '\n')],
  ['body-too-large', request('OPTIONS', 'Content-Length: 65537\n\n')],
  ['body-too-large', request('OPTIONS', `Content-Length: ${'9'.repeat(400)}\n\n`)],
  ['too-many-headers', request('OPTIONS', `${'X: y\n'.repeat(251)}\n`)],
  ['head-too-large', request('OPTIONS', `Subject: ${'x'.repeat(16_384)}\n\n`)],
  ['head-too-large', 'x'.repeat(20_000)],
])('%s closes the connection, after the messages before it', (defect, text) => {
  const framing = new StreamFraming();
  expect(feed(framing, OPTIONS, bytes(text), OPTIONS).length).toBe(1);
  expect(framing.defect).toBe(defect);
});

test.each(['Content-Length: -1\n\n', 'Content-Length: five\n\n', 'Content-Length:\n\n', 'Content-Length: 3\nl: 4\n\n'])(
  'a head with %j comes alone, to be refused, and is the last',
  (field) => {
    const framing = new StreamFraming();
    const head = bytes(request('OPTIONS', field));
    expect(feed(framing, OPTIONS, head, OPTIONS)).toEqual(
      [OPTIONS, head].map((b) => Buffer.from(b).toString('latin1')),
    );
    expect(framing.defect).toBe('malformed-content-length');
  },
);

test('the largest body passes and leaves no large buffer behind', () => {
  const framing = new StreamFraming();
  const large = Buffer.concat([bytes(request('MESSAGE', 'Content-Length: 65536\n\n')), new Uint8Array(65_536)]);
  expect(feed(framing, large, OPTIONS).map((message) => message.length)).toEqual([large.length, OPTIONS.length]);
  expect(framing.bufferedBytes).toBe(0);
});

test('line ends without end cost nothing', () => {
  const framing = new StreamFraming();
  for (let count = 0; count < 1000; count++) feed(framing, bytes('\n'.repeat(500)));
  expect([framing.bufferedBytes, framing.takePings()]).toEqual([0, 250_000]);
});
