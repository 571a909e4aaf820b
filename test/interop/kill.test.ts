import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { type Random, seeded } from '../../core/kernel/random.ts';
import { hasProgram } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { Trunk, type TrunkLine } from './trunk-line.ts';

const ROUNDS = Number(process.env['TANDEM_ROUNDS'] ?? 20);
const LINES = 6;
const RECORDED = '+49302222';
const BYTES_PER_S = 16_000;
/** Between two requests of a clerk: without it the clerks, not what is tested, have the machine. */
const PAUSE_MS = 5;
/** Rows read at once. */
const READS_AT_ONCE = 16;
/** What a file may lack of the time that was recorded: its last second, and what the thread of files takes to start. */
const LOST_MS_MAX = 2_000;

const running = new Set<TandemProcess>();

afterAll(async () => {
  for (const tandem of running) await tandem.kill();
});

/** What the API has acknowledged: rows by path, undefined once deleted. */
type Acknowledged = Map<string, Record<string, unknown> | undefined>;

/** Makes, changes and deletes things until the process is gone. */
class Clerk {
  readonly #tandem: TandemProcess;
  readonly #acknowledged: Acknowledged;
  readonly #random: Random;
  /** Paths of which it is not known how their last request ended. */
  readonly #unknown = new Set<string>();
  #number: number;
  isStopped = false;

  constructor(tandem: TandemProcess, acknowledged: Acknowledged, random: Random, number: number) {
    this.#tandem = tandem;
    this.#acknowledged = acknowledged;
    this.#random = random;
    this.#number = number;
  }

  async work(): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.#act();
        await pause(PAUSE_MS);
      } catch {
        // The process is gone; what was under way may be there or not.
        for (const path of this.#unknown) this.#acknowledged.delete(path);
        return;
      }
    }
  }

  async #act(): Promise<void> {
    const [path, row] = this.#one() ?? [];
    const chance = this.#random.next();
    if (path === undefined || row === undefined || chance < 0.5) await this.#create();
    else if (chance < 0.8) await this.#ask('PUT', path, { name: `name ${this.#number++}`, detail: 'changed' });
    else await this.#ask('DELETE', path);
  }

  /** A row that nobody is just changing: of two changes under way, the end of one would not tell of the other. */
  #one(): [string, Record<string, unknown> | undefined] | undefined {
    const paths = [...this.#acknowledged.entries()].filter(
      ([path, row]) => row !== undefined && !this.#unknown.has(path),
    );
    return paths[Math.floor(this.#random.next() * paths.length)];
  }

  async #create(): Promise<void> {
    const name = String(this.#number++);
    const kinds: readonly [string, Record<string, unknown>][] = [
      ['/v1.0/flows', { name, actions: [{ type: 'answer' }] }],
      ['/v1.0/numbers', { number: `+4940${name}`, name }],
      ['/v1.0/conferences', { type: 'conference', name }],
      ['/v1.0/extensions', { extension: `x${name}`, password: 'secret of a clerk', name }],
    ];
    const [path, body] = kinds[Math.floor(this.#random.next() * kinds.length)]!;
    const made = await this.#tandem.api('POST', path, body);
    expect(made.status, JSON.stringify(made.body)).toBe(200);
    this.#acknowledged.set(`${path}/${made.body['id']}`, made.body);
  }

  async #ask(method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
    this.#unknown.add(path);
    const { status, body: row } = await this.#tandem.api(method, path, body);
    expect(status, `${method} ${path} ${JSON.stringify(row)}`).toBe(200);
    this.#unknown.delete(path);
    this.#acknowledged.set(path, method === 'DELETE' ? undefined : row);
  }
}

/** Everything acknowledged is there as it was told, and nothing that was deleted. */
async function checkRows(tandem: TandemProcess, acknowledged: Acknowledged): Promise<void> {
  const rows = [...acknowledged];
  while (rows.length > 0) {
    const reads = rows.splice(0, READS_AT_ONCE).map(async ([path, row]) => {
      const { status, body } = await tandem.api('GET', path);
      expect(status, path).toBe(row === undefined ? 404 : 200);
      if (row !== undefined) expect(pick(body)).toEqual(pick(row));
    });
    await Promise.all(reads);
  }
}

function pick(row: Record<string, unknown>): Record<string, unknown> {
  return { name: row['name'], detail: row['detail'] };
}

/** Every file of a recording can be played by another program, and lacks no more than its last moments. */
function checkFiles(folder: string, recordedMs: number, seen: Set<string>): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wav') && !seen.has(name));
  for (const name of names) {
    seen.add(name);
    const path = join(folder, name);
    const { status, stdout, stderr } = spawnSync('soxi', ['-D', path], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const playableMs = 1000 * Number(stdout);
    expect(playableMs, `${name} of ${statSync(path).size} bytes`).toBeGreaterThan(recordedMs - LOST_MS_MAX);
    expect((playableMs / 1000) * BYTES_PER_S).toBeLessThanOrEqual(statSync(path).size);
  }
}

async function prepare(tandem: TandemProcess): Promise<void> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const actions = [
    { type: 'answer' },
    { type: 'recording_start', option: { format: 'wav' } },
    { type: 'echo', option: { duration: 600_000 } },
  ];
  const flow = await tandem.api('POST', '/v1.0/flows', { name: 'recorded', actions });
  const made = await tandem.api('POST', '/v1.0/numbers', { number: RECORDED, call_flow_id: flow.body['id'] });
  expect(made.status).toBe(200);
}

/** One installation that is killed again and again. */
async function lane(number: number, rounds: number): Promise<void> {
  const random = seeded(2026 + number);
  const acknowledged: Acknowledged = new Map();
  const seen = new Set<string>();
  let tandem = await TandemProcess.start();
  running.add(tandem);
  await prepare(tandem);
  const { folder } = tandem;
  for (let round = 0; round < rounds; round++) {
    const clerk = new Clerk(tandem, acknowledged, random, 1_000_000 + round * 10_000);
    const work = Promise.all([clerk.work(), clerk.work()]);
    const trunk = await Trunk.open(tandem.sipPort);
    const lines: TrunkLine[] = [];
    for (let i = 0; i < LINES; i++) lines.push(await trunk.call(RECORDED));
    for (const line of lines) line.speak(600);
    const recordedMs = 200 + Math.floor(random.next() * 2_500);
    await pause(recordedMs);
    await tandem.kill();
    clerk.isStopped = true;
    await work;
    await trunk.stop();
    running.delete(tandem);
    tandem = await TandemProcess.start({ folder });
    running.add(tandem);
    await checkRows(tandem, acknowledged);
    await tandem.settled('tandem_recordings_live', 0);
    const { body } = await tandem.api('GET', '/v1.0/calls');
    expect((body['result'] as { status: string }[]).filter(({ status }) => status !== 'hangup')).toEqual([]);
    checkFiles(join(folder, 'recordings'), recordedMs, seen);
    // So many stay that a round is short.
    for (const path of [...acknowledged.keys()].slice(0, -200)) acknowledged.delete(path);
  }
  // A process that is killed at its first moments may not have opened a file yet.
  expect(seen.size).toBeGreaterThan(0.9 * rounds * LINES * 2);
  expect(await tandem.stop()).toBe(0);
}

describe.skipIf(!hasProgram('soxi'))('killed at any moment under load', () => {
  test(`${ROUNDS} times: every acknowledged change is there again, and every recording can be played`, {
    timeout: 60_000 + ROUNDS * 20_000,
  }, async () => {
    const count = ROUNDS > 100 ? 4 : 2;
    await Promise.all(Array.from({ length: count }, (_, number) => lane(number, Math.ceil(ROUNDS / count))));
  });
});
