import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { secure } from '../../core/kernel/random.ts';
import { notFound, refuse, send } from '../answer.ts';
import type { Backend, TraceEntry } from '../backend.ts';
import { hashPassword } from '../password.ts';

/** What may wait for a slow reader of the trace; beyond it lines are dropped and counted. */
const TRACE_WAITING_BYTES_MAX = 1024 * 1024;

const NewPassword = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 255, description: 'the username of an agent' }),
  password: Type.String({ minLength: 8, maxLength: 1024, description: '8 to 1024 characters' }),
});

const TrunkName = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255, description: 'the name, host name or id of a provider or trunk' }),
});

/** `/operator/*`: what the command line asks of a running process. */
export function operator(app: FastifyInstance, backend: Backend): void {
  const ends = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const end of ends) end();
  });

  app.get('/operator/status', { schema: { hide: true } }, async () => backend.status());

  app.post('/operator/agent-password', { schema: { hide: true, body: NewPassword } }, async (request, reply) => {
    const { username, password } = request.body as Static<typeof NewPassword>;
    const passwordHash = await hashPassword(password, secure());
    const result = await backend.execute({ kind: 'setAgentPassword', username, passwordHash }, { kind: 'operator' });
    return send(reply, result.kind === 'refused' ? refuse(result.refusal) : { body: { id: result.id, username } });
  });

  app.post('/operator/trunk-check', { schema: { hide: true, body: TrunkName } }, async (request, reply) => {
    const { name } = request.body as Static<typeof TrunkName>;
    const report = await backend.checkTrunk(name);
    return send(reply, report === undefined ? notFound('trunk', name) : { body: report });
  });

  app.get('/operator/trace', { schema: { hide: true } }, (_request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    raw.flushHeaders();
    let droppedCount = 0;
    const write = (entry: TraceEntry): void => {
      if (raw.writableLength > TRACE_WAITING_BYTES_MAX) {
        droppedCount += 1;
        return;
      }
      if (droppedCount > 0) raw.write(`${JSON.stringify({ at: entry.at, kind: 'dropped', count: droppedCount })}\n`);
      droppedCount = 0;
      raw.write(`${JSON.stringify(entry)}\n`);
    };
    const stop = backend.trace(write);
    const end = (): void => {
      stop();
      ends.delete(end);
      raw.end();
    };
    ends.add(end);
    raw.on('close', end);
  });
}
