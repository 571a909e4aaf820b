import { isIP } from 'node:net';
import { buildUri, parseUri } from '../../sip/grammar/uri.ts';

/** What the user dials, taken apart. */
export interface DialString {
  readonly user: string;
  /** A name or an IPv4 address. */
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Request-URI. */
  readonly uri: string;
}

const EXPECTED = 'expected sip:NUMBER@HOST or sip:NUMBER@HOST:PORT';

/**
 * Reads `sip:1001@HOST[:PORT]`, with `;transport=tcp` if so wished; a transport asked for beside it wins. What is wrong
 * otherwise: one sentence.
 */
export function readDialString(
  text: string,
  transport: 'udp' | 'tcp' | undefined,
): DialString | { readonly wrong: string } {
  const uri = parseUri(text);
  if (uri === undefined || uri.scheme !== 'sip' || uri.user === '' || uri.host === '') {
    return { wrong: `${EXPECTED}, got ${text}` };
  }
  const { user, host, port } = uri;
  if (isIP(host) === 6)
    return { wrong: `expected a name or an IPv4 address, because media goes over IPv4 only, got ${host}` };
  const named = transport ?? uri.parameters.get('transport')?.toLowerCase() ?? 'udp';
  if (named !== 'udp' && named !== 'tcp') return { wrong: `expected the transport udp or tcp, got ${named}` };
  const parameters = named === 'udp' ? undefined : new Map([['transport', named]]);
  const request = buildUri({ user, host, port, ...(parameters && { parameters }) });
  return { user, host, port: port === 0 ? 5060 : port, transport: named, uri: request.text };
}
