import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { hasProgram, until } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { Trunk, type TrunkLine } from './trunk-line.ts';
import { toneSeconds } from './voice.ts';

const RECORDED = '+49301111';
/** A thread that waits for the disk says nothing for seconds; a busy machine makes it late by less. */
const STALL_MS = 500;
const ended: (() => void)[] = [];

afterEach(() => {
  for (const end of ended.splice(0).reverse()) end();
});

function run(command: string): void {
  const [program, ...args] = command.split(' ');
  const done = spawnSync(program!, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command}: ${done.stderr}`);
}

const possible = process.getuid?.() === 0 && ['mkfs.ext4', 'fsfreeze', 'mount'].every((name) => hasProgram(name));

/** A disk of its own, mounted at a new folder. */
function disk(mount: (folder: string) => void): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'tandem-disk-')), 'data');
  mkdirSync(folder);
  mount(folder);
  ended.push(() => run(`umount -l ${folder}`));
  return folder;
}

/** Lines on a number that records and echoes, from a trunk of theirs. */
async function recordedCalls(tandem: TandemProcess, trunk: Trunk, count: number): Promise<TrunkLine[]> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const actions = [
    { type: 'answer' },
    { type: 'recording_start', option: { format: 'wav' } },
    { type: 'echo', option: { duration: 600_000 } },
  ];
  const flow = await tandem.api('POST', '/v1.0/flows', { name: 'recorded', actions });
  await tandem.api('POST', '/v1.0/numbers', { number: RECORDED, call_flow_id: flow.body['id'] });
  const lines: TrunkLine[] = [];
  for (let i = 0; i < count; i++) {
    const line = await trunk.call(RECORDED);
    line.speak(600);
    lines.push(line);
  }
  await tandem.settled('tandem_recordings_live', count);
  return lines;
}

/** The longest gaps of all lines from now on, over a time: the one that 1 % exceed, and the longest. */
async function gapsFor(lines: readonly TrunkLine[], ms: number): Promise<{ p99: number; longest: number }> {
  const from = lines.map(({ arrivals }) => arrivals.length);
  await pause(ms);
  const gaps: number[] = [];
  for (const [index, { arrivals }] of lines.entries()) {
    for (let i = from[index]! + 1; i < arrivals.length; i++) gaps.push(arrivals[i]! - arrivals[i - 1]!);
  }
  gaps.sort((a, b) => a - b);
  return { p99: gaps[Math.floor(gaps.length * 0.99)]!, longest: gaps.at(-1)! };
}

async function recordings(tandem: TandemProcess): Promise<Record<string, unknown>[]> {
  return (await tandem.api('GET', '/v1.0/recordings?page_size=100')).body['result'] as Record<string, unknown>[];
}

describe.skipIf(!possible)('a disk of its own', () => {
  test('that blocks for 5 s under 50 recorded calls leaves the gaps of their packets as they were', {
    timeout: 120_000,
  }, async () => {
    const image = join(mkdtempSync(join(tmpdir(), 'tandem-image-')), 'disk');
    writeFileSync(image, '');
    run(`truncate -s 200M ${image}`);
    run(`mkfs.ext4 -q -F ${image}`);
    const folder = disk((at) => run(`mount -o loop ${image} ${at}`));
    const tandem = await TandemProcess.start({ folder });
    const trunk = await Trunk.open(tandem.sipPort);
    const lines = await recordedCalls(tandem, trunk, 50);
    await pause(1_000);
    const before = await gapsFor(lines, 2_500);
    run(`fsfreeze -f ${folder}`);
    let during: typeof before;
    try {
      during = await gapsFor(lines, 5_000);
    } finally {
      run(`fsfreeze -u ${folder}`);
    }
    expect(during.p99, JSON.stringify({ before, during })).toBeLessThan(before.p99 + STALL_MS / 5);
    expect(during.longest, JSON.stringify({ before, during })).toBeLessThan(before.longest + STALL_MS);
    for (const line of lines) line.hangup();
    await tandem.settled('tandem_recordings_live', 0, 30_000);
    // Nothing of the time without a disk is missing in the files.
    const rows = await recordings(tandem);
    expect(rows).toHaveLength(50);
    for (const { status, tm_start: start, tm_end: end } of rows) {
      expect(status).toBe('ended');
      expect(Date.parse(end as string) - Date.parse(start as string)).toBeGreaterThan(8_000);
    }
    const file = await fetch(`http://127.0.0.1:${tandem.httpPort}/v1.0/recordingfiles/${rows[0]!['id']}?channel=in`, {
      headers: { authorization: 'Bearer vb_test_key_of_the_suite_0123456789' },
    });
    const bytes = Buffer.from(await file.arrayBuffer());
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + (bytes.length & ~1)));
    // Who speaks is this process: how much of it comes in time is a matter of the machine.
    expect(samples.length / 8000).toBeGreaterThan(8);
    expect(toneSeconds(samples, 600)).toBeGreaterThan(5);
    await trunk.stop();
    expect(await tandem.stop()).toBe(0);
  });

  test('that is full ends recordings with an event, and no call', { timeout: 120_000 }, async () => {
    const tandem = await TandemProcess.start();
    const folder = join(tandem.folder, 'recordings');
    run(`mount -t tmpfs -o size=512k tmpfs ${folder}`);
    ended.push(() => run(`umount -l ${folder}`));
    const trunk = await Trunk.open(tandem.sipPort);
    const lines = await recordedCalls(tandem, trunk, 10);
    await tandem.settled('tandem_recordings_live', 0, 60_000);
    const rows = await recordings(tandem);
    expect(rows.map(({ status }) => status)).toEqual(Array(10).fill('ended'));
    expect(await tandem.metric('tandem_recordings_total{what="failed"}')).toBe(10);
    // Everybody is still there, and hears the echo.
    expect(lines.map(({ isLive }) => isLive)).toEqual(Array(10).fill(true));
    const from = lines.map(({ heardCount }) => heardCount);
    await until(
      async () => (lines.every((line, i) => toneSeconds(line.heard(from[i]!), 600) > 0.5) ? true : undefined),
      10_000,
      () => 'every call goes on',
    );
    for (const line of lines) line.hangup();
    await tandem.settled('tandem_calls_live', 0);
    await trunk.stop();
    expect(await tandem.stop()).toBe(0);
  });
});
