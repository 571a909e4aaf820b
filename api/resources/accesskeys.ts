import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { hexToken } from '../../core/kernel/ids.ts';
import { secure } from '../../core/kernel/random.ts';
import { type Answer, type CustomerPrincipal, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { presentAccesskey } from '../presentation/accounts.ts';
import { principalOf } from '../principal.ts';
import { RowRoutes } from '../row-routes.ts';
import { createRow } from '../rows.ts';
import { given, Name, Text } from '../schema.ts';

/** Shortest, longest and usual life of a key; the shortest is the reference's. */
const LIFETIME_S = { shortest: 86_400, longest: 3_153_600_000, usual: 31_536_000 };
/** Random bytes of a token, twice as many characters. */
const TOKEN_BYTES = 16;
/** Characters of a token that stay visible, as enough to tell keys apart. */
const PREFIX_CHARACTERS = 8;

const Creation = Type.Object({
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  expire: Type.Optional(
    Type.Unsafe<number>({
      type: 'integer',
      minimum: 0,
      maximum: LIFETIME_S.longest,
      not: { minimum: 1, maximum: LIFETIME_S.shortest - 1 },
      description: `seconds from now, at least ${LIFETIME_S.shortest}; 0 means 365 days`,
    }),
  ),
});

/** What is left out stays as it is. */
const Changes = Type.Object({ name: Type.Optional(Name), detail: Type.Optional(Text) });

/** `/accesskeys`: credentials of programs. The token is in the answer to its creation, and nowhere else ever again. */
export function accesskeys(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'accesskey',
    path: '/accesskeys',
    shape: 'CustomerManagerAccesskey',
    present: (row) => presentAccesskey(row),
  });
  routes.read();
  app.post(
    '/accesskeys',
    operation('accesskeys', 'Create one accesskey; its token is shown this once', {
      body: Creation,
      answer: 'CustomerManagerAccesskey',
    }),
    async (request, reply) =>
      send(reply, await create(backend, principalOf(request), request.body as Static<typeof Creation>)),
  );
  routes.act('PUT', '', 'Change one accesskey', Changes, ({ id }, { name, detail }) => ({
    kind: 'updateAccesskey',
    id,
    changes: given({ name, detail }),
  }));
  routes.remove(({ id }) => ({ kind: 'deleteAccesskey', id }));
}

function create(backend: Backend, by: CustomerPrincipal, body: Static<typeof Creation>): Promise<Answer> {
  const { name = '', detail = '', expire = 0 } = body;
  const token = `vb_${hexToken(secure(), TOKEN_BYTES)}`;
  const fields = {
    name,
    detail,
    tokenHash: createHash('sha256').update(token).digest('hex'),
    tokenPrefix: token.slice(0, PREFIX_CHARACTERS),
    expiresAt: backend.clock.wallTime() + (expire === 0 ? LIFETIME_S.usual : expire) * 1000,
  };
  return createRow(
    backend,
    by,
    { kind: 'accesskey', present: (row) => presentAccesskey(row, token) },
    { kind: 'createAccesskey', customerId: by.customerId, fields },
  );
}
