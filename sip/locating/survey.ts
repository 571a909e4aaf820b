import { isIpv4, isIpv6 } from '../../core/kernel/address-text.ts';
import { assert } from '../../core/kernel/assert.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import { defaultPort, defaultTransport, type Goal } from './goal.ts';
import { keyOf, type Outcome, type Query, type Records, type RecordType } from './records.ts';
import { inSrvOrder } from './srv-order.ts';

/** What this side can send over, what is preferred first. */
export interface Reachable {
  readonly transports: readonly TransportProtocol[];
  readonly families: readonly (4 | 6)[];
}

/**
 * What listeners at these hosts can send over; nothing is called over WebSocket. Media goes over IPv4 alone, so that of
 * both families IPv4 comes first, against RFC 6724 §2.1.
 */
export function reachableFrom(
  listeners: readonly { readonly transport: TransportProtocol; readonly host: string }[],
): Reachable {
  const transports = new Set(listeners.map(({ transport }) => transport));
  const families = new Set(listeners.map(({ host }) => (host.includes(':') ? 6 : 4)));
  return {
    transports: CALLED_OVER.filter((transport) => transports.has(transport)),
    families: ([4, 6] as const).filter((family) => families.has(family)),
  };
}

/** Outcomes by `keyOf` their queries. */
export type Known = ReadonlyMap<string, Outcome>;

export type Survey =
  /** These must be answered before more can be said. */
  | { readonly kind: 'asks'; readonly queries: readonly Query[] }
  /** In the order in which they are to be tried; maybe none. */
  | { readonly kind: 'found'; readonly targets: readonly TransportAddress[] };

/** A service whose servers are records, or one host. */
type Service =
  | { readonly kind: 'servers'; readonly transport: TransportProtocol; readonly name: string }
  | { readonly kind: 'host'; readonly transport: TransportProtocol; readonly name: string; readonly port: number };

type Host = Extract<Service, { kind: 'host' }>;

const CALLED_OVER: readonly TransportProtocol[] = ['udp', 'tcp', 'tls'];
/** Servers and services of one answer that are followed; a zone with more of them is not for calls. */
const RECORDS_MAX = 16;
/** Addresses that are tried for one request. */
const TARGETS_MAX = 16;

/** RFC 3263 §4.1; RFC 7118 §6 for WebSocket. */
const TRANSPORT_OF_SERVICE: ReadonlyMap<string, TransportProtocol> = new Map([
  ['SIPS+D2T', 'tls'],
  ['SIP+D2T', 'tcp'],
  ['SIP+D2U', 'udp'],
  ['SIP+D2W', 'ws'],
  ['SIPS+D2W', 'wss'],
]);
const SERVERS_OF_TRANSPORT: Readonly<Record<TransportProtocol, string>> = {
  udp: '_sip._udp',
  tcp: '_sip._tcp',
  tls: '_sips._tcp',
  ws: '_sip._ws',
  wss: '_sips._ws',
};
/** What is asked for by name is called over whether or not somebody listens for it. */
const SECURE: readonly TransportProtocol[] = ['tls'];
const TYPE_OF_FAMILY = { 4: 'A', 6: 'AAAA' } as const;

/**
 * How far what is known leads towards the servers of a name (RFC 3263 §4.1, §4.2; RFC 7984 §4 for both families). A
 * query that failed counts as one that found nothing: what is left may still lead there.
 */
export function survey(goal: Goal, known: Known, reachable: Reachable, random: Random): Survey {
  const services = servicesOf(goal, known, reachable);
  if (services === undefined) return { kind: 'asks', queries: [{ type: 'NAPTR', name: goal.host }] };
  const unserved = services.flatMap(({ kind, name }) => (kind === 'servers' ? missing('SRV', name, known) : []));
  if (unserved.length > 0) return { kind: 'asks', queries: unserved };
  const hosts = hostsOf(goal, services, known, random);
  const names = new Set(hosts.map(({ name }) => name));
  const unaddressed = [...names].flatMap((name) =>
    reachable.families.flatMap((family) => missing(TYPE_OF_FAMILY[family], name, known)),
  );
  if (unaddressed.length > 0) return { kind: 'asks', queries: unaddressed };
  const targets = hosts.flatMap(({ transport, name, port }) =>
    reachable.families
      .flatMap((family) => addressesOf(family, name, known))
      .map((address) => targetAt(address, port, transport, goal.host)),
  );
  return { kind: 'found', targets: distinct(targets).slice(0, TARGETS_MAX) };
}

/** A server that is spoken to over TLS must show a certificate for the name that was asked for (RFC 5922 §4). */
export function targetAt(address: string, port: number, transport: TransportProtocol, name: string): TransportAddress {
  return transport === 'tls' && name !== address ? { transport, address, port, name } : { transport, address, port };
}

/** Undefined when the NAPTR records must be known first. */
function servicesOf(goal: Goal, known: Known, { transports }: Reachable): readonly Service[] | undefined {
  const { host: name, port, isSecure } = goal;
  if (port !== 0) return [{ kind: 'host', transport: defaultTransport(goal), name, port }];
  if (goal.transport !== undefined) return [serversOf(goal.transport, name)];
  const outcome = known.get(keyOf({ type: 'NAPTR', name }));
  if (outcome === undefined) return undefined;
  const able = isSecure ? SECURE : transports;
  const named = outcome.kind === 'records' ? namedServices(outcome, able) : [];
  if (named.length > 0) return named;
  // Without NAPTR, `sip` asks for plain services (RFC 3263 §4.1).
  return able.filter((transport) => isSecure || transport !== 'tls').map((transport) => serversOf(transport, name));
}

function namedServices(found: Records, able: readonly TransportProtocol[]): readonly Service[] {
  assert(found.type === 'NAPTR', 'the answer has the type of its query');
  return found.records
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .slice(0, RECORDS_MAX)
    .flatMap(({ service, flags, regexp, replacement }): readonly Service[] => {
      const transport = TRANSPORT_OF_SERVICE.get(service.toUpperCase());
      const name = nameOf(replacement);
      if (transport === undefined || !able.includes(transport) || regexp !== '' || name === '') return [];
      if (flags.toLowerCase() === 's') return [{ kind: 'servers', transport, name }];
      return flags.toLowerCase() === 'a' ? [{ kind: 'host', transport, name, port: defaultPort(transport) }] : [];
    });
}

function serversOf(transport: TransportProtocol, name: string): Service {
  return { kind: 'servers', transport, name: `${SERVERS_OF_TRANSPORT[transport]}.${name}` };
}

/** Hosts in the order of their services. The name itself when it has no servers at all. */
function hostsOf(goal: Goal, services: readonly Service[], known: Known, random: Random): readonly Host[] {
  let isServed = false;
  const hosts = services.flatMap((service): readonly Host[] => {
    if (service.kind === 'host') {
      isServed = true;
      return [service];
    }
    const outcome = known.get(keyOf({ type: 'SRV', name: service.name }));
    if (outcome?.kind !== 'records') return [];
    isServed = true;
    assert(outcome.type === 'SRV', 'the answer has the type of its query');
    const followed = outcome.records.toSorted((a, b) => a.priority - b.priority).slice(0, RECORDS_MAX);
    return inSrvOrder(followed, random)
      .map(({ target, port }): Host => ({ kind: 'host', transport: service.transport, name: nameOf(target), port }))
      .filter(({ name, port }) => name !== '' && port !== 0);
  });
  if (isServed) return hosts;
  const transport = defaultTransport(goal);
  return [{ kind: 'host', transport, name: goal.host, port: defaultPort(transport) }];
}

function addressesOf(family: 4 | 6, name: string, known: Known): readonly string[] {
  const outcome = known.get(keyOf({ type: TYPE_OF_FAMILY[family], name }));
  if (outcome?.kind !== 'records') return [];
  assert(outcome.type === 'A' || outcome.type === 'AAAA', 'the answer has the type of its query');
  return outcome.records.filter((address) => (family === 4 ? isIpv4(address) : isIpv6(address)) && isOneHost(address));
}

/** Neither unspecified, nor multicast, nor reserved, nor an IPv4 address in disguise: nobody can be called there. */
function isOneHost(address: string): boolean {
  if (address.includes(':')) return !/^(::$|::ffff:|ff)/i.test(address);
  const first = Number(address.slice(0, address.indexOf('.')));
  return first > 0 && first < 224;
}

function missing(type: RecordType, name: string, known: Known): readonly Query[] {
  return known.has(keyOf({ type, name })) ? [] : [{ type, name }];
}

function nameOf(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

function distinct(targets: readonly TransportAddress[]): readonly TransportAddress[] {
  const byText = new Map<string, TransportAddress>();
  for (const target of targets) {
    const text = `${target.transport} ${target.address} ${target.port}`;
    if (!byText.has(text)) byText.set(text, target);
  }
  return [...byText.values()];
}
