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

export function goalOf({ scheme, host, port, parameters }: Uri): Goal {
  const isSecure = scheme === 'sips';
  const named = parameters.get('transport')?.toLowerCase() ?? '';
  const transport = TRANSPORTS.has(named) ? (named as TransportProtocol) : undefined;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return { host: name, port, transport: isSecure ? secured(transport) : transport, isSecure };
}

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
