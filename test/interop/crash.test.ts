import { afterEach, describe, expect, test } from 'vitest';
import { hasProgram, type Program, until } from './program.ts';
import { type SippOptions, sipp } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

const CALLS = 10;
const CALLEE_PORT = 15_350;
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

async function succeeds(program: Program): Promise<void> {
  expect(await program.exited, program.output).toBe(0);
}

function callee(serverPort: number, calls: number): Program {
  const program = sipp({ scenario: 'callee', serverPort, localPort: CALLEE_PORT, service: '3001', calls });
  running.push(program);
  return program;
}

function caller(serverPort: number, options: Partial<SippOptions> & Pick<SippOptions, 'scenario' | 'calls'>): Program {
  const account = { service: '3001', user: '3000', password: 'secret-of-3000' };
  const program = sipp({
    serverPort,
    localPort: 15_360,
    callsPerSecond: 20,
    ...account,
    ...options,
  });
  running.push(program);
  return program;
}

/** One short call through to its end, both sides content. */
async function shortCall(serverPort: number): Promise<void> {
  const answering = callee(serverPort, 1);
  await succeeds(caller(serverPort, { scenario: 'caller', calls: 1 }));
  await succeeds(answering);
}

async function results(server: TandemProcess, path: string): Promise<Record<string, string>[]> {
  return (await server.api('GET', path)).body['result'] as Record<string, string>[];
}

/** A server with 3000 and 3001, the latter registered from SIPp. */
async function office(): Promise<TandemProcess> {
  const server = await start();
  await server.createExtension('3000', 'secret-of-3000');
  await server.createExtension('3001', 'secret-of-3001');
  const account = { service: '3001', password: 'secret-of-3001', keys: { contact_port: String(CALLEE_PORT) } };
  await succeeds(sipp({ scenario: 'register', serverPort: server.sipPort, localPort: 15_365, calls: 1, ...account }));
  return server;
}

describe.skipIf(!hasProgram('sipp'))('kill -9 during calls', () => {
  test('a new process hangs up every dialog that was answered, knows the calls, and phones stay registered', async () => {
    const first = await office();
    const serverPort = first.sipPort;
    await shortCall(serverPort);
    const answering = callee(serverPort, CALLS);
    const calling = caller(serverPort, { scenario: 'caller-until-bye', calls: CALLS });
    const answered = async () => (await first.metric('tandem_calls_answered_total')) === 2 * CALLS + 2 || undefined;
    await until(answered, 10_000, () => `${CALLS} calls to be answered`);
    // Answers are committed soon after.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await first.settled('tandem_store_queue', 0);
    await first.kill();

    const startedAt = performance.now();
    const second = await start({ folder: first.folder, listeners: [`udp:127.0.0.1:${serverPort}`] });
    await succeeds(answering);
    await succeeds(calling);
    expect(performance.now() - startedAt).toBeLessThan(5_000);

    const calls = await results(second, '/v1.0/calls?page_size=100');
    expect(calls).toHaveLength(2 * CALLS + 2);
    expect(calls.every((call) => call['status'] === 'hangup')).toBe(true);
    expect(calls.filter((call) => call['hangup_reason'] === 'failed')).toHaveLength(2 * CALLS);
    const extensions = (await results(second, '/v1.0/extensions')).map((row) => row['extension']);
    expect(extensions.sort()).toEqual(['1000', '1001', '3000', '3001']);
    // Nobody has registered again.
    await shortCall(serverPort);
  }, 60_000);
});
