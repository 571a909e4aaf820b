import type { ProviderFields, Refusal } from '../command.ts';
import type { HeaderRule, ProviderTerms } from '../directory/provider-terms.ts';
import type { Provider } from '../directory/records.ts';
import { isAddress } from '../kernel/address-text.ts';
import { type ProviderId, uuid } from '../kernel/ids.ts';
import { networkOf } from '../kernel/network.ts';
import { invalid, stateInvalid } from '../refusal.ts';
import { objectionToHeader } from '../routing/provider-headers.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';

const providers = new Aggregate<Provider>({
  what: 'provider',
  rowsOf: (directory) => directory.providers,
  nameOf: (row) => row.id,
  writeOf: (row) => ({ kind: 'saveProvider', row }),
  eventOf: (provider, happening) => ({ type: `provider_${happening}`, provider }),
});

const HOSTNAME = /^(\[([0-9a-f:.]+)\]|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?$/i;
const AFFIX = /^[0-9A-Za-z+*#.-]{0,32}$/;
const CODECS = /^([A-Za-z0-9]+(-[A-Za-z0-9]+)*(,[A-Za-z0-9]+(-[A-Za-z0-9]+)*)*)?$/;
const PROXY = /^sips?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?(;[a-z0-9=.;-]*)?$/i;
const USER = /^[A-Za-z0-9_.!~*'()&=+$,;?/-]{0,128}$/;
const E164 = /^(\+[1-9][0-9]{6,14})?$/;
const DIGITS = /^\+?[0-9*#]{0,32}$/;

export const PROVIDERS: Definitions<'createProvider' | 'updateProvider' | 'deleteProvider'> = {
  createProvider: {
    keysOf: () => [],
    changeOf({ customerId, fields }, ground) {
      const refusal = check(fields);
      if (refusal !== undefined) return refusal;
      const id = uuid(ground.random) as ProviderId;
      return providers.created({ ...newRow(customerId, ground.at), ...fields, id }, ground);
    },
  },
  updateProvider: {
    keysOf: ({ id }) => [providers.key(id)],
    changeOf: ({ id, changes }, ground) =>
      providers.updated(id, ground, (old) => check({ ...old, ...changes }) ?? changes),
  },
  deleteProvider: {
    keysOf: ({ id }) => [providers.key(id)],
    changeOf({ id }, ground) {
      for (const route of ground.directory.dialRoutes.values()) {
        if (route.providerId !== id) continue;
        return stateInvalid(`route ${route.id} leads to provider ${id}`, 'a provider that no route leads to', route.id);
      }
      return providers.deleted(id, ground);
    },
  },
};

function check({ hostname, techPrefix, techPostfix, codecs, terms }: ProviderFields): Refusal | undefined {
  const port = Number(/^[^[\]:]*:([0-9]+)$|\]:([0-9]+)$/.exec(hostname)?.slice(1).find(Boolean) ?? 1);
  const address = HOSTNAME.exec(hostname)?.[2];
  const isHost = HOSTNAME.test(hostname) && (address === undefined || isAddress(address));
  if (!isHost || port < 1 || port > 65_535) {
    return invalid('hostname', 'a name or an address, such as sip.example.com or 192.0.2.1:5080', hostname);
  }
  if (!AFFIX.test(techPrefix)) return invalid('tech_prefix', 'at most 32 digits, letters or + * # . -', techPrefix);
  if (!AFFIX.test(techPostfix)) return invalid('tech_postfix', 'at most 32 digits, letters or + * # . -', techPostfix);
  if (!CODECS.test(codecs)) return invalid('codecs', 'names of codecs with commas between, such as PCMU,PCMA', codecs);
  return checkTerms(terms);
}

function checkTerms(terms: ProviderTerms): Refusal | undefined {
  const { outboundProxy, username, password, fromUser, fromDomain, number, registers } = terms;
  if (outboundProxy !== '' && !PROXY.test(outboundProxy)) {
    return invalid('metadata.outbound_proxy', 'a SIP URI such as sip:proxy.example.com:5060', outboundProxy);
  }
  if (!USER.test(fromUser)) return invalid('metadata.from_user', 'the user part of a SIP URI', fromUser);
  if (fromDomain !== '' && !HOSTNAME.test(fromDomain)) {
    return invalid('metadata.from_domain', 'a name or an address', fromDomain);
  }
  if (!E164.test(number)) return invalid('metadata.number', 'a number such as +4930123456, or ""', number);
  if (username === '' && password !== '') return invalid('metadata.username', 'a username for the password', 'none');
  if (registers && username === '') return invalid('metadata.username', 'a username to register with', 'none');
  return checkTables(terms);
}

function checkTables({ addresses, numberRules, headers }: ProviderTerms): Refusal | undefined {
  for (const [index, text] of addresses.entries()) {
    const network = networkOf(text);
    if (network === undefined || network.prefixLength === 0) {
      return invalid(`metadata.addresses[${index}]`, 'an address or a network such as 192.0.2.0/24', text);
    }
  }
  for (const [index, { prefix, replacement }] of numberRules.entries()) {
    const field = `metadata.number_rules[${index}]`;
    if (!DIGITS.test(prefix)) return invalid(`${field}.prefix`, 'digits, with + before them or not', prefix);
    if (!DIGITS.test(replacement)) {
      return invalid(`${field}.replacement`, 'digits, with + before them or not', replacement);
    }
  }
  for (const [index, rule] of headers.entries()) {
    const refusal = checkHeader(`metadata.headers[${index}]`, rule);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkHeader(field: string, { action, name, value }: HeaderRule): Refusal | undefined {
  const objection = objectionToHeader(name, value);
  if (objection === 'name') return invalid(`${field}.name`, 'a header that is not ours to keep right', name);
  if (objection === 'value') return invalid(`${field}.value`, 'one line of printable text', value);
  if (action !== 'remove' && value === '') return invalid(`${field}.value`, `a value to ${action}`, 'none');
  return action === 'remove' && value !== '' ? invalid(`${field}.value`, 'none, as it is removed', value) : undefined;
}
