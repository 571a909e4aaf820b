import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../authentication.ts';
import type { Backend } from '../backend.ts';
import { sendRefusal } from '../problem.ts';

/** `/metrics` in Prometheus text format: for this machine, or with any credential that proves something. */
export function metrics(app: FastifyInstance, backend: Backend, authenticator: Authenticator): void {
  app.get('/metrics', { schema: { summary: 'Metrics in Prometheus text format' } }, async (request, reply) => {
    if (!isLoopback(request.socket.remoteAddress ?? '')) {
      const outcome = authenticator.authenticate(request);
      if (outcome.kind === 'refused') return sendRefusal(reply, outcome.refusal);
    }
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(backend.metricsText());
  });
}

/** 127.0.0.0/8 and ::1, also as an IPv4 address that came in on an IPv6 socket (RFC 4291 §2.5.5.2). */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
