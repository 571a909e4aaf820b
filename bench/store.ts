import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address } from '../core/calls/address.ts';
import type { CallRecord } from '../core/calls/call-record.ts';
import { Directory } from '../core/directory/directory.ts';
import { systemClock } from '../core/kernel/clock.ts';
import type { CallId, CustomerId } from '../core/kernel/ids.ts';
import { uuid } from '../core/kernel/ids.ts';
import { type Random, secure } from '../core/kernel/random.ts';
import { CallArchive } from '../core/store/call-archive.ts';
import { openStore } from '../core/store/open.ts';
import type { StoreWriter } from '../core/store/writer.ts';
import { dialingCall } from '../test/core/dialing-call.ts';

const CUSTOMER = 'c0000000-0000-4000-8000-000000000001' as CustomerId;
const RECORDS = 40_000;
const FLIGHT = 512;
const ACKNOWLEDGED = 2_000;
const PACED_MS = 2_000;
const PACED_PER_TURN = 8;

/** Call records through the store thread: many at once, one at a time, and as a switch with calls writes them. */
export async function run(): Promise<Record<string, number>> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  const random = secure();
  try {
    const options = {
      databaseUrl: '',
      dataFolder,
      durability: 'process',
      keepCallsMs: 90 * 86_400_000,
      random,
    } as const;
    const { store } = await openStore(options, new Directory(), systemClock.wallTime());
    await grouped(store, random, 5_000);
    const bulk = await grouped(store, random, RECORDS);
    const single = await oneByOne(store, random);
    const paced = await pacedWrites(store, random);
    const page = await pageMs(store);
    await store.close();
    return { ...bulk, ...single, ...paced, ...page };
  } finally {
    rmSync(dataFolder, { recursive: true });
  }
}

function callRecord(random: Random): CallRecord {
  const at = systemClock.wallTime();
  return dialingCall({
    id: uuid(random) as CallId,
    customerId: CUSTOMER,
    direction: 'incoming',
    status: 'hangup',
    source: address('extension', '1001', 'Somebody'),
    destination: address('extension', '1002'),
    chainedCallIds: [uuid(random) as CallId],
    hangupBy: 'remote',
    hangupReason: 'normal',
    cause: 'normal',
    createdAt: at,
    ringingAt: at,
    progressingAt: at,
    hangupAt: at,
    updatedAt: at,
  });
}

/** With as many in flight as a busy API has. */
async function grouped(store: StoreWriter, random: Random, count: number): Promise<Record<string, number>> {
  const records = Array.from({ length: count }, () => callRecord(random));
  const cpu = process.cpuUsage();
  const started = systemClock.now();
  let written = 0;
  let stored = 0;
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      while (written < count && written - stored < FLIGHT) {
        store.write([{ kind: 'saveCall', row: records[written]! }], written + 1);
        written += 1;
      }
    };
    store.onEvent(() => {
      while (store.poll() !== undefined) stored += 1;
      if (stored === count) resolve();
      else fill();
    });
    fill();
  });
  const seconds = (systemClock.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { 'records/s grouped': count / seconds, 'CPU us per record grouped': (user + system) / count };
}

/** What somebody who waits for each commit sees. */
async function oneByOne(store: StoreWriter, random: Random): Promise<Record<string, number>> {
  const took: number[] = [];
  for (let i = 0; i < ACKNOWLEDGED; i++) {
    const started = systemClock.now();
    await new Promise<void>((resolve) => {
      store.onEvent(resolve);
      store.write([{ kind: 'saveCall', row: callRecord(random) }], 1);
    });
    while (store.poll() !== undefined);
    took.push(systemClock.now() - started);
  }
  took.sort((a, b) => a - b);
  return { 'commit ms p50': took[took.length >> 1]!, 'commit ms p99': took[Math.floor(took.length * 0.99)]! };
}

/** Writes that nobody waits for, a few every 10 ms: what records of live calls cost. */
async function pacedWrites(store: StoreWriter, random: Random): Promise<Record<string, number>> {
  const idle = await cpuWhile(random, () => undefined);
  const busy = await cpuWhile(random, (row) => store.write([{ kind: 'saveCall', row }], 0));
  await store.flush();
  return { 'CPU us per record paced': (busy.cpuUs - idle.cpuUs) / busy.count };
}

async function cpuWhile(random: Random, write: (row: CallRecord) => void): Promise<{ cpuUs: number; count: number }> {
  const cpu = process.cpuUsage();
  const until = systemClock.now() + PACED_MS;
  let count = 0;
  while (systemClock.now() < until) {
    for (let i = 0; i < PACED_PER_TURN; i++) write(callRecord(random));
    count += PACED_PER_TURN;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: user + system, count };
}

async function pageMs(store: StoreWriter): Promise<Record<string, number>> {
  const archive = new CallArchive(store);
  const rounds = 50;
  const started = systemClock.now();
  for (let i = 0; i < rounds; i++) await archive.page(CUSTOMER, { pageSize: 100, before: Number.MAX_SAFE_INTEGER });
  return { 'page of 100 calls ms': (systemClock.now() - started) / rounds };
}
