import type { Cause } from '../calls/cause.ts';
import type { Directory } from '../directory/directory.ts';
import type { Binding, Extension } from '../directory/records.ts';
import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';

/** Who answers a dialled user part. */
export type Route =
  | { readonly kind: 'extension'; readonly extension: Extension; readonly bindings: readonly Binding[] }
  | { readonly kind: 'refused'; readonly cause: Cause };

/** Destination of a call inside a customer: an own extension, else nothing. A pure function of the directory. */
export function routeOf(directory: Directory, customerId: CustomerId, toUser: string, at: WallTime): Route {
  const extension = directory.extensionByName(customerId, toUser);
  if (extension === undefined) return { kind: 'refused', cause: 'not-found' };
  const bindings = directory.bindings(extension.id, at);
  if (bindings.length === 0) return { kind: 'refused', cause: 'unavailable' };
  return { kind: 'extension', extension, bindings };
}
