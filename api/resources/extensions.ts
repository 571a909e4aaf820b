import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Backend } from '../backend.ts';
import { presentExtension } from '../presentation/accounts.ts';
import { RowRoutes } from '../row-routes.ts';
import { ExtensionName, given, Name, SipPassword, Text } from '../schema.ts';
import { Srtp } from './provider-metadata.ts';
import { Codecs } from './providers.ts';

const Creation = Type.Object({
  extension: ExtensionName,
  password: SipPassword,
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  codecs: Type.Optional(Codecs),
  srtp: Type.Optional(Srtp),
});

/** What is left out stays as it is. */
const Changes = Type.Object({
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  password: Type.Optional(SipPassword),
  codecs: Type.Optional(Codecs),
  srtp: Type.Optional(Srtp),
});

/** `/extensions`: the accounts that phones register with. */
export function extensions(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'extension',
    path: '/extensions',
    shape: 'RegistrarManagerExtension',
    present: presentExtension,
  });
  routes.read();
  routes.create(
    Creation,
    ({ extension, password, name = '', detail = '', codecs = '', srtp = 'off' }, { customerId }) => ({
      kind: 'createExtension',
      customerId,
      extension,
      password,
      name,
      detail,
      codecs,
      srtp,
    }),
  );
  routes.act('PUT', '', 'Change one extension', Changes, ({ id }, { name, detail, password, codecs, srtp }) => ({
    kind: 'updateExtension',
    id,
    changes: given({ name, detail, password, codecs, srtp }),
  }));
  routes.remove(({ id }) => ({ kind: 'deleteExtension', id }));
}
