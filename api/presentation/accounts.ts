import { mayUse } from '../../core/authorization.ts';
import type { Principal } from '../../core/command.ts';
import { TRUNK_TERMS } from '../../core/directory/provider-terms.ts';
import {
  type Accesskey,
  type Agent,
  type Binding,
  type Extension,
  PERMISSION,
  type PhoneNumber,
  type Trunk,
} from '../../core/directory/records.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import { revealed, type Secret } from '../../core/kernel/secret.ts';
import { rfc3339 } from '../../core/kernel/time.ts';
import type { ProviderNow } from '../../core/provider-states.ts';
import { metadataOf, presentHealth } from './gateways.ts';
import { idOf, type Presented, timeOf, timesOf } from './values.ts';

/** Who reads: passwords are for admins of the customer alone, everybody else and every event gets an empty one. */
export type Reader = Principal | 'events';

/** AgentManagerAgent. The password's hash never leaves. */
export function presentAgent(agent: Agent): Presented {
  return {
    id: agent.id,
    customer_id: agent.customerId,
    username: agent.username,
    name: agent.name,
    detail: agent.detail,
    ring_method: 'ringall',
    status: 'offline',
    permission: agent.permission,
    tag_ids: [],
    addresses: [],
    direct_hash: '',
    ...timesOf(agent),
  };
}

/** CustomerManagerAccesskey. `token` is given once, right after it was made. */
export function presentAccesskey(accesskey: Accesskey, token = ''): Presented {
  return {
    id: accesskey.id,
    customer_id: accesskey.customerId,
    name: accesskey.name,
    detail: accesskey.detail,
    token,
    token_prefix: accesskey.tokenPrefix,
    tm_expire: timeOf(accesskey.expiresAt),
    ...timesOf(accesskey),
  };
}

/** RegistrarManagerExtension. */
export function presentExtension(extension: Extension, reader: Reader): Presented {
  return {
    id: extension.id,
    customer_id: extension.customerId,
    name: extension.name,
    detail: extension.detail,
    extension: extension.extension,
    domain_name: extension.customerId,
    username: extension.extension,
    password: passwordFor(reader, extension),
    codecs: extension.codecs,
    srtp: extension.srtp,
    direct_hash: '',
    ...timesOf(extension),
  };
}

/** RegistrarManagerTrunk. */
export function presentTrunk(trunk: Trunk, reader: Reader, now?: ProviderNow): Presented {
  return {
    id: trunk.id,
    customer_id: trunk.customerId,
    name: trunk.name,
    detail: trunk.detail,
    domain_name: trunk.domainName,
    auth_types: trunk.authTypes,
    username: trunk.username,
    password: passwordFor(reader, trunk),
    allowed_ips: trunk.allowedIps,
    hostname: trunk.hostname,
    codecs: trunk.codecs,
    metadata: metadataOf(trunk.terms, TRUNK_TERMS, mayKnow(reader, trunk) ? 'with the password' : 'without it'),
    ...presentHealth(now),
    ...timesOf(trunk),
  };
}

/** NumberManagerNumber. */
export function presentNumber(number: PhoneNumber): Presented {
  return {
    id: number.id,
    customer_id: number.customerId,
    number: number.number,
    type: number.type,
    call_flow_id: idOf(number.callFlowId),
    message_flow_id: idOf(number.messageFlowId),
    name: number.name,
    detail: number.detail,
    status: number.status,
    t38_enabled: false,
    emergency_enabled: false,
    metadata: { rtp_debug: number.isRtpDebugged },
    tm_purchase: timeOf(number.purchasedAt),
    tm_renew: timeOf(number.renewedAt),
    ...timesOf(number),
  };
}

/** Ours: a phone that registered or whose registration ended. */
export function presentBinding(binding: Binding): Presented {
  return {
    customer_id: binding.customerId,
    extension_id: binding.extensionId,
    contact: binding.contact,
    transport: binding.transport,
    address: binding.address,
    port: binding.port,
    user_agent: binding.userAgent,
    tm_register: rfc3339(binding.registeredAt),
    tm_expire: rfc3339(binding.expiresAt),
  };
}

function passwordFor(reader: Reader, owned: { readonly customerId: CustomerId; readonly password: Secret }): string {
  return mayKnow(reader, owned) ? (revealed(owned.password) ?? '') : '';
}

function mayKnow(reader: Reader, { customerId }: { readonly customerId: CustomerId }): boolean {
  return reader !== 'events' && mayUse(reader, customerId, PERMISSION.customerAdmin);
}
