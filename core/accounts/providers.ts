import type { ProviderFields, Refusal } from '../command.ts';
import type { Provider } from '../directory/records.ts';
import { type ProviderId, uuid } from '../kernel/ids.ts';
import { invalid, stateInvalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';
import { gatewayKey, routeTo } from './dial-routes.ts';
import { checkCodecs, checkHostname, checkTerms } from './gateway-terms.ts';

const providers = new Aggregate<Provider>({
  what: 'provider',
  rowsOf: (directory) => directory.providers,
  nameOf: (row) => row.id,
  writeOf: (row) => ({ kind: 'saveProvider', row }),
  eventOf: (provider, happening) => ({ type: `provider_${happening}`, provider }),
});

const AFFIX = /^[0-9A-Za-z+*#.-]{0,32}$/;

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
    keysOf: ({ id }) => [gatewayKey(id)],
    changeOf: ({ id, changes }, ground) =>
      providers.updated(id, ground, (old) => check({ ...old, ...changes }) ?? changes),
  },
  deleteProvider: {
    keysOf: ({ id }) => [gatewayKey(id)],
    changeOf({ id }, ground) {
      const route = routeTo(id, ground);
      if (route === undefined) return providers.deleted(id, ground);
      return stateInvalid(`route ${route.id} leads to provider ${id}`, 'a provider that no route leads to', route.id);
    },
  },
};

function check({ hostname, techPrefix, techPostfix, codecs, terms }: ProviderFields): Refusal | undefined {
  if (!AFFIX.test(techPrefix)) return invalid('tech_prefix', 'at most 32 digits, letters or + * # . -', techPrefix);
  if (!AFFIX.test(techPostfix)) return invalid('tech_postfix', 'at most 32 digits, letters or + * # . -', techPostfix);
  return checkHostname(hostname) ?? checkCodecs(codecs) ?? checkTerms(terms);
}
