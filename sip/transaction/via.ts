import type { TransportAddress } from '../../core/ports.ts';
import { formatHostPort } from '../grammar/host.ts';
import type { SentBy } from './layer-output.ts';

const START: Readonly<Record<TransportAddress['transport'], string>> = {
  udp: 'SIP/2.0/UDP ',
  tcp: 'SIP/2.0/TCP ',
  tls: 'SIP/2.0/TLS ',
  ws: 'SIP/2.0/WS ',
  wss: 'SIP/2.0/WSS ',
};

/** The Via of a request of ours (RFC 3261 §18.1.1, RFC 3581 §3). */
export function viaOf({ host, port, transport }: SentBy, branch: string): string {
  return `${START[transport]}${formatHostPort(host, port)};rport;branch=${branch}`;
}
