import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../cli/build/run-tool.ts';
import { Baresip } from '../interop/baresip.ts';
import { hasProgram, Program } from '../interop/program.ts';
import { TandemProcess } from '../interop/tandem-process.ts';
import { readVoice, toneSeconds, writeVoice } from '../interop/voice.ts';

const NODE = join(ROOT, 'node_modules/.bin/node');
const MAIN = join(ROOT, 'cli/main.ts');
/** What we speak, and what the phones speak. */
const OURS_HZ = 440;
const THEIRS_HZ = 1100;
const CALLER = ['--user', '5000', '--password', 'secret-of-5000'];
/** Everything that a call takes up at the switch while it lives. */
const LEFTOVERS = [
  'tandem_calls_live',
  'tandem_bridges_live',
  'tandem_legs_live',
  'tandem_dialogs_live',
  'tandem_call_timers',
  'tandem_media_legs',
  'tandem_media_streams',
] as const;

const folder = mkdtempSync(join(tmpdir(), 'tandem-call-'));
let server: TandemProcess;
let silent: Socket;
/** Runs beside the other tests: it takes as long as an INVITE is repeated. */
let unheard: Program;

beforeAll(async () => {
  silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  unheard = call(`sip:1001@127.0.0.1:${silent.address().port}`);
  server = await TandemProcess.start({ listeners: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0', 'udp:[::1]:0'] });
  for (const extension of ['5000', '5001', '5002', '5003'])
    await server.createExtension(extension, `secret-of-${extension}`);
});

afterAll(async () => {
  await unheard.stop('SIGKILL');
  silent.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

function call(uri: string, ...args: readonly string[]): Program {
  return new Program(NODE, [MAIN, 'call', uri, ...args]);
}

function at(number: string, port = server.sipPort): string {
  return `sip:${number}@127.0.0.1:${port}`;
}

async function ended(program: Program): Promise<{ code: number; output: string }> {
  const code = await program.exited;
  return { code, output: program.output };
}

async function nothingIsLeft(): Promise<void> {
  for (const name of LEFTOVERS) await server.settled(name, 0);
}

describe('a call that nobody takes', () => {
  test.each([
    ['a wrong password', '5001', ['--user', '5000', '--password', 'wrong'], /password was refused for user 5000.* 401/],
    ['no password', '5001', [], /asks who is calling.* 401\. Give --user and --password\./],
    ['a number that is not there', '5999', CALLER, /The number 5999 is not known at 127\.0\.0\.1.* 404/],
    ['a number without a phone', '5003', CALLER, /Nobody is registered for 5003 at 127\.0\.0\.1.* 480/],
  ])('ends with one sentence for %s', async (_, number, args, sentence) => {
    const { code, output } = await ended(call(at(number), ...args));
    expect(code).toBe(1);
    expect(output.trim().split('\n').at(-1)).toMatch(sentence);
  });

  test('is one JSON object for a program', async () => {
    const { code, output } = await ended(call(at('5003'), ...CALLER, '--json'));
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ answered: false, status: 480, cause: 'unavailable', setupMs: null });
  });

  test('is over at once where a connection is refused', async () => {
    const { code, output } = await ended(call('sip:1001@127.0.0.1:1', '--transport', 'tcp'));
    expect(code).toBe(1);
    expect(output).toMatch(/127\.0\.0\.1:1 cannot be reached over TCP: expected a connection, got none\./);
  });

  test('is given up at the first signal, and the second is not needed to end soon', async () => {
    const phone = call(`sip:1001@127.0.0.1:${silent.address().port}`);
    await phone.saw(/calling 1001/);
    phone.child.kill('SIGINT');
    const { code, output } = await ended(phone);
    expect(code).toBe(1);
    expect(output).toContain('The call was canceled before 1001 answered.');
  });

  test('is left at the second signal', async () => {
    const phone = call(`sip:1001@127.0.0.1:${silent.address().port}`);
    await phone.saw(/calling 1001/);
    phone.child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const secondAt = performance.now();
    expect(await phone.stop('SIGINT')).toBe(1);
    expect(performance.now() - secondAt).toBeLessThan(2_000);
  });
});

describe('a call that cannot be placed', () => {
  test.each([
    [['1001@127.0.0.1'], 2, /expected sip:NUMBER@HOST or sip:NUMBER@HOST:PORT, got 1001@127\.0\.0\.1/],
    [['sip:1001@127.0.0.1;transport=ws'], 2, /expected the transport udp, tcp or tls, got ws/],
    [['sip:1001@127.0.0.1', '--tls-authorities', '/absent.pem'], 69, /absent\.pem cannot be read/],
    [['sip:1001@127.0.0.1', '--digits', '1x'], 2, /expected 1 to 64 of 0-9, \*, #, A-D/],
    [['sip:1001@127.0.0.1', '--seconds', '0'], 2, /expected seconds/],
    [['sip:1001@127.0.0.1', '--password', 'alone'], 2, /expected --user beside it/],
    [['sip:1001@127.0.0.1', '--play', '/absent.wav'], 69, /absent\.wav cannot be played/],
    [['sip:1001@127.0.0.1', '--play', MAIN], 69, /expected a RIFF\/WAVE file/],
    [['sip:1001@127.0.0.1', '--record', '/absent/r.wav'], 69, /cannot be recorded to/],
    [['sip:1001@no-such-host.invalid'], 1, /expected an address of it, got none/],
  ])('%j says why in one sentence', async (args, expected, sentence) => {
    const { code, output } = await ended(call(args[0]!, ...args.slice(1)));
    expect([code, output.trim().split('\n').length], output).toEqual([expected, 1]);
    expect(output).toMatch(sentence);
  });
});

test('a call over IPv6 is heard, by whom it calls and here', async () => {
  const port = Number(/listening sip udp \[::1\]:(\d+)/.exec(server.program.output)![1]);
  const play = writeVoice(join(folder, 'echoed.wav'), OURS_HZ, 5);
  const record = join(folder, 'echo.wav');
  const uri = `sip:9101@[::1]:${port}`;
  const { code, output } = await ended(call(uri, ...CALLER, '--play', play, '--record', record, '--seconds', '1.2'));
  expect(code, output).toBe(0);
  expect(output).toContain(`calling 9101 at [::1]:${port} over UDP`);
  // Half of the time: what comes late here is the machine's.
  expect(toneSeconds(readVoice(record), OURS_HZ)).toBeGreaterThan(0.5);
  await nothingIsLeft();
});

describe.skipIf(!hasProgram('baresip'))('a call to a phone', () => {
  const phones: Baresip[] = [];
  let answering: Baresip;
  let ringing: Baresip;

  beforeAll(async () => {
    answering = await phone('5001', 15_310, 'auto');
    ringing = await phone('5002', 15_320, 'manual');
    await server.settled('tandem_bindings', 2);
  });
  afterAll(async () => {
    for (const baresip of phones) await baresip.stop();
  });

  async function phone(user: string, sipPort: number, answer: 'auto' | 'manual'): Promise<Baresip> {
    const baresip = new Baresip({
      user,
      password: `secret-of-${user}`,
      serverPort: server.sipPort,
      sipPort,
      controlPort: sipPort + 2,
      rtpPorts: `${sipPort + 28_000}-${sipPort + 28_009}`,
      voice: writeVoice(join(folder, `${user}.wav`), THEIRS_HZ, 60),
      answer,
    });
    phones.push(baresip);
    await baresip.ready();
    return baresip;
  }

  test('is heard on both sides, and tells its steps', async () => {
    const play = writeVoice(join(folder, 'play.wav'), OURS_HZ, 5);
    const record = join(folder, 'record.wav');
    const { code, output } = await ended(
      call(at('5001'), ...CALLER, '--play', play, '--record', record, '--seconds', '2'),
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(
      /^calling 5001 at \S+ over UDP\nringing\nanswered after \S+ s\nended here after 2\.\d s: Normal call clearing\nsent \d+ packets, received \d+, lost 0, jitter \S+ ms\n$/,
    );
    await nothingIsLeft();
    await answering.event('CALL_CLOSED');

    // A phone that gets no time sends late, which leaves gaps: half of the time is theirs, nothing is ours.
    const heardHere = readVoice(record);
    expect(toneSeconds(heardHere, THEIRS_HZ)).toBeGreaterThan(1);
    expect(toneSeconds(heardHere, OURS_HZ)).toBe(0);
    const bytes = readFileSync(record);
    expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(answering.heardSeconds(OURS_HZ)).toBeGreaterThan(1);
  });

  test('over TCP is told to programs in figures, with the digits pressed', async () => {
    const { code, output } = await ended(
      call(at('5001', server.tcpPort), ...CALLER, '--transport', 'tcp', '--digits', '1#', '--seconds', '1.2', '--json'),
    );
    expect(code, output).toBe(0);
    const result = JSON.parse(output) as Record<string, number>;
    expect(result).toMatchObject({ answered: true, status: 200, cause: 'normal', endedBy: 'local', failure: null });
    expect(result['seconds']).toBeGreaterThan(1.1);
    // How regularly a phone sends, and how many of its 60 packets, is also a matter of how busy the machine is.
    expect(result['packetsSent']).toBeGreaterThan(30);
    expect(result['packetsReceived']).toBeGreaterThan(30);
    expect(result['jitterMs']).toBeGreaterThanOrEqual(0);
    const keys = answering.events.filter(({ type }) => type === 'CALL_DTMF_START').map(({ param }) => param);
    expect(keys).toEqual(['1', '#']);
  });

  test('ends well when the other side hangs up', async () => {
    const before = answering.events.filter(({ type }) => type === 'CALL_ESTABLISHED').length;
    const ours = call(at('5001'), ...CALLER);
    await ours.saw(/answered/);
    await answering.event('CALL_ESTABLISHED', 20_000, before);
    answering.command('hangup');
    const { code, output } = await ended(ours);
    expect([code, output.includes('ended by the other side after')], output).toEqual([0, true]);
  });

  test('leaves nothing behind when it is interrupted before the answer', async () => {
    const ours = call(at('5002'), ...CALLER);
    await ours.saw(/ringing/);
    await ringing.event('CALL_INCOMING');
    expect(await ours.stop('SIGINT')).toBe(1);
    expect(ours.output).toContain('The call was canceled before 5002 answered.');
    await ringing.event('CALL_CLOSED');
    await nothingIsLeft();
  });

  test('leaves nothing behind when it is interrupted after the answer', async () => {
    const ours = call(at('5001'), ...CALLER);
    await ours.saw(/answered/);
    expect(await ours.stop('SIGINT'), ours.output).toBe(0);
    expect(ours.output).toContain('ended here after');
    await nothingIsLeft();
  });
});

test('where nobody answers at all, that is said when an INVITE has been repeated for its time', async () => {
  const { code, output } = await ended(unheard);
  expect(code).toBe(1);
  expect(output).toMatch(/No answer from 127\.0\.0\.1:\d+ within 32 s: expected a SIP response over UDP, got none\./);
}, 45_000);
