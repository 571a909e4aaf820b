import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import { LIMITS } from '../core/kernel/limits.ts';
import { type Log, Summary } from '../core/kernel/log.ts';
import type { TransportAddress } from '../core/ports.ts';
import { defaultPort } from '../sip/locating/goal.ts';
import { Advertiser } from '../sip/transport/advertiser.ts';
import { LocalAddresses } from '../sip/transport/local-address.ts';
import { hostsOf, NameResolver } from '../sip/transport/name-resolver.ts';
import type { Listener, TransportHandlers } from '../sip/transport/transport.ts';
import { SipTransports } from '../sip/transport/transports.ts';
import type { Machines } from './assemble.ts';
import { readIdentity, watchIdentity } from './certificate-files.ts';
import type { Ground } from './ground.ts';
import { hostPort } from './http-side.ts';
import { openSignallingSocket } from './signalling-socket.ts';

const HOSTS_FILE = '/etc/hosts';

/** Binds the SIP listeners and joins them to the node. Throws PORT_IN_USE, ADDRESS_UNAVAILABLE or INVALID_SETTING. */
export async function openSip(
  machines: Machines,
  ground: Ground,
  settings: Settings,
  log: Log,
  disposal: Disposal,
): Promise<SipTransports> {
  const complaints = new Summary(log, LIMITS.summaryIntervalMs);
  const { node, wake, effects, clock, trace } = machines;
  const advertiser = new Advertiser({
    addresses: await LocalAddresses.open(clock),
    advertise: settings.advertise,
    localNets: settings.localNet,
    boundHosts: settings.sip.map(({ host }) => host),
  });
  nameOwnHosts(ground, settings);
  const identity = readIdentity(settings);
  const handlers: TransportHandlers = {
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
    complained: ({ transport, address, port, name }, why) => {
      const place = `${name === undefined ? '' : `${name} `}${hostPort(address, port)}`;
      complaints.warn(`no connection over ${transport} to ${place}: ${why}`, clock.now());
    },
  };
  const transports = await SipTransports.open(settings.sip, handlers, { identity, openMarked: openSignallingSocket });
  disposal.add('sip', () => transports.close());
  const watch = watchIdentity(settings, transports, log);
  disposal.add('certificates', () => watch.close());
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
  effects.probe = () => transports.probe();
  effects.contactFor = (peer, localPort) => {
    const port = listenerTowards(transports.bound, peer, localPort)?.port ?? defaultPort(peer.transport);
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
  for (const address of settings.advertise) directory.addOwnHost(address);
  directory.addOwnHost('localhost');
}
