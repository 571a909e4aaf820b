import type { Refusal, TrunkFields } from '../command.ts';
import { type ProviderTerms, TRUNK_TERMS } from '../directory/provider-terms.ts';
import type { Trunk } from '../directory/records.ts';
import { type TrunkId, uuid } from '../kernel/ids.ts';
import { networkOf } from '../kernel/network.ts';
import { revealed } from '../kernel/secret.ts';
import { alreadyExists, invalid, stateInvalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions, Ground } from './change.ts';
import { gatewayKey, routeTo } from './dial-routes.ts';
import { checkCodecs, checkHostname, checkTerms } from './gateway-terms.ts';

const trunks = new Aggregate<Trunk>({
  what: 'trunk',
  rowsOf: (directory) => directory.trunks,
  nameOf: (row) => row.domainName.toLowerCase(),
  writeOf: (row) => ({ kind: 'saveTrunk', row }),
  eventOf: (trunk, happening) => ({ type: `trunk_${happening}`, trunk }),
});

/** Platform §5.17. */
const DOMAIN_NAME = /^[a-zA-Z][a-zA-Z0-9-.]{1,30}$/;

export const TRUNKS: Definitions<'createTrunk' | 'updateTrunk' | 'deleteTrunk'> = {
  createTrunk: {
    keysOf: ({ fields }) => [trunks.key(fields.domainName.toLowerCase())],
    changeOf({ customerId, fields }, ground) {
      const { domainName } = fields;
      if (!DOMAIN_NAME.test(domainName)) {
        return invalid('domain_name', '2 to 31 letters, digits, - or ., the first a letter', domainName);
      }
      const refusal = check(fields);
      if (refusal !== undefined) return refusal;
      if (ground.directory.trunkByDomainName(domainName) !== undefined) {
        return alreadyExists('trunk', 'domain_name', domainName);
      }
      const id = uuid(ground.random) as TrunkId;
      return trunks.created({ ...newRow(customerId, ground.at), ...fields, id }, ground);
    },
  },
  updateTrunk: {
    keysOf: ({ id }, directory) => [trunks.keyOfId(id, directory), gatewayKey(id)],
    changeOf: ({ id, changes }, ground) =>
      trunks.updated(id, ground, (old) => {
        const fields = { ...old, ...changes };
        return check(fields) ?? (fields.hostname === '' ? checkUnused(id, ground) : undefined) ?? changes;
      }),
  },
  deleteTrunk: {
    keysOf: ({ id }, directory) => [trunks.keyOfId(id, directory), gatewayKey(id)],
    changeOf: ({ id }, ground) => checkUnused(id, ground) ?? trunks.deleted(id, ground),
  },
};

function check(fields: TrunkFields): Refusal | undefined {
  return checkAccess(fields) ?? checkReach(fields);
}

/** What is wrong with where calls to it go, and how; or what is asked for to no avail while they go nowhere. */
function checkReach({ hostname, codecs, terms }: TrunkFields): Refusal | undefined {
  const refusal = (hostname === '' ? undefined : checkHostname(hostname)) ?? checkCodecs(codecs) ?? checkTerms(terms);
  if (refusal !== undefined || hostname !== '') return refusal;
  const idle = OUTGOING_ONLY.find(([term]) => JSON.stringify(terms[term]) !== JSON.stringify(TRUNK_TERMS[term]));
  return idle && invalid('hostname', `a name or an address for calls to it, as metadata has ${idle[1]}`, 'none');
}

/** Terms that mean nothing while calls only come from a trunk, and how they are called. */
const OUTGOING_ONLY: readonly (readonly [keyof ProviderTerms, string])[] = [
  ['transport', 'transport'],
  ['outboundProxy', 'outbound_proxy'],
  ['username', 'username'],
  ['fromUser', 'from_user'],
  ['fromDomain', 'from_domain'],
  ['identity', 'identity'],
  ['offer', 'offer'],
  ['callerNumbers', 'caller_numbers'],
  ['numberFormat', 'number_format'],
  ['numberRules', 'number_rules'],
  ['headers', 'headers'],
  ['registers', 'register'],
  ['expiresS', 'expires'],
  ['optionsIntervalS', 'options_interval'],
  ['optionsFailuresMax', 'options_failures'],
];

/** A trunk that a route leads to can be called. */
function checkUnused(id: TrunkId, ground: Ground): Refusal | undefined {
  const route = routeTo(id, ground);
  if (route === undefined) return undefined;
  return stateInvalid(`route ${route.id} leads to trunk ${id}`, 'a trunk that no route leads to', route.id);
}

/** Why nobody could be recognised by these, or everybody would be. */
function checkAccess({ authTypes, username, password, allowedIps }: TrunkFields): Refusal | undefined {
  const unknown = authTypes.find((type) => type !== 'basic' && type !== 'ip');
  if (unknown !== undefined) return invalid('auth_types', 'basic or ip', unknown);
  if (authTypes.length === 0) return invalid('auth_types', 'basic, ip or both', 'none');
  for (const text of allowedIps) {
    const network = networkOf(text);
    if (network === undefined) return invalid('allowed_ips', 'addresses or networks such as 192.0.2.0/24', text);
    if (network.prefixLength === 0) return invalid('allowed_ips', 'networks that are not the whole world', text);
  }
  if (authTypes.includes('ip') && allowedIps.length === 0) {
    return invalid('allowed_ips', 'at least one address or network, as auth_types has ip', 'none');
  }
  if (!authTypes.includes('basic')) return undefined;
  if (username === '') return invalid('username', 'a username, as auth_types has basic', 'none');
  return revealed(password) === '' ? invalid('password', 'a password, as auth_types has basic', 'none') : undefined;
}
