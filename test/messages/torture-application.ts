import { request } from './samples.ts';
import { EMPTY, invite, offer, register, type TortureCase, torture } from './torture.ts';

/** RFC 4475 §3.3: well formed, but something else is wrong, or only looks wrong. */
export const TORTURE_APPLICATION: readonly TortureCase[] = [
  torture(
    'insuf',
    '3.3.1',
    'a request without From, To and Call-ID is refused',
    '400',
    `INVITE sip:1001@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKinsufficient
${offer()}`,
  ),
  torture(
    'unkscm',
    '3.3.2',
    'a Request-URI of an unknown scheme is refused as such',
    '416',
    request('OPTIONS', EMPTY, 'nobodyKnows:opaque'),
  ),
  torture(
    'novelsc',
    '3.3.3',
    'a Request-URI of a known scheme that is not SIP is refused as such',
    '416',
    request('OPTIONS', EMPTY, 'soap.beep://203.0.113.103:3002'),
  ),
  torture(
    'unksm2',
    '3.3.4',
    'a REGISTER whose To is no SIP URI is refused, once its sender has proven who it is',
    '401, 400',
    register('Contact: <name:John_Smith>\n')
      .replace('"Alice" <sip:1000@example.com>', '<http://www.example.com>')
      .replace('<sip:1000@example.com>', 'isbn:2983792873'),
  ),
  torture(
    'bext01',
    '3.3.5',
    'extensions that are required and unknown are refused by their names',
    '420 nothingSupportsThis, norThis',
    request('OPTIONS', `Require: nothingSupportsThis, norThis\nProxy-Require: noProxy\n${EMPTY}`),
  ),
  torture(
    'invut',
    '3.3.6',
    'an offer in an unknown format is refused, with those that are known',
    '415 application/sdp',
    invite().replace('application/sdp', 'application/unknownformat'),
  ),
  torture(
    'regaut01',
    '3.3.7',
    'credentials of an unknown scheme prove nothing',
    '401, 200',
    register('Authorization: NoOneKnowsThisScheme opaque-data=here\n'),
  ),
  torture(
    'multi01',
    '3.3.8',
    'two values of what may come once are refused',
    '400',
    invite('CSeq: 59 INVITE\nCall-ID: other@203.0.113.2\nTo: sip:other@example.net\nMax-Forwards: 5\n'),
  ),
  torture(
    'mcl01',
    '3.3.9',
    'two different Content-Lengths are refused, and end a stream',
    { udp: '400', tcp: '400 closed' },
    request('OPTIONS', "Content-Length: 13\nContent-Length: 5\n\nThere's no way to know how many octets."),
  ),
  torture(
    'bcast',
    '3.3.10',
    'a response that came along a broadcast address is answered by nothing and goes nowhere',
    'silence',
    request('INVITE', `Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKbroad\n${offer()}`)
      .replace(/^.*\n/, 'SIP/2.0 200 OK\n')
      .replace('<sip:1001@example.com>', '<sip:1001@example.com>;tag=b2'),
  ),
  torture(
    'zeromf',
    '3.3.11',
    'a Max-Forwards of 0 does not matter where nothing is forwarded',
    '200',
    request('OPTIONS', EMPTY).replace('Max-Forwards: 70', 'Max-Forwards: 0'),
  ),
  torture(
    'zeromf INVITE',
    '3.3.11',
    'an INVITE with a Max-Forwards of 0 is refused: it would go on from here',
    '483',
    invite().replace('Max-Forwards: 70', 'Max-Forwards: 0'),
  ),
  torture(
    'cparam01',
    '3.3.12',
    'an unknown parameter of a Contact without angle brackets is the header’s',
    '401, 200',
    register('Contact: sip:+19725550122@203.0.113.1;unknownparam\n'),
  ),
  torture(
    'cparam02',
    '3.3.13',
    'an unknown parameter within the angle brackets is the URI’s',
    '401, 200',
    register('Contact: <sip:+19725550122@203.0.113.1;unknownparam>\n'),
  ),
  torture(
    'regescrt',
    '3.3.14',
    'headers in a Contact URI are part of the binding, not of the REGISTER',
    '401, 200',
    register('M: <sip:1000@203.0.113.1?Route=%3Csip:sip.example.com%3E>\n'),
  ),
  torture(
    'sdp01',
    '3.3.15',
    'an INVITE that accepts no session description cannot be answered',
    '406',
    invite('Accept: text/nobodyKnowsThis\n'),
  ),
];
