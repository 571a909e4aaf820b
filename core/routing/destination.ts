import type { Address } from '../calls/address.ts';
import type { Cause } from '../calls/cause.ts';
import type { Directory } from '../directory/directory.ts';
import type { Binding, Extension } from '../directory/records.ts';
import type { CustomerId, ExtensionId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { DialRequest, DialTarget, LegTerms, TransportAddress, TransportProtocol } from '../ports.ts';
import { mediaTermsOf } from './media-terms.ts';
import { carriageByName, carriagesOf, type OutsideCall } from './outside.ts';
import { type Carrier, diallingThrough } from './provider-dialling.ts';

/** One INVITE to send. */
export interface Dialling {
  /** The destination as it was asked for. */
  readonly destination: Address;
  readonly extensionId: ExtensionId | null;
  readonly target: DialTarget;
  /**
   * Where it goes to; media is placed so that it can be reached from there. Undefined for a name, whose servers are still
   * to be found.
   */
  readonly peer: TransportAddress | undefined;
  readonly toUser: string;
  /** In thousandths: of the phones of one caller, those with the highest ring first (RFC 3261 §16.6 step 2); 1000 when left out. */
  readonly q?: number;
  readonly credentials?: DialRequest['credentials'];
  /** Of its audio; undefined for those of everybody. */
  readonly media?: LegTerms | undefined;
  /** When a provider or an own trunk carries the call. */
  readonly carrier?: Carrier;
}

/** What a destination means: those to dial, all at once, or why nobody can be. */
export type Reach =
  | { readonly kind: 'diallings'; readonly diallings: readonly Dialling[]; readonly isGroup: boolean }
  | { readonly kind: 'refused'; readonly cause: Cause; readonly expected: string };

/** On whose behalf a destination is called. */
export type Calling = Omit<OutsideCall, 'dialled'>;

/**
 * Whom a call to this address reaches: an extension by each of its contacts, a SIP URI by itself or through the trunk that it
 * names, a number through a provider or an own trunk. A pure function of the directory.
 */
export function reachOf(directory: Directory, calling: Calling, destination: Address, at: WallTime): Reach {
  const { customerId } = calling;
  switch (destination.type) {
    case 'extension':
      return reachOfExtension(directory, customerId, destination, at);
    case 'sip':
      return (
        reachOfTrunk(directory, calling, destination) ??
        reachOfUri(destination, directory.outboundConfigOf(calling.customerId)?.codecs)
      );
    case 'tel':
      return reachOutside(directory, calling, destination);
    default:
      return refused('not-found', 'an address of type tel, extension or sip');
  }
}

/** A number that a provider carries the call to. */
export function reachOutside(directory: Directory, calling: Calling, destination: Address): Reach {
  const outside = carriagesOf(directory, { ...calling, dialled: destination.target });
  if (outside.kind === 'refused') return outside;
  const dialling = diallingThrough(destination, outside.carriages, directory.country);
  return { kind: 'diallings', diallings: dialling === undefined ? [] : [dialling], isGroup: false };
}

/** `sip:user@<name>.trunk.<domain>` of the customer's own trunk that calls go to; undefined for any other URI. */
function reachOfTrunk(directory: Directory, calling: Calling, destination: Address): Reach | undefined {
  const [, user = '', host = ''] = TRUNK_URI.exec(destination.target) ?? [];
  const trunk = user === '' ? undefined : directory.trunkForHost(host);
  const gateway = trunk?.customerId === calling.customerId ? directory.gateway(trunk.id) : undefined;
  if (gateway === undefined || gateway.id === calling.cameFrom) return undefined;
  const carriage = carriageByName(directory, { ...calling, dialled: user.replaceAll('%23', '#') }, gateway);
  const dialling = diallingThrough(destination, [carriage], directory.country);
  return { kind: 'diallings', diallings: dialling === undefined ? [] : [dialling], isGroup: false };
}

function reachOfExtension(directory: Directory, customerId: CustomerId, destination: Address, at: WallTime): Reach {
  const { target } = destination;
  const byId = directory.extensions.get(target as ExtensionId);
  const extension =
    directory.extensionByName(customerId, target) ?? (byId?.customerId === customerId ? byId : undefined);
  if (extension === undefined) return refused('not-found', 'an existing extension');
  const bindings = directory.bindings(extension.id, at);
  if (bindings.length === 0) return refused('unavailable', 'an extension that a phone is registered for');
  return {
    kind: 'diallings',
    diallings: bindings.map((binding) => diallingOf(destination, extension, binding)),
    isGroup: true,
  };
}

/** To one contact of an extension, by the flow that it registered over. */
export function diallingOf(destination: Address, extension: Extension, binding: Binding): Dialling {
  const { contact, path, localPort } = binding;
  const via: TransportAddress = { transport: binding.transport, address: binding.address, port: binding.port };
  const toUser = destination.type === 'extension' ? extension.extension : destination.target;
  const target = { contact, path, via, localPort };
  const media = mediaTermsOf(extension.codecs, extension.srtp);
  return { destination, extensionId: extension.id, target, peer: via, toUser, q: binding.q, media };
}

const TRUNK_URI = /^(?:sips?:)?([^@;?:\s<>"]+)@([a-z0-9.-]+\.trunk\.?[a-z0-9.-]*)$/i;

/** `sip:user@host:port;parameters`: what of it says where it goes. The user may be missing (RFC 3261 §19.1.1). */
const SIP_URI = /^sips?:(?:([^@;?]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?([;?].*)?$/i;
const IPV4 = /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/;
/** RFC 3261 §25.1: the last label begins with a letter, so that nothing is both a name and an address. */
const HOST_NAME = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?\.?$/i;
const HOST_NAME_MAX = 253;
const TRANSPORT = /;transport=(udp|tcp|tls|ws|wss)(?:[;?]|$)/i;
const SIP_PORT = 5060;
const SIPS_PORT = 5061;

function reachOfUri(destination: Address, codecs: string | undefined): Reach {
  const uri = /^sips?:/i.test(destination.target) ? destination.target : `sip:${destination.target}`;
  const match = SIP_URI.exec(uri);
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (match === null || /[\s<>"]/.test(uri) || (port !== undefined && (port < 1 || port > 65_535))) {
    return refused('not-found', 'a SIP URI such as sip:user@192.0.2.1:5060');
  }
  const [, userText = '', hostText = '', , parameters = ''] = match;
  const host = hostText.toLowerCase() === 'localhost' ? '127.0.0.1' : hostText.replace(/^\[|\]$/g, '');
  const isLiteral = IPV4.test(host) || host.includes(':');
  if (!isLiteral && (host.length > HOST_NAME_MAX || !HOST_NAME.test(host))) {
    return refused('not-found', 'a SIP URI with a host name or a literal address');
  }
  const isSecure = /^sips:/i.test(uri);
  const transport = (TRANSPORT.exec(parameters)?.[1]?.toLowerCase() ?? (isSecure ? 'tls' : 'udp')) as TransportProtocol;
  const address = { transport, address: host, port: port ?? (transport === 'tls' ? SIPS_PORT : SIP_PORT) };
  const peer = isLiteral ? address : undefined;
  const target: DialTarget = { contact: uri, path: [], via: undefined, localPort: undefined };
  const toUser = userText.split(':')[0]!;
  const dialling = { destination, extensionId: null, target, peer, toUser, media: mediaTermsOf(codecs, 'off') };
  return { kind: 'diallings', diallings: [dialling], isGroup: false };
}

function refused(cause: Cause, expected: string): Reach {
  return { kind: 'refused', cause, expected };
}
