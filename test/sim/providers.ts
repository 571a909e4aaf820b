import { PROVIDER_TERMS, type ProviderTerms } from '../../core/directory/provider-terms.ts';
import {
  type DialRoute,
  EVERYBODY,
  type Flow,
  type OutboundConfig,
  type PhoneNumber,
  type Provider,
} from '../../core/directory/records.ts';
import type { DialRouteId, FlowId, NumberId, OutboundConfigId, ProviderId } from '../../core/kernel/ids.ts';
import type { Scene } from './scene.ts';
import { CUSTOMER, EPOCH, type SimulatedSwitch } from './switch.ts';

const STAMPS = { createdAt: EPOCH, updatedAt: null, deletedAt: null };

/** The customer's own number, which is shown outside. */
export const OWN_NUMBER = '+4930123456';
/** Somebody outside. */
export const OUTSIDE = '+498912345678';

const ACTIONS = [
  { id: 'a', type: 'answer', option: {}, nextId: '' },
  { id: 'e', type: 'echo', option: { duration: 5_000 }, nextId: '' },
];
/** Answers the number that calls from outside are for. */
export const ECHO: Flow = {
  ...STAMPS,
  id: '9b000000-0000-4000-8000-000000000001' as FlowId,
  customerId: CUSTOMER,
  type: 'flow',
  name: '',
  detail: '',
  directHash: '',
  actions: ACTIONS as never,
  onCompleteFlowId: null,
};

export type Peer = Partial<Omit<Provider, 'terms'>> & { readonly terms?: Partial<ProviderTerms> };

/** The provider with this number, which calls to everywhere go through. OPTIONS and REGISTER are sent only if asked for. */
export function providerOf(number: number, { terms, ...rest }: Peer): Provider {
  return {
    ...STAMPS,
    id: `9f000000-0000-4000-8000-${String(number).padStart(12, '0')}` as ProviderId,
    customerId: CUSTOMER,
    name: `provider ${number}`,
    detail: '',
    hostname: 'carrier.example',
    techPrefix: '',
    techPostfix: '',
    techHeaders: {},
    codecs: '',
    terms: { ...PROVIDER_TERMS, optionsIntervalS: 0, ...terms },
    ...rest,
  };
}

/** A switch that calls out through these, the first one first, to Germany, and shows its one number. */
export function calleesThrough(tandem: SimulatedSwitch, providers: readonly Provider[], flow?: Flow): void {
  const number: PhoneNumber = {
    ...STAMPS,
    id: '9e000000-0000-4000-8000-000000000001' as NumberId,
    customerId: CUSTOMER,
    number: OWN_NUMBER,
    shortCode: '',
    type: 'normal',
    callFlowId: flow?.id ?? null,
    messageFlowId: null,
    name: '',
    detail: '',
    status: 'active',
    isRtpDebugged: false,
    purchasedAt: null,
    renewedAt: null,
  };
  const outbound: OutboundConfig = {
    ...STAMPS,
    id: '9d000000-0000-4000-8000-000000000001' as OutboundConfigId,
    customerId: CUSTOMER,
    name: '',
    detail: '',
    destinationWhitelist: ['de'],
    codecs: '',
    defaultNumberId: number.id,
    callsMax: 0,
  };
  const routes = providers.map(
    (provider, index): DialRoute => ({
      ...STAMPS,
      id: `9c000000-0000-4000-8000-${String(index).padStart(12, '0')}` as DialRouteId,
      customerId: EVERYBODY,
      name: '',
      detail: '',
      providerId: provider.id,
      priority: index,
      target: 'all',
    }),
  );
  // As after a start: from the store, and with everything begun that a start begins.
  tandem.store.write(
    [
      ...(flow === undefined ? [] : [{ kind: 'saveFlow', row: flow } as const]),
      { kind: 'saveNumber', row: number },
      { kind: 'saveOutboundConfig', row: outbound },
      ...providers.map((row) => ({ kind: 'saveProvider', row }) as const),
      ...routes.map((row) => ({ kind: 'saveDialRoute', row }) as const),
    ],
    0,
  );
  tandem.store.poll();
  tandem.crash();
  tandem.start(0);
}

/** Alice dials somebody outside at 1 s. */
export function dialsOut(scene: Scene, number = OUTSIDE, particulars: Parameters<Scene['phone']>[2] = {}) {
  const alice = scene.phone('alice', '1000', particulars);
  alice.plan(1_000, { kind: 'call', to: number });
  return alice;
}
