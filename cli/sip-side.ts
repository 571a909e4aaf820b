import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import type { TransportAddress } from '../core/ports.ts';
import { Advertiser } from '../sip/transport/advertiser.ts';
import { LocalAddresses } from '../sip/transport/local-address.ts';
import { hostsOf, NameResolver } from '../sip/transport/name-resolver.ts';
import type { Listener } from '../sip/transport/transport.ts';
import { SipTransports } from '../sip/transport/transports.ts';
import type { Machines } from './assemble.ts';
import type { Ground } from './ground.ts';

const HOSTS_FILE = '/etc/hosts';

/** Binds the SIP listeners and joins them to the node. Throws PORT_IN_USE or ADDRESS_UNAVAILABLE. */
export async function openSip(
  machines: Machines,
  ground: Ground,
  settings: Settings,
  disposal: Disposal,
): Promise<SipTransports> {
  const { node, wake, effects, clock, trace } = machines;
  const advertiser = new Advertiser({
    addresses: await LocalAddresses.open(clock),
    advertise: settings.advertise,
    localNets: settings.localNet,
    boundHosts: settings.sip.map(({ host }) => host),
  });
  nameOwnHosts(ground, settings);
  const transports = await SipTransports.open(settings.sip, {
    // Connections of phones and trunks that are known do not make room for strangers.
    isHome: (address) =>
      ground.directory.hasBindingFrom(address) || ground.directory.trunkForSource(address) !== undefined,
    received: (packet) => {
      trace.message('received', packet.source, packet.bytes, clock);
      node.receive(packet, clock.now());
      wake();
    },
    failed: (destination) => {
      node.transportFailed(destination, clock.now());
      wake();
    },
  });
  disposal.add('sip', () => transports.close());
  const resolver = new NameResolver(
    (answer) => {
      node.receiveLookup(answer, clock.now());
      wake();
    },
    { hosts: systemHosts() },
  );
  disposal.add('names', () => resolver.close());
  effects.lookUp = (lookup) => resolver.ask(lookup);
  effects.send = ({ destination, localPort, bytes }) => transports.send(destination, localPort, bytes);
  effects.addressFor = (peer) => advertiser.addressFor(peer);
  effects.contactFor = (peer, localPort) => {
    const port = listenerTowards(transports.bound, peer, localPort)?.port ?? 5060;
    return { host: advertiser.addressFor(peer.address), port, transport: peer.transport };
  };
  return transports;
}

/** Names that the system's administrator has written down; read once, at the start. */
function systemHosts(): ReadonlyMap<string, readonly string[]> {
  try {
    return hostsOf(readFileSync(HOSTS_FILE, 'utf8'));
  } catch {
    return new Map();
  }
}

/**
 * The listener that a peer reaches us at: of those of its transport and family that it can reach the one with that
 * port, else the first; for UDP it is the socket that the message is sent from. When there is none, any of its transport.
 */
export function listenerTowards(
  bound: readonly Listener[],
  peer: TransportAddress,
  localPort: number | undefined,
): Listener | undefined {
  const family = isIP(peer.address);
  let alike: Listener | undefined;
  let able: Listener | undefined;
  for (const listener of bound) {
    if (listener.transport !== peer.transport) continue;
    alike ??= listener;
    if (isIP(listener.host) !== family || (isLoopback(listener.host) && !isLoopback(peer.address))) continue;
    if (listener.port === localPort) return listener;
    able ??= listener;
  }
  return able ?? alike;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Every address by which this machine is called means the first customer. */
function nameOwnHosts({ directory }: Ground, settings: Settings): void {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const { address } of interfaces) directory.addOwnHost(address);
  for (const { host } of settings.sip) directory.addOwnHost(host);
  if (settings.advertise !== '') directory.addOwnHost(settings.advertise);
  directory.addOwnHost('localhost');
}
