import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Baresip } from './baresip.ts';
import { hasProgram } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

/** A phone that says a tone of its own. */
async function phone(
  user: string,
  serverPort: number,
  sipPort: number,
  answer: 'auto' | 'manual',
  frequencyHz: number,
): Promise<Baresip> {
  const baresip = new Baresip({
    user,
    password: `secret-of-${user}`,
    serverPort,
    sipPort,
    controlPort: sipPort + 2,
    rtpPorts: `${sipPort + 27_000}-${sipPort + 27_009}`,
    voice: writeVoice(join(voices, `${user}.wav`), frequencyHz, 30),
    answer,
  });
  running.push(baresip);
  await baresip.ready();
  return baresip;
}

describe.skipIf(!hasProgram('baresip'))('a baresip that is referred to another phone', () => {
  test('calls it, is heard there, and has left the call that it was transferred from', async () => {
    const server = await TandemProcess.start();
    running.push(server);
    const users = ['2000', '2001', '2002'];
    await Promise.all(users.map((user) => server.createExtension(user, `secret-of-${user}`)));
    const [alice, bob, carol] = await Promise.all([
      phone('2000', server.sipPort, 15_960, 'manual', 500),
      phone('2001', server.sipPort, 15_970, 'auto', 900),
      phone('2002', server.sipPort, 15_980, 'auto', 1200),
    ]);
    await server.settled('tandem_bindings', 3);
    alice.command('dial', '2001');
    await alice.event('CALL_ESTABLISHED');
    await bob.event('CALL_ESTABLISHED');
    const { result } = await server.asAdmin('GET', '/v1.0/calls');
    const calls = result as { readonly id: string; readonly direction: string }[];
    const transfer = await server.asAdmin('POST', '/v1.0/transfers', {
      transfer_type: 'blind',
      method: 'refer',
      transferer_call_id: calls.find(({ direction }) => direction === 'outgoing')?.id,
      transferee_addresses: [{ type: 'extension', target: '2002' }],
    });
    expect(transfer['type']).toBe('blind');
    expect((await alice.event('TRANSFER')).param).toContain('sip:2002@');
    await Promise.all([carol.hears(500, 0.5), alice.hears(1200, 0.5), bob.event('CALL_CLOSED')]);
    await server.settled('tandem_calls_live', 2);
  }, 60_000);
});
