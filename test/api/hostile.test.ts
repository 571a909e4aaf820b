import fc from 'fast-check';
import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { ConferenceId } from '../../core/kernel/ids.ts';
import { type Ask, type SimulatedBackend, simulate } from './simulated-backend.ts';

interface Place {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Fields that mean something there. */
  readonly fields: readonly string[];
}

/** One of everything, and every operation with the id of what it is about. */
async function populated(): Promise<{ backend: SimulatedBackend; ask: Ask; places: Place[] }> {
  const { backend, ask, server, customerId } = await simulate();
  const idOf = async (path: string, body: unknown): Promise<string> =>
    (await ask('POST', `/v1.0${path}`, body)).body.id;
  const conferenceId = await idOf('/conferences', { type: 'conference' });
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const call = backend.life.addCall(customerId, { status: 'progressing', source, destination });
  const started = await ask('POST', `/v1.0/calls/${call.id}/recording_start`);
  const ids: Readonly<Record<string, string>> = {
    accesskeys: await idOf('/accesskeys', {}),
    extensions: await idOf('/extensions', { extension: '1001', password: 'x' }),
    numbers: await idOf('/numbers', { number: '+4930123456' }),
    trunks: await idOf('/trunks', { domain_name: 'carrier', auth_types: ['ip'], allowed_ips: ['192.0.2.1'] }),
    flows: await idOf('/flows', { actions: [{ type: 'answer' }] }),
    activeflows: await idOf('/activeflows', { actions: [{ type: 'answer' }] }),
    conferences: conferenceId,
    calls: call.id,
    conferencecalls: backend.life.join(call, conferenceId as ConferenceId),
    recordings: started.body.recording_id,
    recordingfiles: started.body.recording_id,
  };
  expect(Object.values(ids)).not.toContain(undefined);
  const document = (await server.inject('/openapi.json')).json();
  const places = Object.entries(document.paths as Record<string, Record<string, object>>).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Place => {
      const fields = [...JSON.stringify(operation).matchAll(/"([a-z_]+)":\{/g)].map((match) => match[1]!);
      return {
        method: method.toUpperCase() as 'GET',
        url: path.replace('{id}', ids[path.split('/')[2] ?? ''] ?? 'x'),
        fields: [...new Set(fields)],
      };
    }),
  );
  return { backend, ask, places: places.filter(({ url }) => url.startsWith('/v1.0/')) };
}

const VALUES = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '__proto__', '00000000-0000-0000-0000-000000000000', '+4930123456', 'x'.repeat(5_000)),
  fc.constantFrom(-1, 0, 1e308, 86_400, Number.MAX_SAFE_INTEGER),
  fc.array(
    fc.record({ type: fc.constantFrom('answer', 'goto', 'connect', 'play', 'dance', 'tel'), option: fc.jsonValue() }),
  ),
);

test('no body whatsoever makes the server fail', async () => {
  const { backend, ask, places } = await populated();
  const bodies = fc.constantFrom(...places).chain((place) =>
    fc.record({
      place: fc.constant(place),
      body: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('type', 'constructor', ...place.fields), VALUES, { maxKeys: 8 }),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async ({ place, body }) => {
      const reply = await ask(place.method, place.url, place.method === 'GET' ? undefined : body);
      expect(reply.status, JSON.stringify(backend.reported.map(String))).toBeLessThan(500);
      if (reply.status >= 400) expect(reply.body.error.details).toBeInstanceOf(Array);
    }),
    { numRuns: 600, seed: 20_260_101 },
  );
  expect(backend.reported).toEqual([]);
});

test('no query whatsoever makes the server fail', async () => {
  const { backend, ask, places } = await populated();
  const readers = places.filter((place) => place.method === 'GET');
  const queries = fc.array(
    fc.tuple(
      fc.constantFrom('page_size', 'page_token', 'channel', 'expires', 'signature', '[]'),
      fc.string({ unit: 'binary' }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...readers), queries, async ({ url }, query) => {
      const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
      const { statusCode } = await backend.server.inject({
        url: `${url}?${text}`,
        headers: { authorization: 'Bearer vb_first' },
      });
      expect(statusCode).toBeLessThan(500);
    }),
    { numRuns: 100, seed: 20_260_102 },
  );
  expect(backend.reported).toEqual([]);
  expect((await ask('GET', '/v1.0/calls')).status).toBe(200);
});

test('of a body with more defects than anybody reads, fifty are told', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', '/v1.0/calls', { destinations: Array.from({ length: 100_000 }, () => 5) });
  expect([status, body.error.details.length <= 50]).toEqual([400, true]);
  const auth_types = Array.from({ length: 100_000 }, () => 'ip');
  const trunk = await ask('POST', '/v1.0/trunks', { domain_name: 'carrier', auth_types });
  expect(trunk.body.error.details[0].field).toBe('auth_types');
});
