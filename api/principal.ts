import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Principal } from '../core/command.ts';
import { assert } from '../core/kernel/assert.ts';
import type { CustomerPrincipal } from './answer.ts';
import type { Authenticator } from './authentication.ts';
import { sendRefusal } from './problem.ts';

const proved = new WeakMap<FastifyRequest, Principal>();

/** Lets nobody pass to the routes of `app` who is not an agent or an access key of some customer. */
export function requireCustomer(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request, reply) => {
    const outcome = authenticator.authenticate(request);
    if (outcome.kind === 'refused') return sendRefusal(reply, outcome.refusal);
    if (outcome.principal.kind === 'operator') {
      const message = 'the operator token opens /v1.0/operator alone; this needs an agent or an access key';
      return sendRefusal(reply, { code: 'PERMISSION_DENIED', message });
    }
    proved.set(request, outcome.principal);
  });
}

/** Lets nobody pass to the routes of `app` but the command line of this machine. */
export function requireOperator(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request, reply) => {
    const outcome = authenticator.authenticate(request);
    if (outcome.kind === 'refused') return sendRefusal(reply, outcome.refusal);
    if (outcome.principal.kind !== 'operator') {
      return sendRefusal(reply, {
        code: 'PERMISSION_DENIED',
        message: 'this needs the operator token of the data folder',
      });
    }
  });
}

/** Who is asking, in a route behind `requireCustomer`. */
export function principalOf(request: FastifyRequest): CustomerPrincipal {
  const principal = proved.get(request);
  assert(principal !== undefined && principal.kind !== 'operator', 'the route is behind requireCustomer');
  return principal;
}
