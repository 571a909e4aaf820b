import { isIP } from 'node:net';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import { serverOf } from '../locating/goal.ts';
import type { Uri } from '../message.ts';

/** How a peer is reached: where it was seen, and our listener that saw it. */
export interface Flow {
  readonly remote: TransportAddress;
  readonly localPort: number | undefined;
}

const LOOPBACK = '127.0.0.1';
const TRANSPORTS: ReadonlySet<string> = new Set(['udp', 'tcp', 'tls', 'ws', 'wss']);

/**
 * Where a request with this next URI goes (RFC 3261 §8.1.2, §18.1.1). The flow wins over the URI when it is a
 * connection, or when the URI names what cannot be reached from here: a private address that is not the one the peer
 * was seen at, so it sits behind NAT, or a name. Undefined when there is neither an address nor a flow.
 */
export function nextHop(uri: Uri, flow: Flow | undefined): TransportAddress | undefined {
  const seen = flow?.remote;
  if (seen !== undefined && seen.transport !== 'udp') return seen;
  const transport = transportOf(uri);
  const port = uri.port !== 0 ? uri.port : transport === 'tls' ? 5061 : 5060;
  // This name needs no server to be asked (RFC 6761 §6.3).
  const host = serverOf(uri);
  if (seen === undefined && host === 'localhost') return { transport, address: LOOPBACK, port };
  if (isIP(host) === 0 || isUnspecified(host)) return seen;
  if (seen !== undefined && isPrivateElsewhere(host, seen.address)) return seen;
  return { transport, address: host, port };
}

/** Whether the servers of this next URI must be looked up: a name that no connection spares us (RFC 3263 §4). */
export function isNamed(uri: Uri, flow: Flow): boolean {
  const host = serverOf(uri);
  return flow.remote.transport === 'udp' && isIP(host) === 0 && host.includes('.') && !LOCAL_NAME.test(host);
}

/**
 * Where a request in a dialog goes whose next URI is a name with these servers: to the one that the peer was seen at, else
 * to the first; as with an address, not to a private one that it was not seen at.
 */
export function locatedHop(targets: readonly TransportAddress[], { remote: seen }: Flow): TransportAddress {
  const isSeen = ({ transport, address }: TransportAddress): boolean =>
    address === seen.address && transport === seen.transport;
  const target = targets.find(isSeen) ?? targets[0];
  return target === undefined || isPrivateElsewhere(target.address, seen.address) ? seen : target;
}

/** The same URI fit for a Request-URI, where headers are not allowed (RFC 3261 §19.1.1 table 1). */
export function withoutHeaders(uri: Uri): Uri {
  if (uri.headers === '') return uri;
  return { ...uri, headers: '', text: uri.text.slice(0, uri.text.length - uri.headers.length - 1) };
}

/** Names that only a network of their own knows (RFC 6761, RFC 6762 §3): a peer that uses one is where it was seen. */
const LOCAL_NAME = /(^|\.)(local|localhost|invalid)\.?$/;

function transportOf(uri: Uri): TransportProtocol {
  const named = uri.parameters.get('transport')?.toLowerCase() ?? '';
  if (uri.scheme === 'sips') return named === 'ws' || named === 'wss' ? 'wss' : 'tls';
  return TRANSPORTS.has(named) ? (named as TransportProtocol) : 'udp';
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** A private address that is not the one the peer was seen at is behind NAT. */
export function isPrivateElsewhere(host: string, seen: string): boolean {
  return host !== seen && isPrivate(host);
}

/** RFC 1918, shared (RFC 6598), link-local and loopback addresses; ULA of IPv6. */
function isPrivate(host: string): boolean {
  if (host.includes(':')) return host === '::1' || /^f[cd]|^fe[89ab]/.test(host);
  const [a = 0, b = 0] = host.split('.').map(Number);
  if (a === 10 || a === 127) return true;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 100) return b >= 64 && b < 128;
  return (a === 192 && b === 168) || (a === 169 && b === 254);
}
