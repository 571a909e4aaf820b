import type { Address } from '../calls/address.ts';
import type { Cause } from '../calls/cause.ts';
import type { Directory } from '../directory/directory.ts';
import { type DialRoute, EVERYBODY, type Gateway, type PhoneNumber } from '../directory/records.ts';
import type { CustomerId, GatewayId } from '../kernel/ids.ts';
import { callingCodeOf, countryOfNumber } from './country-of-number.ts';
import { isEmergencyNumber } from './emergency-number.ts';
import { e164Candidates } from './numbering.ts';

/** A call to a number that is none of ours. */
export interface OutsideCall {
  readonly customerId: CustomerId;
  /** As it was dialled. */
  readonly dialled: string;
  readonly source: Address;
  /** The customer's own number that was called before, when the call is forwarded from it; or ''. */
  readonly forwardedFrom: string;
  /** The trunk that the call came from: it is not sent back there. */
  readonly cameFrom?: GatewayId | undefined;
}

/** One provider or own trunk that may carry the call, and as whose. */
export interface Carriage {
  readonly gateway: Gateway;
  /** E.164 with `+`; of an emergency, and by a trunk's own name, as it was dialled. */
  readonly number: string;
  /** E.164 with `+`; by a trunk's own name also an extension. */
  readonly caller: string;
  readonly forwardedFrom: string;
  readonly isEmergency: boolean;
}

export type Outside =
  | { readonly kind: 'carriages'; readonly carriages: readonly Carriage[] }
  | { readonly kind: 'refused'; readonly cause: Cause; readonly expected: string };

/**
 * Who carries a call outside, the first to be tried first, or why nobody does: no route leads there, the customer's list
 * of countries does not name that one, or there is no number to be shown. Emergencies pass every list. A pure function
 * of the directory.
 */
export function carriagesOf(directory: Directory, call: OutsideCall): Outside {
  const { customerId, dialled } = call;
  const isEmergency = isEmergencyNumber(dialled, directory.country);
  const number = isEmergency ? dialled : numberMeant(dialled, directory.country);
  if (number === undefined) return refused('not-found', 'a telephone number');
  const gateways = gatewaysFor(directory, customerId, number).filter(({ id }) => id !== call.cameFrom);
  if (gateways.length === 0) return refused('not-found', 'a number that a route leads to');
  if (!isEmergency && !mayCall(directory, customerId, number)) {
    return refused('forbidden', "a number in a country of the customer's destination_whitelist");
  }
  const carriages = gateways.flatMap((gateway): Carriage[] => {
    const caller = callerShown(directory, call, gateway);
    if (caller === undefined && !isEmergency) return [];
    return [{ gateway, number, caller: caller ?? '', forwardedFrom: call.forwardedFrom, isEmergency }];
  });
  if (carriages.length > 0) return { kind: 'carriages', carriages };
  return refused('forbidden', "a source that is an active number of the customer's, or a default source number");
}

/** To a customer's own trunk by its name, whatever is dialled there: who owns it knows what that means. */
export function carriageByName(directory: Directory, call: OutsideCall, gateway: Gateway): Carriage {
  const caller = callerShown(directory, call, gateway) ?? call.source.target;
  return { gateway, number: call.dialled, caller, forwardedFrom: call.forwardedFrom, isEmergency: false };
}

/** The likeliest number in a country that exists. */
function numberMeant(dialled: string, country: string): string | undefined {
  return e164Candidates(dialled, country).find((candidate) => countryOfNumber(candidate) !== undefined);
}

function mayCall(directory: Directory, customerId: CustomerId, number: string): boolean {
  const country = countryOfNumber(number);
  return country !== undefined && directory.destinationsOf(customerId).includes(country);
}

/**
 * The customer's routes to this very code, then its routes to everywhere, then the same of the routes that serve all
 * (platform §5.12); of those that are alike the smaller priority, then the newer. Each provider or trunk once, those
 * that are down behind the others.
 */
function gatewaysFor(directory: Directory, customerId: CustomerId, number: string): readonly Gateway[] {
  const code = number.startsWith('+') ? callingCodeOf(number) : '';
  const own = matching(directory.dialRoutesOf(customerId), code);
  const general = matching(directory.dialRoutesOf(EVERYBODY), code);
  const ids = [...new Set([...own, ...general].map(({ providerId }) => providerId))];
  const isUp = (id: GatewayId): boolean => !directory.isGatewayDown(id);
  return [...ids.filter(isUp), ...ids.filter((id) => !isUp(id))]
    .map((id) => directory.gateway(id))
    .filter((gateway) => gateway !== undefined);
}

function matching(routes: readonly DialRoute[], code: string): readonly DialRoute[] {
  const isExact = ({ target }: DialRoute): boolean => target !== 'all';
  return routes
    .filter(({ target }) => target === 'all' || (code !== '' && target.replace('+', '') === code))
    .sort((a, b) => Number(isExact(b)) - Number(isExact(a)) || a.priority - b.priority || b.createdAt - a.createdAt);
}

/** The number that is shown: the caller's, if it may be; else the customer's default; else that of the gateway. */
function callerShown(directory: Directory, call: OutsideCall, { terms }: Gateway): string | undefined {
  const { customerId, source, forwardedFrom } = call;
  const caller = numberMeant(source.target, directory.country);
  const own = caller === undefined ? undefined : directory.numberByE164(caller);
  if (own !== undefined && isUsable(own, customerId)) return own.number;
  if (terms.callerNumbers === 'any' && source.type === 'tel' && caller !== undefined && forwardedFrom !== '')
    return caller;
  const defaultId = directory.outboundConfigOf(customerId)?.defaultNumberId ?? null;
  const fallback = defaultId === null ? undefined : directory.numbers.get(defaultId);
  if (fallback !== undefined && isUsable(fallback, customerId)) return fallback.number;
  return terms.number === '' ? undefined : terms.number;
}

function isUsable({ customerId, status, type }: PhoneNumber, owner: CustomerId): boolean {
  return customerId === owner && status === 'active' && type === 'normal';
}

function refused(cause: Cause, expected: string): Outside {
  return { kind: 'refused', cause, expected };
}
