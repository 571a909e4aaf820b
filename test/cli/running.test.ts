import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../cli/build/run-tool.ts';
import { Program, until } from '../interop/program.ts';
import { TandemProcess } from '../interop/tandem-process.ts';

const NODE = join(ROOT, 'node_modules/.bin/node');
const MAIN = join(ROOT, 'cli/main.ts');
let serving: TandemProcess;
let extension = 7000;

beforeAll(async () => {
  serving = await TandemProcess.start();
});
afterAll(async () => {
  await serving.stop();
  rmSync(serving.folder, { recursive: true });
});

function tandem(args: readonly string[], input = ''): { code: number | null; stdout: string; stderr: string } {
  const command = [MAIN, ...args, '--data', serving.folder];
  const { status, stdout, stderr } = spawnSync(NODE, command, { encoding: 'utf8', input });
  return { code: status, stdout, stderr };
}

async function login(password: string): Promise<number> {
  const body = JSON.stringify({ username: 'admin@localhost', password });
  return (await fetch(`http://127.0.0.1:${serving.httpPort}/auth/login`, { method: 'POST', body })).status;
}

test('the status of a running process is shown to people and programs', () => {
  const text = tandem(['status']);
  expect(text.stdout).toMatch(/process +\d+, serving/);
  expect(text.stdout).toContain(`listening`);
  const report = JSON.parse(tandem(['status', '--json']).stdout);
  expect(report).toMatchObject({ pid: serving.program.pid, state: 'serving', figures: expect.any(Object) });
});

test('a second process on the same folder is refused', () => {
  const { code, stderr } = tandem(['serve', '--http', '127.0.0.1:0', '--sip', 'udp:127.0.0.1:0']);
  expect(code).toBe(69);
  expect(stderr).toMatch(/^Another process uses the data folder .+\n$/);
});

/** A trace that has shown something: it says nothing until something happens, so something happens until it does. */
async function tracing(): Promise<Program> {
  const trace = new Program(NODE, [MAIN, 'trace', '--data', serving.folder]);
  await until(
    async () => {
      await serving.createExtension(String(extension++), 'secret');
      return /extension_created/.test(trace.output) ? true : undefined;
    },
    10_000,
    () => `an event in:\n${trace.output}`,
  );
  return trace;
}

test('a trace shows events and messages until it is interrupted', async () => {
  const trace = await tracing();
  expect(await trace.stop('SIGINT')).toBe(0);
});

test("an agent's password is set while Tandem runs", { timeout: 30_000 }, async () => {
  expect(await login('correct horse battery')).toBe(200);
  const { code, stdout } = tandem(['reset-password', '--json']);
  expect(code).toBe(0);
  const { password } = JSON.parse(stdout) as { password: string };
  expect(await login(password)).toBe(200);
  expect(await login('correct horse battery')).toBe(400);
  expect(tandem(['reset-password', '--stdin'], 'from standard input\n').code).toBe(0);
  expect(await login('from standard input')).toBe(200);
  expect(tandem(['reset-password', 'nobody@localhost']).stderr).toMatch(/^No agent nobody@localhost/);
});

test("an agent's password is set in the store of a stopped Tandem", { timeout: 60_000 }, async () => {
  await serving.program.stop('SIGTERM', 20_000);
  const { code, stdout, stderr } = tandem(['reset-password', '--json']);
  expect([code, stderr]).toEqual([0, '']);
  const { password } = JSON.parse(stdout) as { password: string };
  // Without the variable that would set the password again at the start.
  serving = await TandemProcess.start({ folder: serving.folder, env: { TANDEM_ADMIN_PASSWORD: '' } });
  expect(await login(password)).toBe(200);
});

test('the trace of a process that ends, ends with it', { timeout: 30_000 }, async () => {
  const trace = await tracing();
  await serving.program.stop('SIGTERM', 20_000);
  expect(await trace.exited).toBe(0);
  serving = await TandemProcess.start({ folder: serving.folder });
});
