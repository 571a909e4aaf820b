import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { endedBySwitch, Rounds } from './lifecycle-rounds.ts';
import { hasProgram, type Program } from './program.ts';
import { RawSip } from './raw-sip.ts';
import { type SippOptions, sipp } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

const ROUNDS = Number(process.env['TANDEM_ROUNDS'] ?? 9);
const OCCUPATIONS = ['idle', 'busy', 'media thread died'] as const;
const CALLEE_PORT = 15_450;
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

describe.skipIf(!hasProgram('sipp'))('starts and stops in a row on one folder and the same ports', () => {
  test(
    `${ROUNDS} rounds, idle, busy and after a media thread died, lose nothing that was acknowledged`,
    async () => {
      const rounds = new Rounds();
      running.push(rounds);
      for (let round = 0; round < ROUNDS; round++) {
        const occupation = OCCUPATIONS[round % OCCUPATIONS.length]!;
        // Every other trio is killed instead of asked to stop.
        const signal = Math.floor(round / OCCUPATIONS.length) % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
        await rounds.round(occupation, signal);
      }
      expect(await rounds.end()).toBeGreaterThan(ROUNDS);
    },
    40_000 + 15_000 * ROUNDS,
  );
});

/** A server with 3000 and 3001, the latter registered from SIPp. */
async function office(drain: string): Promise<TandemProcess> {
  const server = new TandemProcess({ args: ['--drain', drain] });
  running.push(server);
  await server.ready();
  await server.createExtension('3000', 'secret-of-3000');
  await server.createExtension('3001', 'secret-of-3001');
  const account = { service: '3001', password: 'secret-of-3001', keys: { contact_port: String(CALLEE_PORT) } };
  await succeeds(sipp({ scenario: 'register', serverPort: server.sipPort, localPort: 15_440, calls: 1, ...account }));
  return server;
}

/** One call between the two, live when this resolves. */
async function liveCall(
  server: TandemProcess,
  options: Pick<SippOptions, 'scenario' | 'holdMs'>,
): Promise<{ caller: Program; callee: Program }> {
  const { sipPort: serverPort } = server;
  const account = { service: '3001', user: '3000', password: 'secret-of-3000' };
  const both = { serverPort, calls: 1, service: '3001' };
  const callee = sipp({ ...both, scenario: 'callee', localPort: CALLEE_PORT });
  const caller = sipp({ ...both, ...account, ...options, localPort: 15_460 });
  running.push(callee, caller);
  await server.settled('tandem_calls_answered_total', 2);
  return { caller, callee };
}

async function succeeds(program: Program): Promise<void> {
  expect(await program.exited, program.output).toBe(0);
}

test('clients that hold connections open, or never finish a request, do not hold up the end', async () => {
  const server = new TandemProcess();
  running.push(server);
  await server.ready();
  const clients = [
    [server.httpPort, ''],
    [server.httpPort, 'GET /ping HTTP/1.1\r\nHost: a\r\n\r\n'],
    [server.httpPort, 'GET /ping HTT'],
    [server.httpPort, 'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{'],
    [server.tcpPort, ''],
    [server.tcpPort, 'OPTIONS sip:127.0.0.1 SIP/2.0\r\nContent-Length: 100\r\n\r\n'],
  ] as const;
  const sockets = clients.map(([port, text]) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    return socket.on('error', () => undefined).resume();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // A reset is an end like any other, so the event alone counts.
  const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  const startedAt = performance.now();
  expect(await server.stop(), server.program.output).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  await closed;
});

describe.skipIf(!hasProgram('sipp'))('SIGTERM during a call', () => {
  test('new calls are refused with Retry-After, the call goes on until its parties end it, then the process ends', async () => {
    const server = await office('20s');
    const { caller, callee } = await liveCall(server, { scenario: 'caller', holdMs: 2_000 });
    const stranger = await RawSip.open(server.sipPort);
    running.push(stranger);
    const startedAt = performance.now();
    const stopped = server.stop();
    await server.program.saw(/"draining","liveCalls":2/);
    const refused = await stranger.ask({ method: 'INVITE', from: '3000', to: '3001' });
    expect(refused.status).toBe(503);
    expect(refused.text).toMatch(/^Retry-After: \d+\r$/m);
    expect(caller.child.exitCode).toBeNull();
    await succeeds(caller);
    await succeeds(callee);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(await stopped, server.program.output).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  test('a call that outlives the drain time gets its BYE, and its record says that the switch ended it', async () => {
    const server = await office('1s');
    const { caller, callee } = await liveCall(server, { scenario: 'caller-until-bye' });
    const startedAt = performance.now();
    expect(await server.stop(), server.program.output).toBe(0);
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThan(5_000);
    await succeeds(caller);
    await succeeds(callee);
    const next = new TandemProcess({ folder: server.folder });
    running.push(next);
    await next.ready();
    const { body } = await next.api('GET', '/v1.0/calls');
    const calls = body['result'] as Record<string, string>[];
    expect(calls).toHaveLength(2);
    for (const call of calls) expect(call).toMatchObject(endedBySwitch(call));
  });
});
