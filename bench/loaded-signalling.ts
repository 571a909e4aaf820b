import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/kernel/clock.ts';
import type { CustomerId } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import { openDatabase } from '../core/store/open-database.ts';
import { openSeal } from '../core/store/seal.ts';
import { TandemProcess } from '../test/interop/tandem-process.ts';
import { BenchedTandem, cpuMs, pinnedTo, RTP_PORTS, requireClean, SERVER_CORE } from './process.ts';
import { bindingOf, extensionOf, fillRows } from './registered-phones.ts';

const COUNT = Number(process.env['TANDEM_BINDINGS'] ?? 1_000_000);
// Tandem refuses settings that it does not know.
delete process.env['TANDEM_BINDINGS'];
const ACCOUNTS = 200;
const CONCURRENCY = 40;
const START_TIMEOUT_MS = 120_000;

/**
 * A whole Tandem with a million registered phones of an earlier process: seconds from its start until it listens, then
 * bridged calls between 200 more phones: as many a second as the core can do, and the setup times at half of that.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-loaded-'));
  try {
    await prepare(folder);
    const started = performance.now();
    const tandem = new TandemProcess({ folder, within: pinnedTo(SERVER_CORE), args: ['--rtp', RTP_PORTS] });
    try {
      await tandem.ready(START_TIMEOUT_MS);
      const startS = (performance.now() - started) / 1000;
      return { startS, ...(await measured(new BenchedTandem(tandem))) };
    } finally {
      await tandem.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(tandem: BenchedTandem): Promise<Record<string, number>> {
  await tandem.createAccounts(ACCOUNTS);
  const busy = ['--concurrency', String(CONCURRENCY), '--warm-up', '10', '--seconds', '5'];
  const full = await tandem.load('calls', ...busy).finished;
  requireClean(full);
  const callsPerSecond = full.measured.ended / full.measured.seconds;
  const pace = ['--rate', String(Math.round(callsPerSecond / 2)), '--duration', '1', '--warm-up', '5'];
  const half = await tandem.load('calls', ...pace, '--seconds', '20').finished;
  requireClean(half);
  return {
    residentMb: tandem.residentBytes() / 1e6,
    callsPerSecond,
    'half load setupMs p50': half.setupMs.p50,
    'half load setupMs p99': half.setupMs.p99,
    'half load setupMs p999': half.setupMs.p999,
    'half load setupMs max': half.setupMs.max,
    'half load msPerCall': cpuMs(half) / half.measured.ended,
  };
}

/** A first start makes the customer; then its phones are written beside it. */
async function prepare(folder: string): Promise<void> {
  const first = await TandemProcess.start({ folder });
  const customerId = String((await first.asAdmin('GET', '/v1.0/me'))['customer_id']) as CustomerId;
  await first.stop();
  const database = openDatabase(join(folder, 'tandem.db'), 'process');
  const seal = openSeal(folder, secure());
  const now = systemClock.wallTime();
  fillRows(database, seal, COUNT, (i) => ({ kind: 'saveExtension', row: extensionOf(customerId, i, now) }));
  fillRows(database, seal, COUNT, (i) => ({ kind: 'saveBinding', row: bindingOf(customerId, i, now) }));
  database.close();
}
