import type { FastifyInstance } from 'fastify';
import { denied, notFound, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { presentAgent } from '../presentation/accounts.ts';
import { principalOf } from '../principal.ts';

/** `/me`: the agent who is logged in. An access key is nobody in particular. */
export function me(app: FastifyInstance, backend: Backend): void {
  app.get(
    '/me',
    operation('me', 'The agent who is logged in', { answer: 'AgentManagerAgent' }),
    async (request, reply) => {
      const by = principalOf(request);
      if (by.kind !== 'agent') return send(reply, denied('the token of an agent'));
      const agent = backend.directory.agents.get(by.agentId);
      return send(reply, agent === undefined ? notFound('agent', by.agentId) : { body: presentAgent(agent) });
    },
  );
}
