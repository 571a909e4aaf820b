/** A message as it comes off the wire, and what the parser makes of it. */
export interface Sample {
  readonly name: string;
  /** Lines end in CRLF. */
  readonly bytes: Uint8Array;
  /** Codes of the fatal defects, in order. */
  readonly fatal: readonly string[];
  /** Codes of the others. */
  readonly minor: readonly string[];
  /** What a UAS answers; 0 for silence; 200 when it goes on to process the message. */
  readonly status: number;
}

const CRLF = '\r\n';

function sample(name: string, text: string, verdict: Partial<Omit<Sample, 'name' | 'bytes'>> = {}): Sample {
  const bytes = Buffer.from(text.replaceAll('\n', CRLF));
  return { name, bytes, fatal: [], minor: [], status: 200, ...verdict };
}

const SDP = `v=0
o=- 20518 0 IN IP4 203.0.113.1
s=-
c=IN IP4 203.0.113.1
t=0 0
m=audio 54400 RTP/AVP 0 101
a=rtpmap:101 telephone-event/8000
`;
const SDP_BYTES = SDP.replaceAll('\n', CRLF).length;

/** A request line and the headers that every request has. */
export function request(method: string, more = '', uri = 'sip:1001@example.com'): string {
  return `${method} ${uri} SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKsample1
Max-Forwards: 70
From: "Alice" <sip:1000@example.com>;tag=a1
To: <sip:1001@example.com>
Call-ID: sample@203.0.113.1
CSeq: 1 ${method}
${more}`;
}

function response(line: string, more = ''): string {
  return `${line}
Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKours;received=203.0.113.9
From: <sip:1000@example.com>;tag=a1
To: <sip:1001@example.com>;tag=b2
Call-ID: sample@203.0.113.9
CSeq: 1 INVITE
${more}Content-Length: 0

`;
}

export const INVITE: Sample = sample(
  'INVITE with a session description',
  request(
    'INVITE',
    `Contact: <sip:1000@203.0.113.1:5060>\nContent-Type: application/sdp\nContent-Length: ${SDP_BYTES}\n\n${SDP}`,
  ),
);

const WELL_FORMED: readonly Sample[] = [
  INVITE,
  sample(
    'compact forms and odd case',
    `SUBSCRIBE sip:1001@example.com SIP/2.0
v: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKc
F: <sip:1000@example.com>;TAG=a1
T: <sip:1001@example.com>
i: compact@203.0.113.1
cSEQ: 7 SUBSCRIBE
mAx-fOrWaRdS: 70
o: message-summary
m: <sip:1000@203.0.113.1>
k: timer
L: 0

`,
  ),
  sample(
    'folded lines and space around every separator',
    `OPTIONS sip:1001@example.com SIP/2.0
Via  :  SIP  /  2.0
 /UDP
	203.0.113.1  :  5060  ;
  branch  =  z9hG4bKfold
From: "Folded
 name"  <sip:1000@example.com>
  ;  tag  =  a1
To  : sip:1001@example.com  ;  note
Call-ID: fold@203.0.113.1
CSeq: 0007
 OPTIONS
Content-Length  : 0

`,
  ),
  sample(
    'several Via values in one field and in two',
    request(
      'BYE',
      `Via: SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bK2, SIP/2.0/SCTP proxy.example.net;received=2001:db8::7
l: 0

`,
    ),
  ),
  sample(
    'a quote with comma, semicolon, bracket and escapes in the display name',
    request(
      'OPTIONS',
      `Contact: "A, B; <C> \\"D\\"" <sip:x@203.0.113.1>, <sip:y,z@203.0.113.1;lr>;q=0.5
Content-Length: 0

`,
    ),
  ),
  sample('octets after the body are ignored', request('OPTIONS', `Content-Length: 4\n\nbodyINVITE sip:x@y SIP/2.0\n`)),
  sample('a body without Content-Length', request('MESSAGE', 'Content-Type: text/plain\n\nhello')),
  sample('line ends before the start line', `\n\n${request('OPTIONS', 'Content-Length: 0\n\n')}`),
  sample('an unknown URI scheme', request('OPTIONS', 'Content-Length: 0\n\n', 'nobody-knows:this')),
  sample('a tel URI', request('INVITE', 'Content-Length: 0\n\n', 'tel:+1-201-555-0123;phone-context=example.com')),
  sample(
    'IPv6 everywhere',
    request('OPTIONS', `Contact: <sip:1000@[2001:db8::1]:5070>\nContent-Length: 0\n\n`, 'sip:[2001:db8::10]'),
  ),
  sample(
    'a display name in UTF-8 without quotes',
    request('OPTIONS', 'Contact: Jörg Müller <sip:j@203.0.113.1>\nContent-Length: 0\n\n'),
  ),
  sample(
    'no Max-Forwards and no From tag, as RFC 2543 wrote',
    `OPTIONS sip:1001@example.com SIP/2.0
Via: SIP/2.0/UDP old.example.com
From: sip:1000@example.com
To: sip:1001@example.com
Call-ID: old@example.com
CSeq: 3 OPTIONS

`,
  ),
  sample('a 200 with an unusual reason', response('SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое')),
  sample('a response without reason', response('SIP/2.0 100 ')),
  sample('a response without reason and without the space', response('SIP/2.0 100')),
  sample('a star as Contact', request('REGISTER', 'Contact: *\nExpires: 0\nContent-Length: 0\n\n', 'sip:example.com')),
  { ...sample('only LF as line end', ''), bytes: Buffer.from(request('OPTIONS', 'Content-Length: 2\n\nhi')) },
];

const TOLERATED: readonly Sample[] = [
  sample('a date that is not GMT', request('OPTIONS', 'Date: Fri, 01 Jan 2010 16:00:00 EST\nContent-Length: 0\n\n'), {
    minor: ['malformed-date'],
  }),
  sample('an Expires beyond 32 bits', request('REGISTER', 'Expires: 10000000000000\nContent-Length: 0\n\n'), {
    minor: ['malformed-expires'],
  }),
  sample('a line that is no header', request('OPTIONS', 'this is no header\nX y: z\nContent-Length: 0\n\n'), {
    minor: ['malformed-header', 'malformed-header'],
  }),
  sample(
    'a response with one Contact that cannot be read',
    response('SIP/2.0 300 Multiple Choices', 'Contact: <sip:a@b>, "broken\n'),
    { minor: ['malformed-contact'] },
  ),
];

const bad = (name: string, text: string, fatal: readonly string[], status = 400): Sample =>
  sample(name, text, { fatal, status });

const REFUSED: readonly Sample[] = [
  bad('two spaces in the request line', request('OPTIONS', 'Content-Length: 0\n\n', ' sip:1001@example.com'), [
    'malformed-request-uri',
  ]),
  bad(
    'spaces at the end of the request line',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('SIP/2.0\n', 'SIP/2.0  \n'),
    ['malformed-start-line'],
  ),
  bad('a Request-URI in angle brackets', request('OPTIONS', 'Content-Length: 0\n\n', '<sip:1001@example.com>'), [
    'malformed-request-uri',
  ]),
  bad('a space in the Request-URI', request('OPTIONS', 'Content-Length: 0\n\n', 'sip:1001@example.com; lr'), [
    'malformed-request-uri',
  ]),
  bad(
    'headers in the Request-URI',
    request('OPTIONS', 'Content-Length: 0\n\n', 'sip:1001@example.com?Route=%3Csip:x%3E'),
    ['headers-in-request-uri'],
  ),
  bad('an IPv6 address without brackets', request('OPTIONS', 'Content-Length: 0\n\n', 'sip:2001:db8::10'), [
    'malformed-request-uri',
  ]),
  bad(
    'another SIP version',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('SIP/2.0\n', 'SIP/7.0\n'),
    ['unsupported-version'],
    505,
  ),
  bad(
    'no From, To and Call-ID',
    `INVITE sip:1001@example.com SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx
CSeq: 1 INVITE

`,
    ['missing-from', 'missing-to', 'missing-call-id'],
  ),
  bad(
    'separators without parameters in Via',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('z9hG4bKsample1', 'z9hG4bKsample1;;,;,,'),
    ['malformed-via'],
  ),
  bad('a malformed second Via', request('OPTIONS', 'Via: nonsense\nContent-Length: 0\n\n'), ['malformed-via']),
  bad('an unclosed quote in To', request('OPTIONS', 'Content-Length: 0\n\n').replace('To: ', 'To: "Bob '), [
    'malformed-to',
  ]),
  bad(
    'an unquoted comma in the display name',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('"Alice"', 'Bell, Alexander'),
    ['malformed-from'],
  ),
  bad(
    'spaces within the angle brackets',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('<sip:1001@example.com>', '< sip:1001@example.com >'),
    ['malformed-to'],
  ),
  bad('two tags', request('OPTIONS', 'Content-Length: 0\n\n').replace('tag=a1', 'tag=a1;tag=a2'), ['malformed-from']),
  bad('two To and two Call-ID', request('OPTIONS', 'To: <sip:x@y>\ni: other\nContent-Length: 0\n\n'), [
    'repeated-to',
    'repeated-call-id',
  ]),
  bad('two lengths', request('OPTIONS', 'Content-Length: 2\nl: 3\n\nhi!'), ['repeated-content-length']),
  bad('a negative length', request('OPTIONS', 'Content-Length: -999\n\nhi'), ['malformed-content-length']),
  bad('a length in words', request('OPTIONS', 'Content-Length: five\n\nhello'), ['malformed-content-length']),
  bad('a length beyond the datagram', request('OPTIONS', 'Content-Length: 9999\n\nhi'), [
    'content-length-beyond-datagram',
  ]),
  bad(
    'a CSeq number beyond 32 bits',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('CSeq: 1', 'CSeq: 36893488147419103232'),
    ['malformed-cseq'],
  ),
  bad(
    'a CSeq of another method',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('CSeq: 1 OPTIONS', 'CSeq: 1 INVITE'),
    ['cseq-method-mismatch'],
  ),
  bad(
    'headers of a bare Contact URI',
    request('REGISTER', 'Contact: sip:1000@203.0.113.1?Route=%3Csip:x%3E\nContent-Length: 0\n\n'),
    ['malformed-contact'],
  ),
  bad('no empty line', request('OPTIONS', 'Content-Length: 0\n'), ['unterminated-head']),
  bad('a CR within a value', request('OPTIONS', 'Subject: a\rVia: b\nContent-Length: 0\n\n'), ['bare-cr']),
  bad('257 headers', request('OPTIONS', `${'X: y\n'.repeat(251)}\n`), ['too-many-headers']),
  bad('a head of 20 kB', request('OPTIONS', `Subject: ${'x'.repeat(20_000)}\n\n`), ['head-too-large'], 513),
];

const DROPPED: readonly Sample[] = [
  bad(
    'an ACK that should be refused is never answered',
    request('ACK', 'Content-Length: -1\n\n'),
    ['malformed-content-length'],
    0,
  ),
  bad(
    'a response with a CSeq beyond 32 bits',
    response('SIP/2.0 503 Service Unavailable').replace('CSeq: 1', 'CSeq: 9292394834772304023312'),
    ['malformed-cseq'],
    0,
  ),
  bad(
    'a status of ten digits',
    response('SIP/2.0 4294967301 better not break the receiver'),
    ['malformed-start-line'],
    0,
  ),
  bad(
    'an empty Via before one that can be read',
    request('OPTIONS', 'Content-Length: 0\n\n').replace('Via:', 'Via:\nVia:'),
    ['malformed-via'],
    0,
  ),
  bad('line ends alone, as keep-alive', '\n\n', ['empty'], 0),
  bad('nothing at all', '', ['empty'], 0),
  bad('another protocol', 'GET / HTTP/1.1\nHost: example.com\n\n', ['malformed-start-line'], 0),
];

export const SAMPLES: readonly Sample[] = [...WELL_FORMED, ...TOLERATED, ...REFUSED, ...DROPPED];
