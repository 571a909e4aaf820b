import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { PROVIDER_TERMS } from '../../core/directory/provider-terms.ts';
import type { Backend } from '../backend.ts';
import { presentProvider } from '../presentation/providers.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, Name, Text } from '../schema.ts';
import { Metadata, termsFrom } from './provider-metadata.ts';

export const Hostname = Type.String({ maxLength: 260, description: 'a name or an address, such as sip.example.com' });
const Affix = Type.String({ maxLength: 32, description: 'at most 32 characters' });
const TechHeaders = Type.Record(Type.String(), Type.String(), {
  description: 'an object of texts',
  maxProperties: 100,
});
export const Codecs = Type.String({
  maxLength: 255,
  description: 'names of codecs with commas between, such as PCMU,PCMA',
});

const Rest = {
  type: Type.Optional(Type.Enum(['sip'], { description: 'sip' })),
  tech_prefix: Type.Optional(Affix),
  tech_postfix: Type.Optional(Affix),
  tech_headers: Type.Optional(TechHeaders),
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  codecs: Type.Optional(Codecs),
  metadata: Type.Optional(Metadata),
};
const Creation = Type.Object({ hostname: Hostname, ...Rest });
/** What is left out stays as it is, in `metadata` too. */
const Changes = Type.Object({ hostname: Type.Optional(Hostname), ...Rest });

/** `/providers`: carriers that calls go out through. */
export function providers(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'provider',
    path: '/providers',
    shape: 'RouteManagerProvider',
    present: (row, by) => presentProvider(row, by, backend.providerNow(row.id)),
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => ({
    kind: 'createProvider',
    customerId,
    fields: {
      name: body.name ?? '',
      detail: body.detail ?? '',
      hostname: body.hostname,
      techPrefix: body.tech_prefix ?? '',
      techPostfix: body.tech_postfix ?? '',
      techHeaders: body.tech_headers ?? {},
      codecs: body.codecs ?? '',
      terms: { ...PROVIDER_TERMS, ...termsFrom(body.metadata ?? {}) },
    },
  }));
  routes.act('PUT', '', 'Change one provider', Changes, ({ id, terms }, body) => ({
    kind: 'updateProvider',
    id,
    changes: given({
      name: body.name,
      detail: body.detail,
      hostname: body.hostname,
      techPrefix: body.tech_prefix,
      techPostfix: body.tech_postfix,
      techHeaders: body.tech_headers,
      codecs: body.codecs,
      terms: body.metadata === undefined ? undefined : { ...terms, ...termsFrom(body.metadata) },
    }),
  }));
  routes.remove(({ id }) => ({ kind: 'deleteProvider', id }));
}
