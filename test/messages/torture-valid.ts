import { request } from './samples.ts';
import { EMPTY, invite, offer, outsider, register, type TortureCase, torture } from './torture.ts';

const LONG = 'extremely'.repeat(20);
/** Each line end becomes two bytes. */
const PARTS = '--7a9\nContent-Type: text/plain\n\nHello\n--7a9\n\n\0\0\x01\x02 \0 and more of it\n--7a9--';
const PARTS_LINES = PARTS.split('\n').length - 1;
const REGISTERED = '401, 200';

/** RFC 4475 §3.1.1: whatever it looks like, it is well formed. */
export const TORTURE_VALID: readonly TortureCase[] = [
  torture(
    'wsinv',
    '3.1.1.1',
    'folded lines, odd spaces and unknown headers are read; the dialog that it belongs to is unknown',
    '481',
    `INVITE sip:1001@example.com;nothingknown SIP/2.0
TO :
 sip:1001@example.com ;   tag    = b2
from   : "A \\\\\\"lice"       <sip:1000@example.com>
  ;
  tag = a1
mAx-FoRwArDs: 0070
Call-ID: torn@203.0.113.1
Content-Length   : 0
cseq: 0012
  INVITE
Via  : SIP  /   2.0
 /UDP
    203.0.113.1;branch=old
s :
NeverHeardOf:   one value
 continued
AlsoUnknown: ;;,,;;,;
v:  SIP  / 2.0  / TCP     spindle.example.net   ;
  branch  =   z9hG4bKsecond  ,
 SIP  /    2.0   / UDP  198.51.100.111   ; branch=
 z9hG4bKthird
m:"Quoted \\"\\"" <sip:1000@203.0.113.1> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

`,
  ),
  torture(
    'intmeth',
    '3.1.1.2',
    'a method of every character that a token may have is one that nobody implements',
    '501',
    request("!odd-Method0123456789_*+`.%indeed'~", EMPTY, "sip:1_odd.(to-be!sure)&isn't+it$/,/;;*:&+has=1@example.com"),
  ),
  torture(
    'esc01',
    '3.1.1.3',
    'an escaped SIPS URI in the user part is a user like another',
    'offered',
    invite('', 'sip:sips%3Auser%40example.com@example.com'),
  ),
  torture(
    'escnull',
    '3.1.1.4',
    'contacts with escaped nulls are two, and an address of record is not shortened at a null',
    '401, 403',
    register('Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>\n').replace(
      'To: <sip:1000@',
      'To: <sip:1000%00@',
    ),
  ),
  torture(
    'esc02',
    '3.1.1.5',
    'a % in a method is no escape: nobody implements it',
    '501',
    request('RE%47IST%45R', `Contact: <sip:a@203.0.113.1>\nC%6Fntact: <sip:b@203.0.113.1>\n${EMPTY}`),
  ),
  torture(
    'lwsdisp',
    '3.1.1.6',
    'a display name may touch the angle bracket',
    '200',
    request('OPTIONS', EMPTY).replace('"Alice" <', 'Alice<'),
  ),
  torture(
    'longreq',
    '3.1.1.7',
    'names, parameters and tags may be long',
    'offered',
    invite(`P-Long: ${LONG}\nVia: SIP/2.0/TCP sip${LONG.slice(0, 40)}.example.com;branch=z9hG4bK${LONG}\n`)
      .replace('tag=a1', `tag=${'12982'.repeat(40)};${LONG}=${LONG};${LONG}2`)
      .replace('To: <sip:1001@example.com>', `To: "${LONG} proportion"<sip:1001@example.com:6000;${LONG}=x;${LONG}3>`),
  ),
  torture(
    'dblreq',
    '3.1.1.8',
    'octets after the body are noise in a datagram, and the next message in a stream',
    { udp: REGISTERED, tcp: '401, 200, offered' },
    `${register('Contact: sip:1000@203.0.113.1\n')}\n\n${invite().replace('sample@', 'second@')}`,
  ),
  torture(
    'semiuri',
    '3.1.1.9',
    'a semicolon and an escaped @ belong to the user part',
    '200',
    request('OPTIONS', EMPTY, 'sip:user;par=u%40example.net@example.com'),
  ),
  torture(
    'transports',
    '3.1.1.10',
    'transports that nobody knows may stand in Via',
    '200',
    request(
      'OPTIONS',
      `Via: SIP/2.0/SCTP t2.example.com\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKu\n${EMPTY}`,
    ),
  ),
  torture(
    'mpart01',
    '3.1.1.11',
    'a body of several parts, with nulls, does not disturb what is around it',
    'messaged',
    outsider(
      request(
        'MESSAGE',
        `Content-Type: multipart/mixed;boundary=7a9\nContent-Length: ${PARTS.length + PARTS_LINES}\n\n${PARTS}`,
      ),
    ),
  ),
  torture(
    'unreason',
    '3.1.1.12',
    'a response with an unusual reason that nobody waits for is passed over',
    'silence',
    request('INVITE', EMPTY).replace(/^.*\n/, 'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое\n'),
  ),
  torture(
    'noreason',
    '3.1.1.13',
    'a response without a reason that nobody waits for is passed over',
    'silence',
    request('INVITE', EMPTY).replace(/^.*\n/, 'SIP/2.0 100 \n'),
  ),
  torture(
    'badbranch',
    '3.2.1',
    'a branch that is nothing but the magic cookie is served',
    '200',
    request('OPTIONS', EMPTY).replace('z9hG4bKsample1', 'z9hG4bK'),
  ),
  torture(
    'inv2543',
    '3.4.1',
    'an INVITE of RFC 2543 is served over UDP; a stream needs a Content-Length',
    { udp: 'offered', tcp: 'closed' },
    `INVITE sip:1001@example.com SIP/2.0
Via: SIP/2.0/UDP gateway.example.net
From: <sip:+13035550100@gateway.example.net;user=phone>
Record-Route: <sip:1001@example.com;maddr=192.0.2.9>
To: sip:+16505550101@example.net;user=phone
Call-ID: old@gateway.example.net
CSeq: 56 INVITE
${offer().replace(/Content-Length.*\n/, '')}`,
  ),
];
