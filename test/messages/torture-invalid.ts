import { request } from './samples.ts';
import { EMPTY, invite, offer, register, type TortureCase, torture } from './torture.ts';

/** An answer of somebody, to nobody's question. */
function response(line: string, more = ''): string {
  return request('INVITE', `${more}${EMPTY}`).replace(/^.*\n/, `${line}\n`);
}

/** RFC 4475 §3.1.2: it is not well formed. Where the RFC leaves a choice, what the parser can tell apart is refused. */
export const TORTURE_INVALID: readonly TortureCase[] = [
  torture(
    'badinv01',
    '3.1.2.1',
    'separators without parameters in Via and Contact are refused',
    '400',
    invite().replace('z9hG4bKsample1', 'z9hG4bKsample1;;,;,,').replace('@203.0.113.1>', '@203.0.113.1>;;;;'),
  ),
  torture(
    'clerr',
    '3.1.2.2',
    'a Content-Length beyond the datagram is refused; a stream may still bring the rest',
    { udp: '400', tcp: 'waits' },
    invite().replace(/Content-Length: \d+/, 'Content-Length: 9999'),
  ),
  torture(
    'ncl',
    '3.1.2.3',
    'a negative Content-Length is refused, and ends a stream',
    { udp: '400', tcp: '400 closed' },
    invite().replace(/Content-Length: \d+/, 'Content-Length: -999'),
  ),
  torture(
    'scalar02',
    '3.1.2.4',
    'a CSeq beyond 32 bits is refused; Max-Forwards and Expires would not have been',
    '400',
    register('Expires: 10000000000000000000\nContact: <sip:1000@203.0.113.1>;expires=280297596632815\n')
      .replace('CSeq: 1', 'CSeq: 36893488147419103232')
      .replace('Max-Forwards: 70', 'Max-Forwards: 300'),
  ),
  torture(
    'scalarlg',
    '3.1.2.5',
    'a response with a CSeq beyond 32 bits is dropped',
    'silence',
    response('SIP/2.0 503 Service Unavailable', 'Retry-After: 949302838503028349304023988\n').replace(
      'CSeq: 1',
      'CSeq: 9292394834772304023312',
    ),
  ),
  torture('quotbal', '3.1.2.6', 'an unclosed quote in To is refused', '400', invite().replace('To: ', 'To: "Mr. Bob ')),
  torture(
    'ltgtruri',
    '3.1.2.7',
    'a Request-URI in angle brackets is refused',
    '400',
    invite('', '<sip:1001@example.com>'),
  ),
  torture(
    'lwsruri',
    '3.1.2.8',
    'a space within the Request-URI is refused',
    '400',
    invite('', 'sip:1001@example.com; lr'),
  ),
  torture(
    'lwsstart',
    '3.1.2.9',
    'two spaces between the parts of the request line are refused',
    '400',
    invite().replace('INVITE sip:1001@example.com SIP', 'INVITE  sip:1001@example.com  SIP'),
  ),
  torture(
    'trws',
    '3.1.2.10',
    'spaces at the end of the request line are refused',
    '400',
    request('OPTIONS', EMPTY).replace('SIP/2.0\n', 'SIP/2.0  \n'),
  ),
  torture(
    'escruri',
    '3.1.2.11',
    'headers in the Request-URI are refused',
    '400',
    invite('', 'sip:1001@example.com?Route=%3Csip:example.com%3E'),
  ),
  torture(
    'baddate',
    '3.1.2.12',
    'a Date that is not GMT is read as if it were absent',
    'offered',
    invite('Date: Fri, 01 Jan 2010 16:00:00 EST\n'),
  ),
  torture(
    'regbadct',
    '3.1.2.13',
    'a Contact with headers but without angle brackets is refused',
    '400',
    register('Contact: sip:1000@203.0.113.1?Route=%3Csip:sip.example.com%3E\n'),
  ),
  torture(
    'badaspec',
    '3.1.2.14',
    'spaces within the angle brackets are refused',
    '400',
    request('OPTIONS', EMPTY).replace('<sip:1001@example.com>', '< sip:1001@example.com >'),
  ),
  torture(
    'baddn',
    '3.1.2.15',
    'a comma in a display name without quotes is refused',
    '400',
    request('OPTIONS', EMPTY).replace('"Alice"', 'Bell, Alexander'),
  ),
  torture(
    'badvers',
    '3.1.2.16',
    'another version of SIP is refused',
    '505',
    request('OPTIONS', EMPTY).replaceAll('SIP/2.0', 'SIP/7.0'),
  ),
  torture(
    'mismatch01',
    '3.1.2.17',
    'a CSeq of another method is refused',
    '400',
    request('OPTIONS', EMPTY).replace('1 OPTIONS', '1 INVITE'),
  ),
  torture(
    'mismatch02',
    '3.1.2.18',
    'of an unknown method with a CSeq of another one, the method is what matters',
    '501',
    request('NEWMETHOD', offer()).replace('1 NEWMETHOD', '1 INVITE'),
  ),
  torture(
    'bigcode',
    '3.1.2.19',
    'a response with a status of ten digits is dropped',
    'silence',
    response('SIP/2.0 4294967301 better not break the receiver'),
  ),
];
