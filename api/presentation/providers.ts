import { mayUse } from '../../core/authorization.ts';
import { PROVIDER_TERMS, type ProviderTerms } from '../../core/directory/provider-terms.ts';
import type { DialRoute, OutboundConfig, Provider } from '../../core/directory/records.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { ProviderNow } from '../../core/provider-states.ts';
import type { Reader } from './accounts.ts';
import { idOf, type Presented, timeOf, timesOf } from './values.ts';

/** Where each term stands in `metadata`. */
const NAMES: Readonly<Record<keyof ProviderTerms, string>> = {
  transport: 'transport',
  outboundProxy: 'outbound_proxy',
  username: 'username',
  password: 'password',
  fromUser: 'from_user',
  fromDomain: 'from_domain',
  identity: 'identity',
  diversion: 'diversion',
  offer: 'offer',
  callerNumbers: 'caller_numbers',
  numberFormat: 'number_format',
  country: 'country',
  numberRules: 'number_rules',
  headers: 'headers',
  number: 'number',
  numberFrom: 'number_from',
  trustsIdentity: 'trust_identity',
  addresses: 'addresses',
  registers: 'register',
  expiresS: 'expires',
  optionsIntervalS: 'options_interval',
  optionsFailuresMax: 'options_failures',
  callsMax: 'calls_max',
  callsPerSecondMax: 'calls_per_second_max',
};

/** RouteManagerProvider. `metadata` holds the terms that are not those of every provider. */
export function presentProvider(provider: Provider, reader: Reader, now: ProviderNow | undefined): Presented {
  return {
    id: provider.id,
    type: 'sip',
    hostname: provider.hostname,
    tech_prefix: provider.techPrefix,
    tech_postfix: provider.techPostfix,
    tech_headers: provider.techHeaders,
    metadata: metadataOf(provider.terms, reader !== 'events' && mayUse(reader, provider.customerId, PROJECT)),
    name: provider.name,
    detail: provider.detail,
    codecs: provider.codecs,
    health_status: now?.health ?? 'unknown',
    health_checked_at: timeOf(now?.healthyAt ?? null),
    registration: presentRegistration(now?.registration),
    ...timesOf(provider),
  };
}

/** Ours: `{}` where we do not register. */
function presentRegistration(registration: ProviderNow['registration']): Presented {
  if (registration === undefined) return {};
  const { state, status, detail, seenAs, at, endsAt, retryAt } = registration;
  return {
    state,
    status,
    detail,
    seen_as: seenAs,
    tm_change: timeOf(at),
    tm_expire: timeOf(endsAt),
    tm_retry: timeOf(retryAt),
  };
}

const PROJECT = PERMISSION.projectSuperAdmin;

function metadataOf(terms: ProviderTerms, showsPassword: boolean): Presented {
  const entries = Object.entries(NAMES).flatMap(([key, name]) => {
    const value = terms[key as keyof ProviderTerms];
    const isUsual = JSON.stringify(value) === JSON.stringify(PROVIDER_TERMS[key as keyof ProviderTerms]);
    if (isUsual) return [];
    return [[name, key === 'password' && !showsPassword ? '' : value]];
  });
  return Object.fromEntries(entries) as Presented;
}

/** RouteManagerRoute. */
export function presentDialRoute(route: DialRoute): Presented {
  return {
    id: route.id,
    customer_id: route.customerId,
    name: route.name,
    detail: route.detail,
    provider_id: route.providerId,
    priority: route.priority,
    target: route.target,
    ...timesOf(route),
  };
}

/** CallManagerOutboundConfig, with `calls_max` of our own. */
export function presentOutboundConfig(config: OutboundConfig): Presented {
  return {
    id: config.id,
    customer_id: config.customerId,
    name: config.name,
    detail: config.detail,
    destination_whitelist: config.destinationWhitelist,
    codecs: config.codecs,
    default_outgoing_source_number_id: idOf(config.defaultNumberId),
    calls_max: config.callsMax,
    ...timesOf(config),
  };
}
