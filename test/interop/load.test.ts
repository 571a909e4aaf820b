import { afterEach, describe, expect, test } from 'vitest';
import { hasProgram } from './program.ts';
import { sipp } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

/** Everything that a call takes up while it lives; all of it is given back. */
const LEFTOVERS = [
  'tandem_calls_live',
  'tandem_legs_live',
  'tandem_dialogs_live',
  'tandem_transactions_live',
  'tandem_sip_timers',
  'tandem_call_timers',
  'tandem_media_streams',
  'tandem_rtp_ports_used',
] as const;

const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

describe.skipIf(!hasProgram('sipp'))('under load from SIPp', () => {
  test('200 calls between extensions at 50 per second are all answered and ended, and leave nothing behind', async () => {
    const server = new TandemProcess();
    running.push(server);
    await server.ready();
    await server.createExtension('3000', 'secret-of-3000');
    await server.createExtension('3001', 'secret-of-3001');
    const serverPort = server.sipPort;
    const register = sipp({
      scenario: 'register',
      serverPort,
      localPort: 15_210,
      service: '3001',
      password: 'secret-of-3001',
      calls: 1,
      keys: { contact_port: '15220' },
    });
    expect(await register.exited, register.output).toBe(0);

    const callee = sipp({
      scenario: 'callee',
      serverPort,
      localPort: 15_220,
      service: '3001',
      calls: 200,
    });
    running.push(callee);
    const caller = sipp({
      scenario: 'caller',
      serverPort,
      localPort: 15_230,
      service: '3001',
      user: '3000',
      password: 'secret-of-3000',
      calls: 200,
      callsPerSecond: 50,
      holdMs: 2000,
    });
    running.push(caller);
    expect(await caller.exited, caller.output).toBe(0);
    expect(await callee.exited, callee.output).toBe(0);

    expect(await server.metric('tandem_calls_answered_total')).toBe(400);
    // Timer J and K keep finished transactions for up to 32 s.
    for (const name of LEFTOVERS) await server.settled(name, 0, 40_000);
    const { body } = await server.api('GET', '/v1.0/calls?page_size=100');
    const calls = body['result'] as { status: string; hangup_reason: string }[];
    expect(calls).toHaveLength(100);
    expect(calls.every((call) => call.status === 'hangup' && call.hangup_reason === 'normal')).toBe(true);
  }, 90_000);
});
