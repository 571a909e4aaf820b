import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Program } from './program.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';

const USAGE = 2;
const CANNOT_START = 69;
const REFUSAL_LIMIT_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'tandem-refusals-'));
/** A data folder that was served and left in order; each test spoils a copy. */
const sound = join(folder, 'sound');
let taken: { readonly udp: Socket; readonly tcp: Server; readonly port: number };

beforeAll(async () => {
  expect(await (await TandemProcess.start({ folder: sound })).stop()).toBe(0);
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  const udp = createSocket('udp4').bind(port, '127.0.0.1');
  await once(udp, 'listening');
  taken = { udp, tcp, port };
});

afterAll(() => {
  taken.udp.close();
  taken.tcp.close();
  rmSync(folder, { recursive: true });
});

/** What `tandem serve` says before it ends with the code: one line, which is a sentence and no stack. */
async function refusal(code: number, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const usual = ['--sip', 'udp:127.0.0.1:0', '--http', '127.0.0.1:0', '--workers', '1', '--data', join(folder, 'new')];
  const program = new Program(
    join(ROOT, 'node_modules/.bin/node'),
    [join(ROOT, 'cli/main.ts'), 'serve', ...usual, ...args],
    {
      env,
    },
  );
  const timer = setTimeout(() => program.child.kill('SIGKILL'), REFUSAL_LIMIT_MS);
  const exitCode = await program.exited;
  clearTimeout(timer);
  const { output } = program;
  expect(exitCode, output).toBe(code);
  expect(output.trimEnd().split('\n'), output).toHaveLength(1);
  expect(output).toMatch(/^\S.*\.\n$/);
  expect(output).not.toMatch(/node:|\.ts:\d|Error:|undefined/);
  return output;
}

function copyOf(name: string): string {
  const path = join(folder, name);
  cpSync(sound, path, { recursive: true });
  return path;
}

test.each([
  ['SIP over UDP', (port: number) => ['--sip', `udp:127.0.0.1:${port}`], 'SIP cannot listen on udp:127.0.0.1:'],
  ['SIP over TCP', (port: number) => ['--sip', `tcp:127.0.0.1:${port}`], 'SIP cannot listen on tcp:127.0.0.1:'],
  ['HTTP', (port: number) => ['--http', `127.0.0.1:${port}`], 'HTTP cannot listen on 127.0.0.1:'],
])('a port in use by another program is named, for %s, and the folder is free at once', async (_, args, words) => {
  const text = await refusal(CANNOT_START, ['--data', sound, ...args(taken.port)]);
  expect(text).toContain(`${words}${taken.port}: expected a free port, got one that another program uses.`);
  expect(text).toContain('Stop the other program or choose another port.');
});

test.each([
  [['--sip', 'udp:192.0.2.1:5060'], 'SIP cannot listen on udp:192.0.2.1:5060: expected an address of this machine'],
  [['--sip', 'tcp:192.0.2.1:5060'], 'SIP cannot listen on tcp:192.0.2.1:5060: expected an address of this machine'],
  [['--http', '192.0.2.1:8080'], 'HTTP cannot listen on 192.0.2.1:8080: expected an address of this machine'],
])('an address of another machine is named: %j', async (args, words) => {
  const text = await refusal(CANNOT_START, args);
  expect(text).toContain(words);
  expect(text).toContain('Choose an address that this machine has');
});

test('a data folder that is a file is refused, and the file stays what it is', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'mine');
  const text = await refusal(CANNOT_START, ['--data', path]);
  expect(text).toContain(
    `The data folder ${path} cannot be used (expected a folder, got a file). Choose another --data`,
  );
  expect(readFileSync(path, 'utf8')).toBe('mine');
});

test('a second process on a folder is told which process serves it, and the first goes on', async () => {
  const serving = await TandemProcess.start({ folder: copyOf('served') });
  const text = await refusal(CANNOT_START, ['--data', serving.folder]);
  expect(text).toContain(
    `uses the data folder ${serving.folder}: expected none, got process ${serving.program.pid}. Stop`,
  );
  expect((await serving.api('GET', '/v1.0/extensions')).status).toBe(200);
  expect(await serving.stop()).toBe(0);
});

test('a file that is no database, a damaged database and one cut short are refused and left as they are', async () => {
  const letter = copyOf('letter');
  writeFileSync(join(letter, 'tandem.db'), 'This is a letter. '.repeat(500));
  const damaged = copyOf('damaged');
  const bytes = readFileSync(join(damaged, 'tandem.db'));
  writeFileSync(join(damaged, 'tandem.db'), bytes.fill(0xa5, 4096, bytes.length - 4096));
  const cut = copyOf('cut');
  truncateSync(join(cut, 'tandem.db'), 30_000);
  for (const [path, words] of [
    [letter, 'is not a database'],
    [damaged, 'is damaged'],
    [cut, 'is damaged'],
  ] as const) {
    const before = readFileSync(join(path, 'tandem.db'));
    const text = await refusal(CANNOT_START, ['--data', path]);
    expect(text).toContain(`The database ${path}/tandem.db ${words}`);
    expect(text).toContain('Put a backup of the data folder in its place');
    expect(readFileSync(join(path, 'tandem.db')).equals(before)).toBe(true);
  }
});

test('a database of a newer Tandem is refused with both numbers', async () => {
  const path = copyOf('newer');
  const database = new Database(join(path, 'tandem.db'));
  database.exec(`insert into migrations values (999, 'of-the-future')`);
  database.close();
  const text = await refusal(CANNOT_START, ['--data', path]);
  expect(text).toMatch(/^The database has schema 999, this Tandem knows \d+\. Start the newer Tandem that wrote it/);
});

test('a key that others may read, that is none, that is another one or that is gone is refused', async () => {
  const path = copyOf('key');
  const key = join(path, 'secret.key');
  chmodSync(key, 0o644);
  expect(await refusal(CANNOT_START, ['--data', path])).toContain(`${key} has mode 0644, expected 0600`);
  chmodSync(key, 0o600);
  writeFileSync(key, 'hello');
  const advice = 'Put back the secret.key that belongs to this database.';
  expect(await refusal(CANNOT_START, ['--data', path])).toContain(`is no key: expected 64 hexadecimal digits, got 5`);
  writeFileSync(key, 'ab'.repeat(32));
  expect(await refusal(CANNOT_START, ['--data', path])).toContain(`was not sealed with this secret.key. ${advice}`);
  rmSync(key);
  expect(await refusal(CANNOT_START, ['--data', path])).toContain(`${key} is missing: expected the key`);
  cpSync(join(sound, 'secret.key'), key);
  expect(await (await TandemProcess.start({ folder: path })).stop()).toBe(0);
});

test.each([
  [['--sipp', 'udp:127.0.0.1:0'], "Unknown option '--sipp'. (Did you mean --sip?)"],
  [['--sip'], "Option '--sip <TRANSPORT:HOST:PORT>' argument missing"],
  [['now'], "Too many arguments for 'serve'. Expected 0 arguments but got 1: now"],
])('a wrong command line is told with a hint: %j', async (args, words) => {
  expect(await refusal(USAGE, args)).toContain(words);
});

/** A value of every setting that is none, and what is expected instead. */
const BAD_VALUES: readonly (readonly [name: string, value: string, expected: string])[] = [
  ['data', '', 'a folder, got nothing'],
  ['sip', 'udp:localhost:5060', 'udp, tcp, tls, ws or wss with an address and a port, such as udp:0.0.0.0:5060'],
  ['http', '8080', 'a host and a port, such as 127.0.0.1:8080, got 8080'],
  ['rtp', '30000-20000', 'two ports from 1024 up, such as 20000-29999, got 30000-20000'],
  ['rtp-sharing', 'maybe', 'on or off, got maybe'],
  ['rtp-io', 'fast', 'best or dgram, got fast'],
  ['workers', '0', 'a number from 1 to 64, got 0'],
  ['advertise', 'example.com', 'a literal address, got example.com'],
  ['local-net', '10/8', 'a network such as 10.0.0.0/8, got 10/8'],
  ['domain', 'a_b', 'a domain name, got a_b'],
  ['allow-private', '10.0.0.0', 'a network such as 10.0.0.0/8, got 10.0.0.0'],
  ['country', 'Germany', 'two letters of ISO 3166, such as DE, got Germany'],
  ['media-timeout', '60', 'a number with ms, s, m, h or d, such as 60s, got 60'],
  ['drain', 'soon', 'a number with ms, s, m, h or d, such as 60s, got soon'],
  ['durability', 'max', 'process or full, got max'],
  ['keep-calls', 'for ever', 'a number with ms, s, m, h or d, such as 60s, got for ever'],
  ['log', 'loud', 'debug, info, warn, error, got loud'],
  // Not built yet: nobody is left to believe that it works.
  [
    'database',
    'postgres://tandem:hunter2@db/tandem',
    'sqlite: no other database is built yet, got postgres://tandem:[',
  ],
  ['rate-limits', 'reference', 'off: rate limits are not built yet, got reference'],
  ['keep-events', '30d', 'it to be left out: this is not built yet, got 30d'],
  ['keep-recordings', '90d', 'it to be left out: this is not built yet, got 90d'],
];

test('a bad value of every setting, or one that is not built yet, is told, all in one go', async () => {
  const text = await refusal(USAGE, [...BAD_VALUES.map(([name, value]) => `--${name}=${value}`)]);
  for (const [name, , expected] of BAD_VALUES) expect(text).toContain(`--${name}: expected ${expected}`);
  expect(text).toContain('See tandem serve --help.');
  expect(text).not.toContain('hunter2');
});

test('variables and settings files are judged like flags', async () => {
  const text = await refusal(USAGE, [], { TANDEM_DRIAN: '1s', TANDEM_WORKERS: 'many' });
  expect(text).toContain('TANDEM_DRIAN: expected TANDEM_DRAIN, got TANDEM_DRIAN');
  expect(text).toContain('TANDEM_WORKERS: expected a number from 1 to 64, got many');
  const path = join(folder, 'settings.yaml');
  writeFileSync(path, 'drian: 3s\nworkers: many\n');
  const ofFile = await refusal(USAGE, ['--config', path]);
  expect(ofFile).toContain(`The setting drian in ${path}: expected drain, got drian`);
  expect(ofFile).toContain(`the setting workers in ${path}: expected a number from 1 to 64, got many`);
  writeFileSync(path, 'sip: [\n');
  expect(await refusal(USAGE, ['--config', path])).toContain(`The settings file ${path} is no YAML: `);
  expect(await refusal(CANNOT_START, ['--config', join(folder, 'absent.yaml')])).toContain(
    'absent.yaml cannot be read',
  );
});

test('after all refusals on it, a folder is neither locked nor changed: Tandem starts and knows its extensions', async () => {
  const server = await TandemProcess.start({ folder: sound });
  expect((await server.api('GET', '/v1.0/extensions')).body['result']).toHaveLength(2);
  expect(await server.stop()).toBe(0);
});
