import { expect, test } from 'vitest';
import { type ParseResult, parse } from '../../sip/parser.ts';
import { INVITE, request, SAMPLES } from '../messages/samples.ts';

function crlf(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('\n', '\r\n'));
}

function parsed(text: string) {
  const { message } = parse(crlf(text));
  expect(message).toBeDefined();
  return message!;
}

function named(name: string): ParseResult {
  return parse(SAMPLES.find((sample) => sample.name === name)!.bytes);
}

for (const sample of SAMPLES) {
  test(`${sample.name}: ${sample.status === 200 ? 'processed' : sample.status === 0 ? 'dropped' : `answered ${sample.status}`}`, () => {
    const { message, defects } = parse(sample.bytes);
    const codes = (fatal: boolean) => defects.filter((defect) => defect.fatal === fatal).map((defect) => defect.code);
    expect(codes(true)).toEqual(sample.fatal);
    expect(codes(false)).toEqual(sample.minor);
    expect(defects.find((defect) => defect.fatal)?.status ?? 200).toBe(sample.status);
    if (sample.status > 0) expect(message).toBeDefined();
  });
}

test('an INVITE shows its parts', () => {
  const { message } = parse(INVITE.bytes);
  if (message?.type !== 'request') throw new Error('an INVITE is a request');
  expect(message.method).toBe('INVITE');
  expect(message.uri).toMatchObject({ scheme: 'sip', user: '1001', host: 'example.com', port: 0 });
  expect(message.topVia).toMatchObject({ transport: 'UDP', host: '203.0.113.1', port: 5060, branch: 'z9hG4bKsample1' });
  expect(message.from).toMatchObject({ displayName: 'Alice', uri: { user: '1000' } });
  expect([message.fromTag, message.toTag, message.callId]).toEqual(['a1', '', 'sample@203.0.113.1']);
  expect(message.cseq).toEqual({ number: 1, method: 'INVITE' });
  expect(message.contacts.map((contact) => contact.uri.text)).toEqual(['sip:1000@203.0.113.1:5060']);
  expect(Buffer.from(message.body).toString()).toMatch(/^v=0\r\n.*telephone-event\/8000\r\n$/s);
});

test('the typed parts are read once and kept', () => {
  const { message } = parse(INVITE.bytes);
  expect(message!.from).toBe(message!.from);
  expect(message!.contacts).toBe(message!.contacts);
});

test('compact and odd spellings are found under the long name', () => {
  const { message } = named('compact forms and odd case');
  expect(message!.first('Event')).toBe('message-summary');
  expect(message!.first('Supported')).toBe('timer');
  expect(message!.fields.map(([name]) => name)).toEqual([
    'Via',
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Max-Forwards',
    'Event',
    'Contact',
    'Supported',
    'Content-Length',
  ]);
});

test('a folded line is one line', () => {
  const { message } = named('folded lines and space around every separator');
  expect(message!.topVia).toMatchObject({ transport: 'UDP', host: '203.0.113.1', port: 5060, branch: 'z9hG4bKfold' });
  expect(message!.from.displayName).toBe('Folded name');
  expect(message!.fromTag).toBe('a1');
  expect(message!.to.parameters.get('note')).toBe('');
  expect(message!.cseq.number).toBe(7);
});

test('list headers come one element each, in the order of the fields', () => {
  const { message } = named('several Via values in one field and in two');
  expect(message!.all('Via').map((via) => via.slice(8, 12))).toEqual(['UDP ', 'TCP ', 'SCTP']);
});

test('quotes and brackets hide commas and semicolons', () => {
  const { message } = named('a quote with comma, semicolon, bracket and escapes in the display name');
  expect(message!.contacts.map((contact) => [contact.displayName, contact.uri.user])).toEqual([
    ['A, B; <C> "D"', 'x'],
    ['', 'y,z'],
  ]);
  expect(message!.contacts[1]!.parameters.get('q')).toBe('0.5');
  expect(message!.contacts[1]!.uri.parameters.has('lr')).toBe(true);
});

test('extension headers keep their spelling and are found in any case', () => {
  const message = parsed(request('OPTIONS', 'X-Caller-Class: gold\nContent-Length: 0\n\n'));
  expect(message.first('x-caller-class')).toBe('gold');
  expect(message.all('X-CALLER-CLASS')).toEqual(['gold']);
  expect(message.fields.some(([name]) => name === 'X-Caller-Class')).toBe(true);
  expect(message.first('X-Other')).toBeUndefined();
});

test('the star of a REGISTER is no contact', () => {
  const { message } = named('a star as Contact');
  expect([message!.contactIsStar, message!.contacts]).toEqual([true, []]);
});

test('a refused request still shows its Via, so that it can be answered', () => {
  const { message } = named('separators without parameters in Via');
  expect(message!.topVia).toMatchObject({ host: '203.0.113.1', port: 5060 });
});

test('what is missing reads as empty', () => {
  const { message } = named('no From, To and Call-ID');
  expect([message!.from.uri.text, message!.fromTag, message!.callId, message!.to.displayName]).toEqual([
    '',
    '',
    '',
    '',
  ]);
});

test('a message without a readable Via cannot be answered and is no message', () => {
  expect(parse(crlf('OPTIONS sip:a@b SIP/2.0\nVia: nonsense\n\n')).message).toBeUndefined();
});

test('no value holds a line end, whatever came', () => {
  const { message } = named('a CR within a value');
  for (const [, value] of message!.fields) expect(value).not.toMatch(/[\r\n]/);
});

test('a message with hundreds of flaws reports a few', () => {
  const { defects } = parse(crlf(request('OPTIONS', `${'no header\n'.repeat(200)}Content-Length: x\n\n`)));
  expect(defects.length).toBeLessThanOrEqual(16);
  expect(defects.some((defect) => defect.fatal && defect.code === 'malformed-content-length')).toBe(true);
});

test('a body is exact to the byte', () => {
  const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const head = crlf(request('MESSAGE', 'Content-Length: 256\n\n'));
  expect(parse(Buffer.concat([head, body])).message!.body).toEqual(Buffer.from(body));
});

test('a plain Uint8Array in the middle of a larger buffer is parsed like any other', () => {
  const whole = new Uint8Array(INVITE.bytes.length + 20);
  whole.set(INVITE.bytes, 7);
  const { message } = parse(whole.subarray(7, 7 + INVITE.bytes.length));
  expect(message!.callId).toBe('sample@203.0.113.1');
});
