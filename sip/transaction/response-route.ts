import { isAddress } from '../../core/kernel/address-text.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { withSource } from '../grammar/via.ts';
import type { Request, Via } from '../message.ts';

/** RFC 3261 §18.1.1: port of a sent-by without one. */
const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061 } as const;

/**
 * Where responses go when the connection that the request came over is gone: to the port that the sender names, at the
 * address that it was seen at (RFC 3261 §18.2.2). Undefined when nobody listens there: behind NAT, or in a browser.
 */
export function reconnection(request: Request, lost: TransportAddress): TransportAddress | undefined {
  const { transport, address } = lost;
  const { host, port } = request.topVia;
  const isNamed = !isAddress(host);
  if ((transport !== 'tcp' && transport !== 'tls') || (!isNamed && host !== address) || host.endsWith('.invalid')) {
    return undefined;
  }
  const place = { transport, address, port: port === 0 ? DEFAULT_PORTS[transport] : port };
  return isNamed && transport === 'tls' ? { ...place, name: host } : place;
}

/** The request with what we saw of its source in the top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampSource(request: Request, source: TransportAddress): Request {
  const via = request.topVia;
  const wantsPort = via.parameters.has('rport');
  if (!wantsPort && via.host === source.address && !via.parameters.has('received')) return request;
  return request.withTopVia(withSource(via, source.address, wantsPort ? source.port : undefined));
}

/**
 * Where responses go: to the source. Over UDP without `rport` the RFC wants the port of sent-by (RFC 3261 §18.2.2);
 * a sender whose address was translated would never hear that, so it holds only when `maddr` or sent-by names the source.
 * A `maddr` elsewhere counts for nothing: whoever writes it would have us answer a third party.
 */
export function responseDestination(request: Request, source: TransportAddress): TransportAddress {
  const via = request.topVia;
  if (source.transport !== 'udp' || via.parameters.has('rport') || namedIn(via) !== source.address) return source;
  return { ...source, port: via.port === 0 ? DEFAULT_PORTS.udp : via.port };
}

/** Where a sender over UDP says that it listens. */
function namedIn({ parameters, host }: Via): string {
  return parameters.get('maddr') ?? host;
}
