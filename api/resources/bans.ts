import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { mayUse } from '../../core/authorization.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import { type CustomerPrincipal, denied, refuse, send } from '../answer.ts';
import type { Backend, BanRow } from '../backend.ts';
import { type OperationParts, operation } from '../operation.ts';
import { timeOf } from '../presentation/values.ts';
import { principalOf } from '../principal.ts';

const Ban = Type.Object({
  address: Type.String({
    description: 'the source whose requests are dropped: an IPv4 address, or an IPv6 network of 64 bits',
  }),
  account: Type.String({ description: 'the account that is banned from there; empty when every account is' }),
  tm_create: Type.String(),
  tm_expire: Type.String(),
});
const Bans: OperationParts['answer'] = Type.Object({ result: Type.Array(Ban) });
const Which = Type.Object(
  {
    address: Type.String({ minLength: 2, maxLength: 64, description: 'what is listed, or an address in it' }),
    account: Type.Optional(
      Type.String({ maxLength: 64, description: 'the account of the ban; every ban of the address when left out' }),
    ),
  },
  { additionalProperties: false },
);

/** `/bans`: who guessed at passwords and is not listened to for a while. They are of the machine, not of a customer. */
export function bans(app: FastifyInstance, backend: Backend): void {
  app.get('/bans', operation('bans', 'Who is banned, oldest first', { answer: Bans }), async (request, reply) => {
    if (!isTrusted(principalOf(request))) return send(reply, denied(NEEDS));
    return send(reply, { body: { result: backend.bans().map(present) } });
  });

  app.delete(
    '/bans',
    operation('bans', 'Lift the bans of an address, or one of its accounts', { query: Which, answer: Bans }),
    async (request, reply) => {
      if (!isTrusted(principalOf(request))) return send(reply, denied(NEEDS));
      const { address, account } = request.query as Static<typeof Which>;
      const lifted = backend.liftBans(address, account);
      if (lifted.length > 0) return send(reply, { body: { result: lifted.map(present) } });
      const message = `no ban of ${account === undefined || account === '' ? address : `${account} from ${address}`}`;
      const expected = 'the address, and account, of a ban that is listed';
      return send(reply, refuse({ code: 'BAN_NOT_FOUND', message, field: 'address', expected, got: address }));
    },
  );
}

const NEEDS = 'the permission of a project super admin';

function isTrusted(by: CustomerPrincipal): boolean {
  return mayUse(by, by.customerId, PERMISSION.projectSuperAdmin);
}

function present({ address, account, since, until }: BanRow) {
  return { address, account, tm_create: timeOf(since), tm_expire: timeOf(until) };
}
