import { expect, test } from 'vitest';
import { simulate } from '../simulated-backend.ts';

test.each(['/v1.0/ws', '/v1.0/service_agents/ws', '/v1.0/calls/x/script'])(
  '%s without an upgrade is told what was expected',
  async (url) => {
    const { server, ask } = await simulate();
    expect((await server.inject(url)).statusCode).toBe(401);
    const { status, body } = await ask('GET', url);
    expect(status).toBe(400);
    expect(body.error.details).toEqual([{ field: 'Upgrade', expected: 'websocket', got: '' }]);
  },
);
