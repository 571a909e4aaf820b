import { request } from './samples.ts';
import { EMPTY, offer, outsider, register, type TortureCase, torture } from './torture.ts';

const IPV6_SDP = `v=0
o=assistant 971731711378798081 0 IN IP6 2001:db8::20
s=-
c=IN IP6 2001:db8::20
t=0 0
m=audio 6000 RTP/AVP 0
m=video 6024 RTP/AVP 107
`;
const CONTACT = 'Contact: "Caller" <sip:1000@[2001:db8::1]>\n';

function inviteWith(sdp: string, contact = 'sip:mallory@[2001:db8::20]', uri = 'sip:1001@[2001:db8::10]'): string {
  return outsider(request('INVITE', `Contact: <${contact}>\n${offer(sdp)}`, uri)).replace(
    '203.0.113.1:5060',
    '[2001:db8::20]',
  );
}

/** RFC 5118: what goes wrong with IPv6. */
export const TORTURE_IPV6: readonly TortureCase[] = [
  torture(
    'ipv6-good',
    '4.1',
    'a Request-URI that is an IPv6 reference is read',
    '401, 200',
    register(CONTACT, 'sip:[2001:db8::10]'),
  ),
  torture(
    'ipv6-bad',
    '4.2',
    'an IPv6 address without brackets is refused',
    '400',
    register(CONTACT, 'sip:2001:db8::10'),
  ),
  torture(
    'port-ambiguous',
    '4.3',
    'a port within the brackets is part of the address',
    '401, 200',
    register(CONTACT, 'sip:[2001:db8::10:5070]'),
  ),
  torture(
    'port-unambiguous',
    '4.4',
    'a port behind the brackets is a port',
    '401, 200',
    register(CONTACT, 'sip:[2001:db8::10]:5070'),
  ),
  torture(
    'via-received-param-with-delim',
    '4.5',
    'received may have brackets around an IPv6 address',
    '481',
    request('BYE', EMPTY)
      .replace('203.0.113.1:5060', '[2001:db8::9:1];received=[2001:db8::9:255]')
      .replace('To: <sip:1001@example.com>', 'To: <sip:1001@example.com>;tag=b2'),
  ),
  torture(
    'via-received-param-no-delim',
    '4.5',
    'received may have no brackets around an IPv6 address',
    '200',
    request('OPTIONS', EMPTY).replace('203.0.113.1:5060', '[2001:db8::9:1];received=2001:db8::9:255'),
  ),
  torture('ipv6-in-sdp', '4.6', 'a session description may have IPv6 addresses', 'offered', inviteWith(IPV6_SDP)),
  torture(
    'mult-ip-in-header',
    '4.7',
    'IPv4 and IPv6 addresses may stand beside each other in Via',
    '481',
    request('BYE', `Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bKthree;received=192.0.2.200\n${EMPTY}`)
      .replace('Via:', 'Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKone\nVia:')
      .replace('To: <sip:1001@example.com>', 'To: <sip:1001@example.com>;tag=b2'),
  ),
  torture(
    'mult-ip-in-sdp',
    '4.8',
    'IPv4 and IPv6 addresses may stand beside each other in a session description',
    'offered',
    inviteWith(IPV6_SDP.replace('c=IN IP6 2001:db8::20\n', '').replace('RTP/AVP 0', 'RTP/AVP 0\nc=IN IP4 192.0.2.1')),
  ),
  torture(
    'ipv4-mapped-ipv6',
    '4.9',
    'IPv4-mapped addresses are IPv6 addresses',
    'offered',
    inviteWith(IPV6_SDP.replaceAll('2001:db8::20', '::ffff:192.0.2.2'), 'sip:mallory@[::ffff:192.0.2.2]').replace(
      '[2001:db8::20]',
      '[::ffff:192.0.2.10]:19823',
    ),
  ),
  torture(
    'ipv6-bug-abnf-3-colons',
    '4.10',
    'three colons before an IPv4 part, as the grammar once had them, are put up with',
    '200',
    request('OPTIONS', EMPTY, 'sip:1001@[2001:db8:::192.0.2.1]'),
  ),
  torture(
    'ipv6-correct-abnf-2-colons',
    '4.10',
    'two colons before an IPv4 part are right',
    '200',
    request('OPTIONS', EMPTY, 'sip:1001@[2001:db8::192.0.2.1]'),
  ),
];
