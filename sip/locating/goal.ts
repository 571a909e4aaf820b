import { isAddress } from '../../core/kernel/address-text.ts';
import type { TransportProtocol } from '../../core/ports.ts';
import type { Uri } from '../message.ts';

/** What of a URI says where its server is (RFC 3263 §4). */
export interface Goal {
  /** Name or literal address, in lower case. */
  readonly host: string;
  /** 0 when none is named. */
  readonly port: number;
  /** Undefined when none is named. */
  readonly transport: TransportProtocol | undefined;
  /** Only TLS will do. */
  readonly isSecure: boolean;
}

const TRANSPORTS: ReadonlySet<string> = new Set(['udp', 'tcp', 'tls', 'ws', 'wss']);

export function goalOf(uri: Uri): Goal {
  const { scheme, port, parameters } = uri;
  const host = serverOf(uri);
  const isSecure = scheme === 'sips';
  const named = parameters.get('transport')?.toLowerCase() ?? '';
  const transport = TRANSPORTS.has(named) ? (named as TransportProtocol) : undefined;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return { host: name, port, transport: isSecure ? secured(transport) : transport, isSecure };
}

/**
 * Whom a request with this next URI is for, in lower case: `maddr` before the host (RFC 3263 §4). What is neither an
 * address of one host nor a name counts for nothing: nobody is called by multicast.
 */
export function serverOf({ host, parameters }: Uri): string {
  const named = parameters.get('maddr')?.toLowerCase();
  if (named === undefined) return host;
  const server = named.startsWith('[') && named.endsWith(']') ? named.slice(1, -1) : named;
  return (isAddress(server) ? !MULTICAST.test(server) : NAME.test(server)) ? server : host;
}

const MULTICAST = /^(?:22[4-9]|23\d)\.|^ff/;
/** RFC 3261 §25.1, hostname: its last label begins with a letter. */
const NAME = /^(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*\.?$/;

/** The transport when nothing else decides (RFC 3263 §4.1). */
export function defaultTransport({ transport, isSecure }: Goal): TransportProtocol {
  return transport ?? (isSecure ? 'tls' : 'udp');
}

/** RFC 3261 §19.1.2, RFC 7118 §5.1. */
export function defaultPort(transport: TransportProtocol): number {
  switch (transport) {
    case 'ws':
      return 80;
    case 'wss':
      return 443;
    case 'tls':
      return 5061;
    default:
      return 5060;
  }
}

/** RFC 3261 §26.2.2: with `sips`, a transport parameter names what TLS runs over. */
function secured(transport: TransportProtocol | undefined): TransportProtocol | undefined {
  if (transport === undefined) return undefined;
  return transport === 'ws' || transport === 'wss' ? 'wss' : 'tls';
}
