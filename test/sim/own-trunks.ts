import { type ProviderTerms, TRUNK_TERMS } from '../../core/directory/provider-terms.ts';
import type { DialRoute, Trunk } from '../../core/directory/records.ts';
import type { DialRouteId, TrunkId } from '../../core/kernel/ids.ts';
import { CUSTOMER, EPOCH, type SimulatedSwitch } from './switch.ts';

const STAMPS = { createdAt: EPOCH, updatedAt: null, deletedAt: null, customerId: CUSTOMER, name: '', detail: '' };

export type OwnTrunk = Partial<Omit<Trunk, 'terms'>> & { readonly terms?: Partial<ProviderTerms> };

/** A customer's own exchange with this number, called `pbx1`. OPTIONS and REGISTER are sent only if asked for. */
export function ownTrunkOf(number: number, { terms, ...rest }: OwnTrunk): Trunk {
  return {
    ...STAMPS,
    id: `9a000000-0000-4000-8000-${String(number).padStart(12, '0')}` as TrunkId,
    domainName: `pbx${number}`,
    authTypes: ['ip'],
    username: '',
    password: '',
    allowedIps: [],
    hostname: '',
    codecs: '',
    terms: { ...TRUNK_TERMS, optionsIntervalS: 0, ...terms },
    ...rest,
  };
}

/** Stores trunks, with a route to everywhere by each that is called, for a start that follows. */
export function storeOwnTrunks(tandem: SimulatedSwitch, trunks: readonly Trunk[]): void {
  const routes = trunks
    .filter(({ hostname }) => hostname !== '')
    .map((trunk, index): DialRoute => {
      const id = `9b000000-0000-4000-8000-${String(index).padStart(12, '0')}` as DialRouteId;
      return { ...STAMPS, id, providerId: trunk.id, priority: index, target: 'all' };
    });
  tandem.store.write(
    [
      ...trunks.map((row) => ({ kind: 'saveTrunk', row }) as const),
      ...routes.map((row) => ({ kind: 'saveDialRoute', row }) as const),
    ],
    0,
  );
  tandem.store.poll();
}
