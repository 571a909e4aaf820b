import type { Directory } from '../directory/directory.ts';
import type { Flow } from '../directory/records.ts';
import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { SignalingEvent } from '../ports.ts';
import { type Dialling, diallingOf, reachOutside } from '../routing/destination.ts';
import { routeOf } from '../routing/route.ts';
import { type Address, address } from './address.ts';
import type { CallRecord } from './call-record.ts';
import type { Cause } from './cause.ts';

/** Where somebody is transferred to. */
export type TransferTarget =
  | { readonly kind: 'phones'; readonly diallings: readonly Dialling[] }
  | { readonly kind: 'flow'; readonly flow: Flow }
  | { readonly kind: 'nobody'; readonly cause: Cause };

/** In whose right, and when. */
export interface Transferring {
  readonly customerId: CustomerId;
  readonly source: Address;
  readonly at: WallTime;
  /** ISO 3166-1 alpha-2, for national forms of numbers; '' for none. */
  readonly country: string;
}

/**
 * Whom a transfer reaches: what a phone may dial it may transfer to, and nothing else. Nobody is called at an address of
 * their own, so that a transfer opens no way that a call has not. A pure function of the directory.
 */
export function targetOf(
  directory: Directory,
  { customerId, source, at, country }: Transferring,
  { toUser, toHost }: Pick<Extract<SignalingEvent, { kind: 'referred' }>, 'toUser' | 'toHost'>,
): TransferTarget {
  const customer = toHost === '' ? directory.customers.get(customerId) : directory.customerForHost(toHost);
  if (customer?.id !== customerId) return { kind: 'nobody', cause: 'not-found' };
  const route = routeOf(directory, customerId, toUser, at, country);
  if (route.kind === 'number') return { kind: 'flow', flow: route.flow };
  if (route.kind === 'extension') {
    const destination = address('extension', toUser);
    const diallings = route.bindings.map((binding) => diallingOf(destination, route.extension, binding));
    return { kind: 'phones', diallings };
  }
  if (route.cause !== 'not-found' || route.number !== undefined) return { kind: 'nobody', cause: route.cause };
  if (customer.status !== 'active') return { kind: 'nobody', cause: 'forbidden' };
  const outside = reachOutside(directory, { customerId, source, forwardedFrom: '' }, address('tel', toUser));
  if (outside.kind === 'diallings') return { kind: 'phones', diallings: outside.diallings };
  return { kind: 'nobody', cause: outside.cause };
}

/** The party of a call, as others see it. */
export function addressOf({ direction, source, destination }: CallRecord): Address {
  return direction === 'incoming' ? source : destination;
}

/** A phone's call, or one that a trunk brought: neither a provider's, nor one to somebody outside. */
export function isOurs(record: CallRecord): boolean {
  return record.extensionId !== null || isBroughtByTrunk(record);
}

/** Who only carries a call has not proven anything: what it asks for is done for nobody. */
export function isBroughtByTrunk({ trunkId, direction }: CallRecord): boolean {
  return trunkId !== null && direction === 'incoming';
}

/** Whether both are calls of one phone or trunk. */
export function isSameParty(a: CallRecord, b: CallRecord): boolean {
  return a.customerId === b.customerId && a.extensionId === b.extensionId && a.trunkId === b.trunkId;
}
