import { buildUri, parseUri } from '../../sip/grammar/uri.ts';
import { defaultPort } from '../../sip/locating/goal.ts';

/** How SIP may travel from a command line. */
export const DIAL_TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
export type DialTransport = (typeof DIAL_TRANSPORTS)[number];

/** What the user dials, taken apart. */
export interface DialString {
  readonly user: string;
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: DialTransport;
  /** Request-URI. */
  readonly uri: string;
}

const EXPECTED = 'expected sip:NUMBER@HOST or sip:NUMBER@HOST:PORT';

/**
 * Reads `sip:1001@HOST[:PORT]`, with `;transport=tcp` or `tls` if so wished; a transport asked for beside it wins. What is wrong
 * otherwise: one sentence.
 */
export function readDialString(
  text: string,
  transport: DialTransport | undefined,
): DialString | { readonly wrong: string } {
  const uri = parseUri(text);
  if (uri === undefined || uri.scheme !== 'sip' || uri.user === '' || uri.host === '') {
    return { wrong: `${EXPECTED}, got ${text}` };
  }
  const { user, host, port } = uri;
  const asked = transport ?? uri.parameters.get('transport')?.toLowerCase() ?? 'udp';
  const named = DIAL_TRANSPORTS.find((one) => one === asked);
  if (named === undefined) return { wrong: `expected the transport udp, tcp or tls, got ${asked}` };
  const parameters = named === 'udp' ? undefined : new Map([['transport', named]]);
  const request = buildUri({ user, host, port, ...(parameters && { parameters }) });
  return { user, host, port: port === 0 ? defaultPort(named) : port, transport: named, uri: request.text };
}
