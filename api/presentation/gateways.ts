import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import type { ProviderNow } from '../../core/provider-states.ts';
import { type Presented, timeOf } from './values.ts';

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
  srtp: 'srtp',
};

/** The terms that are not the `usual` ones. */
export function metadataOf(
  terms: ProviderTerms,
  usual: ProviderTerms,
  secrets: 'with the password' | 'without it',
): Presented {
  const entries = Object.entries(NAMES).flatMap(([key, name]) => {
    const value = terms[key as keyof ProviderTerms];
    if (JSON.stringify(value) === JSON.stringify(usual[key as keyof ProviderTerms])) return [];
    return [[name, key === 'password' && secrets === 'without it' ? '' : value]];
  });
  return Object.fromEntries(entries) as Presented;
}

/** How a provider or trunk is doing. */
export function presentHealth(now: ProviderNow | undefined) {
  return {
    health_status: now?.health ?? 'unknown',
    health_checked_at: timeOf(now?.healthyAt ?? null),
    registration: presentRegistration(now?.registration),
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
