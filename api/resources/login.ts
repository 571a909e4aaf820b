import type { FastifyInstance, FastifyReply } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { NOBODY, verifyPassword } from '../password.ts';
import { presentAgent } from '../presentation/accounts.ts';
import { TOKEN_LIFETIME_MS, type Tokens } from '../token.ts';

/** Each check holds 19 MiB and a thread of the pool for its time; what comes beyond is told to try again. */
const CHECKS_MAX = 32;

const Credentials = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 255 }),
  password: Type.String({ minLength: 1, maxLength: 1024 }),
});

const LoggedIn = Type.Object({ username: Type.String(), token: Type.String() });

/** `POST /auth/login`. Any failure is a bare 400, which does not tell whether the agent exists. */
export function login(app: FastifyInstance, backend: Backend, tokens: Tokens): void {
  let checkCount = 0;

  app.post(
    '/auth/login',
    operation('auth', 'Log in', { body: Credentials, answer: LoggedIn, isPublic: true }),
    async (request, reply) => {
      const body = request.body as Static<typeof Credentials>;
      if (checkCount >= CHECKS_MAX) return bare(reply.header('retry-after', '1'), 503);
      checkCount += 1;
      try {
        const agent = backend.directory.agentByUsername(body.username);
        const right = await verifyPassword(body.password, agent?.passwordHash ?? NOBODY);
        if (!right || agent === undefined) return bare(reply, 400);
        const token = tokens.issue(agent, presentAgent(agent), backend.clock.wallTime());
        const seconds = TOKEN_LIFETIME_MS / 1000;
        reply.header('set-cookie', `token=${token}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Strict`);
        return await reply.send({ username: agent.username, token });
      } finally {
        checkCount -= 1;
      }
    },
  );
}

/** `/auth/*` answers failures with a status and nothing else. */
export function bare(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}
