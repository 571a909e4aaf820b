import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../cli/build/run-tool.ts';
import { VERSION } from '../../cli/version.ts';
import { decodeWav } from '../../media/audio-file.ts';
import { levelDbov } from '../../media/dsp/level.ts';
import { hasProgram, Program } from '../interop/program.ts';
import { sipp } from '../interop/sipp.ts';

const BIN = join(ROOT, 'node_modules/.bin');
const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH']}` };
const BUILD_LIMIT_MS = 180_000;
/** Louder than any noise. */
const SPEECH_DBOV = -40;

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A call from the command line of this form of Tandem through its own `serve` to a phone that echoes what it hears. */
async function callThrough(served: Program, command: string, args: readonly string[], cwd: string): Promise<void> {
  const serverPort = Number((await served.saw(/listening sip udp \S+:(\d+)/))[1]);
  const [password, calleePassword] = [/extension 1000: (\S+)/, /extension 1001: (\S+)/].map(
    (pattern) => pattern.exec(served.output)![1]!,
  );
  const callee = { serverPort, service: '1001', password: calleePassword!, calls: 1 };
  const registers = sipp({ ...callee, scenario: 'register', localPort: 15_510, keys: { contact_port: '15520' } });
  expect(await registers.exited, registers.output).toBe(0);
  const phone = sipp({ ...callee, scenario: 'callee', localPort: 15_520, echoes: true });
  const account = ['--user', '1000', '--password', password!, '--seconds', '1', '--json'];
  const caller = new Program(command, [...args, 'call', `sip:1001@127.0.0.1:${serverPort}`, ...account], {
    cwd,
    env: { PATH: env.PATH },
  });
  try {
    expect(await caller.exited, caller.output).toBe(0);
    const { answered, packetsReceived } = JSON.parse(/\{.*\}/.exec(caller.output)![0]);
    expect(answered).toBe(true);
    expect(packetsReceived).toBeGreaterThan(20);
    expect(await phone.exited, phone.output).toBe(0);
  } finally {
    await phone.stop();
  }
}

/** Calls the demonstration menu: what is heard is the prompt that this form of Tandem brings along. */
async function hearMenu(served: Program, command: string, args: readonly string[], cwd: string): Promise<void> {
  const serverPort = (await served.saw(/listening sip udp \S+:(\d+)/))[1];
  const password = /extension 1000: (\S+)/.exec(served.output)![1]!;
  const order = [`sip:9103@127.0.0.1:${serverPort}`, '--user', '1000', '--password', password];
  const heard = ['--record', 'heard.wav', '--seconds', '2', '--json'];
  const caller = new Program(command, [...args, 'call', ...order, ...heard], { cwd, env: { PATH: env.PATH } });
  expect(await caller.exited, caller.output).toBe(0);
  const decoded = decodeWav(readFileSync(join(cwd, 'heard.wav')));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  expect(levelDbov(decoded.samples, 0, decoded.samples.length)).toBeGreaterThan(SPEECH_DBOV);
}

/** Starts `tandem serve` in an empty folder, makes a call through it, ends it, and returns the exit code. */
async function serveOnce(command: string, args: readonly string[], cwd: string): Promise<number> {
  const listeners = ['--sip', 'udp:127.0.0.1:0', '--http', '127.0.0.1:0', '--workers', '1'];
  const program = new Program(command, [...args, 'serve', ...listeners], { cwd, env: { PATH: env.PATH } });
  try {
    await program.saw(/listening sip udp/, 20_000);
    const http = (await program.saw(/listening http (\S+)/, 20_000))[1];
    expect((await fetch(`http://${http}/ping`)).status).toBe(200);
    expect(await (await fetch(`http://${http}/metrics`)).text()).toContain('tandem_extensions 2\n');
    await hearMenu(program, command, args, cwd);
    if (hasProgram('sipp')) await callThrough(program, command, args, cwd);
  } finally {
    await program.stop('SIGTERM', 20_000);
  }
  return program.exited;
}

describe('the npm package in an empty project', () => {
  const project = mkdtempSync(join(tmpdir(), 'tandem-package-'));
  afterAll(() => rmSync(project, { recursive: true }));

  beforeAll(() => {
    run(join(BIN, 'node'), ['cli/build/package.ts'], ROOT);
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], ROOT);
    const archive = readdirSync(project).find((name) => name.endsWith('.tgz'))!;
    writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}');
    run('npm', ['install', '--loglevel=error', '--prefer-offline', `./${archive}`], project);
  }, BUILD_LIMIT_MS);

  test('nothing is compiled: native parts come ready-made, whether npm runs install scripts or not', () => {
    for (const name of ['better-sqlite3', 'koffi']) {
      expect(existsSync(join(project, 'node_modules', name, 'package.json'))).toBe(true);
      expect(existsSync(join(project, 'node_modules', name, 'build/Release'))).toBe(false);
    }
  });

  test('npx tandem --version prints the version', { timeout: 60_000 }, () => {
    expect(run('npx', ['--no-install', 'tandem', '--version'], project).trim()).toBe(VERSION);
  });

  test('an import of the public entry works', { timeout: 60_000 }, () => {
    const script =
      "import { readSettings, Tandem, VERSION } from 'tandem'; console.log(readSettings({}).kind, typeof Tandem.open, VERSION);";
    writeFileSync(join(project, 'entry.js'), script);
    expect(run('node', ['entry.js'], project).trim()).toBe(`read function ${VERSION}`);
  });

  test('its types are found', { timeout: 60_000 }, () => {
    const script =
      "import { readSettings, Tandem } from 'tandem';\nconst kind: 'read' | 'wrong' = readSettings({}).kind;\nexport const wrong: number = Tandem;\nexport { kind };\n";
    writeFileSync(join(project, 'entry.ts'), script);
    const args = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--skipLibCheck',
      '--pretty',
      'false',
      '--types',
      '',
      'entry.ts',
    ];
    let output = '';
    try {
      run(join(BIN, 'tsc'), args, project);
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    expect(output.trim().split('\n')).toEqual([
      expect.stringContaining("Type 'typeof Tandem' is not assignable to type 'number'"),
    ]);
  });

  test('it serves, takes a call, and ends when told to', { timeout: 60_000 }, async () => {
    expect(await serveOnce('node', ['node_modules/tandem/dist/cli/main.js'], project)).toBe(0);
  });

  test('a Node that is too old is told so in one sentence', () => {
    const main = readFileSync(join(project, 'node_modules/tandem/dist/cli/main.js'), 'utf8');
    const pretending = main.replace('process.versions.node.split', "'20.1.0'.split");
    writeFileSync(join(project, 'node_modules/tandem/dist/cli/old.js'), pretending);
    const failed = (): string => run('node', ['node_modules/tandem/dist/cli/old.js', '--version'], project);
    expect(failed).toThrow(
      expect.objectContaining({ status: 69, stderr: expect.stringContaining('expected version 24') }),
    );
  });
});

test('the single executable serves from an empty folder and takes a call', { timeout: BUILD_LIMIT_MS }, async () => {
  run(join(BIN, 'node'), ['cli/build/binary.ts'], ROOT);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-binary-'));
  try {
    expect(await serveOnce(join(ROOT, 'build/tandem'), [], folder)).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
