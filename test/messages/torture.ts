import { request } from './samples.ts';

/** A message of the kind that a section of RFC 4475 or RFC 5118 describes, and what the switch does with it. */
export interface TortureCase {
  /** Name of the message in the RFC. */
  readonly name: string;
  readonly section: string;
  /** What it is and what becomes of it, as a sentence. */
  readonly title: string;
  /** One of ours, of the same kind. */
  readonly bytes: Uint8Array;
  /**
   * What comes back over UDP: statuses, `silence`, or `offered` and `messaged` when the core is asked. A REGISTER that is challenged
   * is sent again with the password of its user.
   */
  readonly udp: string;
  /** The same over TCP, where the connection may be closed after it, or more may be waited for. */
  readonly tcp: string;
}

type Verdict = string | { readonly udp: string; readonly tcp: string };

/** Lines of `text` end in CRLF. */
export function torture(
  name: string,
  section: string,
  title: string,
  verdict: Verdict,
  text: string | Uint8Array,
): TortureCase {
  const bytes = typeof text === 'string' ? Buffer.from(text.replaceAll('\n', '\r\n')) : text;
  const { udp, tcp } = typeof verdict === 'string' ? { udp: verdict, tcp: verdict } : verdict;
  return { name, section, title, bytes, udp, tcp };
}

/** Headers of an empty body, and the empty line. */
export const EMPTY = 'Content-Length: 0\n\n';

const SDP = `v=0
o=mallory 1 1 IN IP4 203.0.113.1
s=-
c=IN IP4 203.0.113.1
t=0 0
m=audio 54400 RTP/AVP 0
m=video 54402 RTP/AVP 31
a=rtpmap:31 LPC
`;

/** The headers of an offer, and the offer. */
export function offer(sdp = SDP): string {
  return `Content-Type: application/sdp\nContent-Length: ${sdp.replaceAll('\n', '\r\n').length}\n\n${sdp}`;
}

/** An INVITE from outside with an offer; `more` are further headers. */
export function invite(more = '', uri?: string): string {
  return outsider(request('INVITE', `Contact: <sip:mallory@203.0.113.1>\n${more}${offer()}`, uri));
}

/** The same from somebody who is none of our extensions. */
export function outsider(text: string): string {
  return text.replace('"Alice" <sip:1000@example.com>', '"Mallory" <sip:mallory@example.net>');
}

/** A REGISTER of extension 1000; `more` are further headers. */
export function register(more: string, uri = 'sip:example.com'): string {
  return request('REGISTER', `${more}${EMPTY}`, uri).replace('To: <sip:1001@', 'To: <sip:1000@');
}
