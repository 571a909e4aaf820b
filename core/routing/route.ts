import type { Cause } from '../calls/cause.ts';
import type { Directory } from '../directory/directory.ts';
import type { Binding, Extension, Flow, PhoneNumber } from '../directory/records.ts';
import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import { e164Candidates } from './numbering.ts';

/** Who answers a dialled user part. */
export type Route =
  | { readonly kind: 'extension'; readonly extension: Extension; readonly bindings: readonly Binding[] }
  | { readonly kind: 'number'; readonly number: PhoneNumber; readonly flow: Flow }
  /** `number` when it is the customer's own, and nothing answers it. */
  | { readonly kind: 'refused'; readonly cause: Cause; readonly number: PhoneNumber | undefined };

/**
 * Destination of a call of a customer's phone or trunk: an own extension, else an own number, else nothing. A pure
 * function of the directory; `country` is the one whose national forms are understood ('' for none).
 */
export function routeOf(
  directory: Directory,
  customerId: CustomerId,
  toUser: string,
  at: WallTime,
  country: string,
): Route {
  const extension = directory.extensionByName(customerId, toUser);
  if (extension !== undefined) {
    const bindings = directory.bindings(extension.id, at);
    if (bindings.length === 0) return { kind: 'refused', cause: 'unavailable', number: undefined };
    return { kind: 'extension', extension, bindings };
  }
  const number = ownNumber(directory, customerId, toUser, country);
  const flowId = number?.callFlowId ?? null;
  const flow = flowId === null ? undefined : directory.flows.get(flowId);
  if (number === undefined || flow === undefined) return { kind: 'refused', cause: 'not-found', number };
  return { kind: 'number', number, flow };
}

/** Neither an extension nor a number of ours. */
export function isOfNobody(route: Route): boolean {
  return route.kind === 'refused' && route.cause === 'not-found' && route.number === undefined;
}

/** What answers a number of any customer; undefined when nobody here has it. */
export function numberOfAnybody(
  directory: Directory,
  toUser: string,
  country: string,
): Exclude<Route, { kind: 'extension' }> | undefined {
  for (const candidate of e164Candidates(toUser, country)) {
    const number = directory.numberByE164(candidate);
    if (number?.status !== 'active') continue;
    const flow = number.callFlowId === null ? undefined : directory.flows.get(number.callFlowId);
    return flow === undefined ? { kind: 'refused', cause: 'not-found', number } : { kind: 'number', number, flow };
  }
  return undefined;
}

/** The customer's own active number that is meant, by short code or in any of its forms. */
export function ownNumber(
  directory: Directory,
  customerId: CustomerId,
  toUser: string,
  country: string,
): PhoneNumber | undefined {
  const short = directory.numberByShortCode(customerId, toUser);
  if (short?.status === 'active') return short;
  for (const candidate of e164Candidates(toUser, country)) {
    const number = directory.numberByE164(candidate);
    if (number?.customerId === customerId && number.status === 'active') return number;
  }
  return undefined;
}
