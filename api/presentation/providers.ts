import { mayUse } from '../../core/authorization.ts';
import { PROVIDER_TERMS } from '../../core/directory/provider-terms.ts';
import type { DialRoute, OutboundConfig, Provider } from '../../core/directory/records.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { ProviderNow } from '../../core/provider-states.ts';
import type { Reader } from './accounts.ts';
import { metadataOf, presentHealth } from './gateways.ts';
import { idOf, type Presented, timesOf } from './values.ts';

/** RouteManagerProvider. `metadata` holds the terms that are not those of every provider. */
export function presentProvider(provider: Provider, reader: Reader, now: ProviderNow | undefined): Presented {
  return {
    id: provider.id,
    type: 'sip',
    hostname: provider.hostname,
    tech_prefix: provider.techPrefix,
    tech_postfix: provider.techPostfix,
    tech_headers: provider.techHeaders,
    metadata: metadataOf(provider.terms, PROVIDER_TERMS, secretsFor(reader, provider)),
    name: provider.name,
    detail: provider.detail,
    codecs: provider.codecs,
    ...presentHealth(now),
    ...timesOf(provider),
  };
}

function secretsFor(reader: Reader, { customerId }: Provider): 'with the password' | 'without it' {
  if (reader === 'events') return 'without it';
  return mayUse(reader, customerId, PERMISSION.projectSuperAdmin) ? 'with the password' : 'without it';
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
