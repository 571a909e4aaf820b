import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram } from './program.ts';
import { RawSip } from './raw-sip.ts';
import { sipp } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

const ECHO = '+899000000101';
const CALLER = '+4930999';

/** A row of the API, as far as it is looked at here. */
interface Row {
  readonly id: string;
  readonly status?: string;
  readonly source?: { readonly type: string; readonly target: string };
}

describe.skipIf(!hasProgram('sipp'))('beside a real SIP server', () => {
  let tandem: TandemProcess;
  beforeAll(async () => {
    tandem = await TandemProcess.start();
  });
  afterAll(() => tandem.stop(), 60_000);

  /** What an INVITE without credentials is told. */
  async function statusFor(from: string): Promise<number> {
    const stranger = await RawSip.open(tandem.sipPort);
    const { status } = await stranger.ask({ method: 'INVITE', from, to: ECHO });
    await stranger.stop();
    return status;
  }

  async function rows(path: string): Promise<readonly Row[]> {
    const { status, body } = await tandem.api('GET', path);
    expect(status).toBe(200);
    return body['result'] as readonly Row[];
  }

  test('a trunk calls a number by its address alone, and only as long as it is a trunk', {
    timeout: 60_000,
  }, async () => {
    expect(await statusFor(CALLER)).toBe(401);

    const fields = { domain_name: 'carrier', auth_types: ['ip'], allowed_ips: ['127.0.0.0/8'] };
    const made = await tandem.api('POST', '/v1.0/trunks', fields);
    expect(made.status).toBe(200);
    const call = sipp({
      scenario: 'trunk',
      serverPort: tandem.sipPort,
      localPort: 15_610,
      service: ECHO,
      user: CALLER,
      calls: 3,
      holdMs: 500,
    });
    expect(await call.exited, call.output).toBe(0);
    await tandem.settled('tandem_calls_live', 0);
    const calls = await rows('/v1.0/calls');
    expect(calls.map(({ source }) => source?.target)).toEqual([CALLER, CALLER, CALLER]);
    // Whoever says to be a phone must prove it, also from there.
    expect(await statusFor('1000')).toBe(401);

    expect((await tandem.api('DELETE', `/v1.0/trunks/${made.body['id']}`)).status).toBe(200);
    expect(await statusFor(CALLER)).toBe(401);
    expect(await rows('/v1.0/calls')).toHaveLength(3);
  });

  test.each([
    ['127.0.0.1', 15_630],
    // A name that needs no name server (RFC 6761 §6.3), and is located nevertheless.
    ['callee.localhost', 15_650],
  ])(
    'a program calls a SIP URI at %s: a flow runs on the answer, and its end hangs up',
    {
      timeout: 60_000,
    },
    async (host, port) => {
      const callee = sipp({
        scenario: 'callee',
        serverPort: tandem.sipPort,
        localPort: port,
        service: 'bob',
        calls: 1,
      });
      const order = {
        destinations: [{ type: 'sip', target: `sip:bob@${host}:${port}` }],
        actions: [{ type: 'sleep', option: { duration: 300 } }],
      };
      // SIPp needs a moment to listen; our INVITE is repeated until it does.
      const { status, body } = await tandem.api('POST', '/v1.0/calls', order);
      expect(status).toBe(200);
      expect(await callee.exited, callee.output).toBe(0);
      const [call] = body['calls'] as readonly Row[];
      await tandem.settled('tandem_calls_live', 0);
      expect((await tandem.api('GET', `/v1.0/calls/${call!.id}`)).body).toMatchObject({
        status: 'hangup',
        direction: 'outgoing',
      });
    },
  );

  test('a call to a host that does not exist ends without having been answered', { timeout: 60_000 }, async () => {
    const destinations = [{ type: 'sip', target: 'sip:bob@nowhere.invalid' }];
    const { status, body } = await tandem.api('POST', '/v1.0/calls', { destinations, actions: [] });
    expect(status).toBe(200);
    const [call] = body['calls'] as readonly Row[];
    await tandem.settled('tandem_calls_live', 0);
    expect((await tandem.api('GET', `/v1.0/calls/${call!.id}`)).body).toMatchObject({
      status: 'hangup',
      hangup_reason: 'failed',
    });
  });
});
