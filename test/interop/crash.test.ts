import { afterEach, describe, expect, test } from 'vitest';
import { hasProgram, until } from './program.ts';
import { sipp } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

const CALLS = 10;
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

describe.skipIf(!hasProgram('sipp'))('kill -9 during calls', () => {
  test('a new process hangs up every dialog that was answered, knows the calls, and phones stay registered', async () => {
    const first = new TandemProcess();
    running.push(first);
    await first.ready();
    await first.createExtension('3000', 'secret-of-3000');
    await first.createExtension('3001', 'secret-of-3001');
    const serverPort = first.sipPort;
    const account = { serverPort, service: '3001', user: '3000', password: 'secret-of-3000' };
    const register = sipp({
      scenario: 'register',
      serverPort,
      localPort: 15_310,
      service: '3001',
      password: 'secret-of-3001',
      calls: 1,
      keys: { contact_port: '15320' },
    });
    expect(await register.exited, register.output).toBe(0);

    // An ended call before the crash.
    const shortCallee = sipp({
      scenario: 'callee',
      serverPort,
      localPort: 15_320,
      service: '3001',
      calls: 1,
      mediaPort: 52_100,
    });
    const short = sipp({
      ...account,
      scenario: 'caller',
      localPort: 15_330,
      calls: 1,
      mediaPort: 51_100,
      holdMs: 100,
    });
    expect(await short.exited, short.output).toBe(0);
    expect(await shortCallee.exited, shortCallee.output).toBe(0);

    const callee = sipp({
      scenario: 'callee',
      serverPort,
      localPort: 15_320,
      service: '3001',
      calls: CALLS,
      mediaPort: 52_200,
    });
    const caller = sipp({
      ...account,
      scenario: 'caller-until-bye',
      localPort: 15_330,
      calls: CALLS,
      callsPerSecond: 20,
      mediaPort: 51_200,
    });
    running.push(callee, caller);
    await first.settled('tandem_calls_live', 2 * CALLS);
    await until(
      async () => ((await first.metric('tandem_calls_answered_total')) === 2 * CALLS + 2 ? true : undefined),
      5_000,
      () => 'answers',
    );
    // Answers are committed within 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await first.kill();

    const startedAt = performance.now();
    const second = new TandemProcess({ folder: first.folder, listeners: [`udp:127.0.0.1:${serverPort}`] });
    running.push(second);
    await second.ready();
    expect(await callee.exited, callee.output).toBe(0);
    expect(await caller.exited, caller.output).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);

    const { body } = await second.api('GET', '/v1.0/calls?page_size=100');
    const calls = body['result'] as { status: string; hangup_reason: string; hangup_by: string }[];
    expect(calls).toHaveLength(2 * CALLS + 2);
    expect(calls.every((call) => call.status === 'hangup')).toBe(true);
    expect(calls.filter((call) => call.hangup_reason === 'failed')).toHaveLength(2 * CALLS);
    const extensions = (await second.api('GET', '/v1.0/extensions')).body['result'] as { extension: string }[];
    expect(extensions.map((extension) => extension.extension)).toEqual(
      expect.arrayContaining(['1000', '1001', '3000', '3001']),
    );

    // Still registered, without registering again.
    const lateCallee = sipp({
      scenario: 'callee',
      serverPort,
      localPort: 15_320,
      service: '3001',
      calls: 1,
      mediaPort: 52_300,
    });
    running.push(lateCallee);
    const late = sipp({
      ...account,
      scenario: 'caller',
      localPort: 15_330,
      calls: 1,
      mediaPort: 51_300,
      holdMs: 100,
    });
    expect(await late.exited, late.output).toBe(0);
    expect(await lateCallee.exited, lateCallee.output).toBe(0);
  }, 60_000);
});
