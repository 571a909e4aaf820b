import type { Address } from '../calls/address.ts';
import type { ProviderTerms } from '../directory/provider-terms.ts';
import { isAddress } from '../kernel/address-text.ts';
import type { GatewayId } from '../kernel/ids.ts';
import type { DialTarget, TransportAddress } from '../ports.ts';
import type { CarrierWishes } from '../provider-ports.ts';
import type { Dialling } from './destination.ts';
import { mediaTermsOf } from './media-terms.ts';
import { nationalForm } from './numbering.ts';
import type { Carriage } from './outside.ts';
import { rulesOfTechHeaders } from './provider-headers.ts';

/** What of a dialling is a provider's, or an own trunk's. */
export interface Carrier {
  readonly gatewayId: GatewayId;
  readonly wishes: CarrierWishes;
  readonly callsMax: number;
  readonly callsPerSecondMax: number;
  readonly isEmergency: boolean;
  /** Number shown to the callee. */
  readonly caller: string;
  readonly offer: 'early' | 'late';
  /** Tried when this provider fails. */
  readonly next: Dialling | undefined;
}

/** To the first of these providers, and to the others when it fails. */
export function diallingThrough(
  destination: Address,
  carriages: readonly Carriage[],
  country: string,
): Dialling | undefined {
  return carriages.reduceRight<Dialling | undefined>(
    (next, carriage) => diallingOf(destination, carriage, next, country),
    undefined,
  );
}

function diallingOf(destination: Address, carriage: Carriage, next: Dialling | undefined, country: string): Dialling {
  const { gateway, caller, isEmergency, forwardedFrom } = carriage;
  const { terms } = gateway;
  const own = terms.country === '' ? country : terms.country;
  const { host, port } = hostAndPort(gateway.hostname);
  const written = writtenNumber(carriage, terms, own);
  const toUser = `${gateway.techPrefix}${written}${gateway.techPostfix}`;
  const parameter = terms.transport === 'udp' ? '' : `;transport=${terms.transport}`;
  const hostText = host.includes(':') ? `[${host}]` : host;
  const contact = `sip:${encodedUser(toUser)}@${hostText}${port === 0 ? '' : `:${port}`}${parameter}`;
  const target: DialTarget = { contact, path: routeOf(terms), via: undefined, localPort: undefined };
  return {
    destination,
    extensionId: null,
    target,
    peer: terms.outboundProxy === '' ? literalPeer(host, port, terms) : undefined,
    toUser,
    carrier: {
      gatewayId: gateway.id,
      wishes: {
        gatewayId: gateway.id,
        fromUser: terms.fromUser,
        fromDomain: terms.fromDomain,
        identity: terms.identity,
        forwardedFrom: terms.diversion === 'diversion' ? inFormat(forwardedFrom, terms, own) : '',
        headers: [...rulesOfTechHeaders(gateway.techHeaders), ...terms.headers],
      },
      callsMax: terms.callsMax,
      callsPerSecondMax: terms.callsPerSecondMax,
      isEmergency,
      caller: inFormat(caller, terms, own),
      offer: terms.offer,
      next,
    },
    media: mediaTermsOf(gateway.codecs, terms.srtp),
    ...(terms.username === '' ? {} : { credentials: { username: terms.username, password: terms.password } }),
  };
}

/** `name`, `192.0.2.1:5080` or `[2001:db8::1]:5080`; port 0 when none is named. */
function hostAndPort(hostname: string): { readonly host: string; readonly port: number } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(hostname);
  return { host: (match?.[1] ?? hostname).replace(/^\[|\]$/g, ''), port: Number(match?.[2] ?? 0) };
}

/** Rewritten by the first rule that fits, else in the provider's form. Emergency numbers stay as they are. */
function writtenNumber({ number, isEmergency }: Carriage, terms: ProviderTerms, country: string): string {
  if (isEmergency) return number;
  const rule = terms.numberRules.find(({ prefix }) => number.startsWith(prefix));
  if (rule !== undefined) return rule.replacement + number.slice(rule.prefix.length);
  return inFormat(number, terms, country);
}

function inFormat(number: string, { numberFormat }: ProviderTerms, country: string): string {
  if (!number.startsWith('+') || numberFormat === 'e164') return number;
  return numberFormat === 'digits' ? number.slice(1) : nationalForm(number, country);
}

/** RFC 3261 §25.1: `#` does not stand in a user part as it is. */
function encodedUser(user: string): string {
  return user.replaceAll('#', '%23');
}

function routeOf({ outboundProxy }: ProviderTerms): readonly string[] {
  if (outboundProxy === '') return [];
  return [/;lr(?:[;=]|$)/i.test(outboundProxy) ? outboundProxy : `${outboundProxy};lr`];
}

function literalPeer(host: string, port: number, { transport }: ProviderTerms): TransportAddress | undefined {
  if (!isAddress(host)) return undefined;
  return { transport, address: host, port: port !== 0 ? port : transport === 'tls' ? 5061 : 5060 };
}
