import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseUri } from '../../sip/grammar/uri.ts';
import type { HeaderName, Message, Request } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { buildRequest, buildResponse, reasonPhrase, respond, write } from '../../sip/writer.ts';
import { INVITE, SAMPLES } from '../messages/samples.ts';

const uri = parseUri('sip:1001@example.com')!;
const text = (message: Message): string => Buffer.from(write(message)).toString();

function request(fields: readonly (readonly [HeaderName, string])[], method = 'INVITE'): Request {
  return buildRequest({
    method,
    uri,
    fields: [
      ['Via', 'SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1'],
      ['Via', 'SIP/2.0/TCP 203.0.113.2;branch=z9hG4bK2'],
      ['From', '<sip:a@b>;tag=f'],
      ['To', 'sip:c@d'],
      ['Call-ID', 'x'],
      ['CSeq', `1 ${method}`],
      ...fields,
    ],
  });
}

test('a request is written line by line, with the length of its body', () => {
  const body = Buffer.from('grüße');
  const built = buildRequest({
    method: 'MESSAGE',
    uri,
    fields: [
      ['Call-ID', 'x'],
      ['Content-Length', '99'],
    ],
    body,
  });
  expect(text(built)).toBe('MESSAGE sip:1001@example.com SIP/2.0\r\nCall-ID: x\r\nContent-Length: 7\r\n\r\ngrüße');
});

test('a response is written with its registered reason', () => {
  const built = buildResponse({ status: 486, fields: [['Call-ID', 'x']] });
  expect(text(built)).toBe('SIP/2.0 486 Busy Here\r\nCall-ID: x\r\nContent-Length: 0\r\n\r\n');
});

test.each(['a\r\nVia: b', 'a\nb', 'a\rb'])('a value with a line end is our own mistake: %j', (value) => {
  expect(() => buildRequest({ method: 'OPTIONS', uri, fields: [['Subject', value]] })).toThrow('CR or LF');
  expect(() => buildResponse({ status: 200, reason: value, fields: [] })).toThrow('CR or LF');
  expect(() => buildRequest({ method: 'OPTIONS', uri: { ...uri, text: value }, fields: [] })).toThrow('CR or LF');
});

test('names, methods and statuses outside the grammar are our own mistake', () => {
  expect(() => buildRequest({ method: 'IN VITE', uri, fields: [] })).toThrow('token');
  expect(() => buildRequest({ method: 'INVITE', uri, fields: [['Sub ject', 'x']] })).toThrow('token');
  expect(() => buildResponse({ status: 99, fields: [] })).toThrow('out of range');
});

test('a response returns what the request said, in its order', () => {
  const response = respond(
    request([
      ['Timestamp', '54'],
      ['Max-Forwards', '70'],
      ['Record-Route', '<sip:p;lr>'],
    ]),
    180,
    { toTag: 't' },
  );
  expect(response.fields).toEqual([
    ['Via', 'SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1'],
    ['Via', 'SIP/2.0/TCP 203.0.113.2;branch=z9hG4bK2'],
    ['From', '<sip:a@b>;tag=f'],
    ['To', 'sip:c@d;tag=t'],
    ['Call-ID', 'x'],
    ['CSeq', '1 INVITE'],
    ['Timestamp', '54'],
    ['Record-Route', '<sip:p;lr>'],
  ]);
  expect([response.reason, response.toTag]).toEqual(['Ringing', 't']);
});

test.each([
  [100, 'INVITE', 0],
  [183, 'INVITE', 1],
  [200, 'SUBSCRIBE', 1],
  [200, 'OPTIONS', 0],
  [404, 'INVITE', 0],
])('a %i to %s copies %i Record-Route', (status, method, count) => {
  const response = respond(request([['Record-Route', '<sip:p;lr>']], method), status, { toTag: 't' });
  expect(response.all('Record-Route').length).toBe(count);
});

test('a To that has a tag keeps it', () => {
  const { message } = parse(write(request([])));
  const within = buildRequest({
    method: 'BYE',
    uri,
    fields: message!.fields.map(([name, value]) => [name, name === 'To' ? '<sip:c@d>;tag=theirs' : value] as const),
  });
  expect(respond(within, 200, { toTag: 'ours' }).toTag).toBe('theirs');
});

test('extra fields, reason and body follow', () => {
  const body = Buffer.from('v=0');
  const response = respond(request([]), 200, { reason: 'Fine', fields: [['Contact', '<sip:us>']], body });
  expect([response.reason, response.first('Contact'), response.body]).toEqual(['Fine', '<sip:us>', body]);
});

test('a status without a registered reason has that of its class', () => {
  expect([reasonPhrase(200), reasonPhrase(299), reasonPhrase(599)]).toEqual(['OK', 'OK', 'Server Error']);
});

test('every refused sample can be answered, and the answer is well formed but for what was copied', () => {
  for (const sample of SAMPLES) {
    const { message } = parse(sample.bytes);
    if (message?.type !== 'request') continue;
    const answer = parse(write(respond(message, 400, { toTag: 't' }))).message;
    expect([sample.name, answer?.type]).toEqual([sample.name, 'response']);
  }
});

function comparable(message: Message) {
  const start = message.type === 'request' ? [message.method, message.uri.text] : [message.status, message.reason];
  return { start, fields: message.fields.filter(([name]) => name !== 'Content-Length'), body: [...message.body] };
}

test('the samples are the same after a round trip', () => {
  for (const sample of [INVITE, ...SAMPLES.filter((sample) => sample.status === 200)]) {
    const message = parse(sample.bytes).message!;
    const again = parse(write(message));
    expect(again.defects.filter((defect) => defect.fatal)).toEqual([]);
    expect(comparable(again.message!)).toEqual(comparable(message));
  }
});

const token = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,20}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map((line) => line.replace(/[\r\n]/g, '').trim());
const extension = fc.tuple(
  token.map((name) => `X-${name}`),
  value,
);
const mandatory: readonly (readonly [HeaderName, string])[] = [
  ['Via', 'SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1'],
  ['From', '<sip:a@b>;tag=f'],
  ['To', 'sip:c@d'],
  ['Call-ID', 'x'],
];

test('parse(write(request)) is the request', () => {
  fc.assert(
    fc.property(
      token,
      fc.array(extension, { maxLength: 10 }),
      fc.uint8Array({ maxLength: 300 }),
      (method, extensions, body) => {
        const built = buildRequest({
          method,
          uri,
          fields: [...mandatory, ['CSeq', `1 ${method}`], ...extensions],
          body,
        });
        const { message, defects } = parse(write(built));
        expect(defects).toEqual([]);
        expect(comparable(message!)).toEqual(comparable(built));
      },
    ),
    { seed: 3261, numRuns: 300 },
  );
});

test('parse(write(response)) is the response', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 699 }),
      value,
      fc.array(extension, { maxLength: 10 }),
      (status, reason, extensions) => {
        const built = buildResponse({ status, reason, fields: [...mandatory, ['CSeq', '1 INVITE'], ...extensions] });
        const { message, defects } = parse(write(built));
        expect(defects).toEqual([]);
        expect(comparable(message!)).toEqual(comparable(built));
      },
    ),
    { seed: 3261, numRuns: 300 },
  );
});
