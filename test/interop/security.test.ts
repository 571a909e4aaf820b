import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { REFERENCE_OPERATIONS } from '../../api/reference-operations.ts';
import { Program } from './program.ts';
import { type RawRequest, RawSip } from './raw-sip.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';

const WITHOUT_GIVEN_SECRETS = { TANDEM_ADMIN_PASSWORD: '', TANDEM_ACCESSKEY: '' };
const ADMIN = 'admin@localhost';
const NIL = '00000000-0000-0000-0000-000000000000';
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

async function start(options: ConstructorParameters<typeof TandemProcess>[0] = {}): Promise<TandemProcess> {
  const server = new TandemProcess(options);
  running.push(server);
  await server.ready();
  return server;
}

async function stranger(server: TandemProcess): Promise<RawSip> {
  const phone = await RawSip.open(server.sipPort);
  running.push(phone);
  return phone;
}

/** Secrets that a start printed, by name. */
function printedSecrets({ program }: TandemProcess): Map<string, string> {
  const lines = program.output.matchAll(/^(extension \d+|admin@localhost|access key): (\S+)$/gm);
  return new Map([...lines].map(([, name, value]) => [name!, value!]));
}

function url(server: TandemProcess, path: string): string {
  return `http://127.0.0.1:${server.httpPort}${path}`;
}

test('the first start prints random secrets that open the door, and no later start prints any', async () => {
  const one = await start({ env: WITHOUT_GIVEN_SECRETS });
  const other = await start({ env: WITHOUT_GIVEN_SECRETS });
  const secrets = printedSecrets(one);
  expect([...secrets.keys()].sort()).toEqual(['access key', ADMIN, 'extension 1000', 'extension 1001']);
  const all = [...secrets.values(), ...printedSecrets(other).values()];
  expect(new Set(all).size).toBe(8);
  // Twenty hexadecimal digits are 80 bits.
  for (const secret of all) expect(secret).toMatch(/^(vb_)?[0-9a-f]{20,}$/);

  const body = JSON.stringify({ username: ADMIN, password: secrets.get(ADMIN) });
  expect((await fetch(url(one, '/auth/login'), { method: 'POST', body })).status).toBe(200);
  const foreign = JSON.stringify({ username: ADMIN, password: printedSecrets(other).get(ADMIN) });
  expect((await fetch(url(one, '/auth/login'), { method: 'POST', body: foreign })).status).toBe(400);
  const headers = { authorization: `Bearer ${secrets.get('access key')}` };
  expect((await fetch(url(one, '/v1.0/extensions'), { headers })).status).toBe(200);
  expect((await fetch(url(other, '/v1.0/extensions'), { headers })).status).toBe(401);
  const account = { user: '1000', password: secrets.get('extension 1000')! };
  expect((await (await stranger(one)).ask({ method: 'REGISTER', from: '1000', to: '', account })).status).toBe(200);

  expect(await one.stop()).toBe(0);
  const again = await start({ folder: one.folder, env: WITHOUT_GIVEN_SECRETS });
  expect(printedSecrets(again).size).toBe(0);
  for (const secret of secrets.values()) expect(again.program.output).not.toContain(secret);
  expect((await fetch(url(again, '/auth/login'), { method: 'POST', body })).status).toBe(200);
});

test('without credentials every operation under /v1.0 answers 401 and tells nothing', async () => {
  const server = await start();
  const { paths } = (await (await fetch(url(server, '/openapi.json'))).json()) as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    path.startsWith('/v1.0/') ? Object.keys(operations).map((method) => [method.toUpperCase(), path] as const) : [],
  );
  const ofReference = Object.entries(REFERENCE_OPERATIONS).flatMap(([path, methods]) =>
    methods.split(' ').map((method) => [method, `/v1.0${path}`] as const),
  );
  const operator = ['status', 'trace', 'agent-password'].map((name) => [
    name === 'agent-password' ? 'POST' : 'GET',
    `/v1.0/operator/${name}`,
  ]);
  expect(described.length).toBeGreaterThan(8);
  const wrong: string[] = [];
  for (const [method, path] of [...described, ...ofReference, ...operator]) {
    const target = url(server, path!.replaceAll(/\{[^}]*\}/g, NIL));
    const answers = [
      await fetch(target, { method: method! }),
      await fetch(target, { method: method!, headers: { authorization: 'Bearer vb_0123456789' } }),
    ];
    for (const answer of answers) {
      const text = await answer.text();
      if (answer.status !== 401 || !text.includes('"UNAUTHENTICATED"'))
        wrong.push(`${method} ${path}: ${answer.status}`);
    }
  }
  expect(wrong).toEqual([]);
}, 60_000);

test('nobody calls unproven, as somebody else, or learns which extensions there are', async () => {
  const server = await start();
  await server.createExtension('3000', 'secret-of-3000');
  await server.createExtension('3001', 'secret-of-3001');
  const phone = await stranger(server);
  const wrong = (user: string) => ({ from: user, account: { user, password: 'a-bad-guess' } });
  const shape = async (request: RawRequest): Promise<string> => {
    const { status, shape } = await phone.ask(request);
    expect(status).toBe(401);
    return shape;
  };
  for (const [method, to] of [
    ['REGISTER', ''],
    ['INVITE', '3001'],
    ['INVITE', '+899000000101'],
    ['INVITE', '004930123456'],
  ] as const) {
    expect(await shape({ method, to, from: '3000' })).toBe(await shape({ method, to, from: '4711' }));
    expect(await shape({ method, to, ...wrong('3000') })).toBe(await shape({ method, to, ...wrong('4711') }));
  }
  const account = { user: '3000', password: 'secret-of-3000' };
  expect((await phone.ask({ method: 'INVITE', from: '3001', to: '3001', account })).status).toBe(403);
  expect((await phone.ask({ method: 'REGISTER', from: '3001', to: '', account })).status).toBe(403);
  expect(await server.metric('tandem_bindings')).toBe(0);
  expect((await server.api('GET', '/v1.0/calls')).body['result']).toEqual([]);
});

test('who guesses ten times is not listened to, is listed at the API, and can be let in again there', async () => {
  const server = await start();
  await server.createExtension('3000', 'secret-of-3000');
  const phone = await stranger(server);
  const register = { method: 'REGISTER', to: '', from: '3000' } as const;
  for (let guess = 0; guess < 10; guess++) {
    const account = { user: '3000', password: `guess ${guess}` };
    expect((await phone.ask({ ...register, account })).status).toBe(401);
  }
  const { result } = (await server.asAdmin('GET', '/v1.0/bans')) as unknown as { result: Record<string, string>[] };
  expect(result).toMatchObject([{ address: '127.0.0.1', account: '3000' }]);
  const account = { user: '3000', password: 'secret-of-3000' };
  phone.ask({ ...register, account }).catch(() => undefined);
  await server.settled('tandem_sip_dropped_total', 1);
  await server.asAdmin('DELETE', '/v1.0/bans?address=127.0.0.1');
  const other = await stranger(server);
  expect((await other.ask({ ...register, account })).status).toBe(200);
}, 30_000);

test('secrets are in no log, no trace, no figure and no file in clear; files are their user’s alone', async () => {
  const given = {
    TANDEM_ADMIN_PASSWORD: 'the-admin-password',
    TANDEM_ACCESSKEY: 'vb_test_key_of_the_suite_0123456789',
  };
  const folder = join(mkdtempSync(join(tmpdir(), 'tandem-security-')), 'data');
  const server = await start({ folder, env: given, args: ['--log', 'debug'] });
  const command = [join(ROOT, 'cli/main.ts'), 'trace', '--full', '--data', folder];
  const trace = new Program(join(ROOT, 'node_modules/.bin/node'), command);
  running.push(trace);
  await until401InTrace(server, trace);

  await server.createExtension('3000', 'secret-of-3000');
  const phone = await stranger(server);
  const ask = (password: string) =>
    phone.ask({ method: 'REGISTER', from: '3000', to: '', account: { user: '3000', password } });
  expect((await ask('a-bad-guess')).status).toBe(401);
  expect((await ask('secret-of-3000')).status).toBe(200);
  const login = JSON.stringify({ username: ADMIN, password: 'the-admin-password' });
  const { token } = (await (await fetch(url(server, '/auth/login'), { method: 'POST', body: login })).json()) as {
    token: string;
  };
  expect((await fetch(url(server, `/v1.0/extensions?token=${token}`))).status).toBe(200);
  await server.api('PUT', `/v1.0/extensions/${NIL}`, { password: 'changed-password' });
  await trace.saw(/extension_registered/);

  const key = readFileSync(join(folder, 'secret.key'), 'utf8').trim();
  const secrets = [
    'secret-of-3000',
    'a-bad-guess',
    'changed-password',
    ...Object.values(given),
    token,
    key,
    createHash('md5').update('3000:tandem:secret-of-3000').digest('hex'),
  ];
  const metrics = await (await fetch(url(server, '/metrics'))).text();
  // A digest response is shown: it is good for one nonce, and the trace is for who may read secret.key anyway.
  expect(trace.output).toMatch(/Authorization: Digest .*response="[0-9a-f]{32}"/);
  const places: Record<string, string> = { log: server.program.output, trace: trace.output, metrics };
  const found = (): string[] =>
    Object.entries(places).flatMap(([place, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`),
    );
  for (const [name, text] of filesOf(folder, ['secret.key'])) places[name] = text;
  expect(places['tandem.db-wal']).toContain('First customer');
  expect(found()).toEqual([]);
  expect(modesOf(folder)).toEqual([]);
  expect(await server.stop()).toBe(0);
  for (const [name, text] of filesOf(folder, ['secret.key'])) places[name] = text;
  places['log'] = server.program.output;
  expect(found()).toEqual([]);
  expect(modesOf(folder)).toEqual([]);
});

/** The trace says nothing until something happens, so something happens until it does. */
async function until401InTrace(server: TandemProcess, trace: Program): Promise<void> {
  const phone = await stranger(server);
  for (let attempt = 0; attempt < 100 && !trace.output.includes('401 Unauthorized'); attempt++) {
    await phone.ask({ method: 'REGISTER', from: '3000', to: '' });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function filesOf(folder: string, without: readonly string[]): (readonly [string, string])[] {
  return namesIn(folder)
    .filter((name) => !without.includes(name) && lstatSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);
}

/** Everything in the folder, and in the folders in it. */
function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/** What others than the user may read or write: the folder itself and everything in it. */
function modesOf(folder: string): string[] {
  return [folder, ...namesIn(folder).map((name) => join(folder, name))]
    .map((path) => [path, lstatSync(path).mode & 0o777] as const)
    .filter(([, mode]) => (mode & 0o077) !== 0)
    .map(([path, mode]) => `${path} ${mode.toString(8)}`);
}
