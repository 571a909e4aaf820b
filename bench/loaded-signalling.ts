import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Binding } from '../core/directory/records.ts';
import { systemClock } from '../core/kernel/clock.ts';
import type { CustomerId } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import type { WallTime } from '../core/kernel/time.ts';
import { openDatabase } from '../core/store/open-database.ts';
import { openSeal } from '../core/store/seal.ts';
import { TandemProcess } from '../test/interop/tandem-process.ts';
import { pinnedTo, processCpuMs, RTP_PORTS, SERVER_CORE } from './process.ts';
import { bindingOf, extensionOf, fillRows, nameOf, passwordOf } from './registered-phones.ts';
import { type Account, SippCallers } from './sipp-callers.ts';

const COUNT = Number(process.env['TANDEM_BINDINGS'] ?? 1_000_000);
// Tandem refuses settings that it does not know.
delete process.env['TANDEM_BINDINGS'];
const SIP_PORT = 5_960;
const START_TIMEOUT_MS = 120_000;
const WARM_UP = { calls: 10_000, perSecond: 500, atOnce: 10 };
/** As many at once, each anew when one has ended: what the core can do. */
const FULL = { calls: 20_000, atOnce: 40 };
const HALF_S = 30;
/** At half load none has to wait for another. */
const AT_ONCE_MAX = 5_000;

/**
 * A whole Tandem with a million registered phones of an earlier process: seconds from its start until it listens, then
 * bridged calls between any two of them, by SIPp: as many a second as the core can do, and the times from INVITE to 200
 * at half of that.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-loaded-'));
  try {
    await prepare(folder);
    const started = performance.now();
    const listeners = [`udp:127.0.0.1:${SIP_PORT}`];
    const tandem = new TandemProcess({ folder, within: pinnedTo(SERVER_CORE), args: ['--rtp', RTP_PORTS], listeners });
    try {
      await tandem.ready(START_TIMEOUT_MS);
      const startS = (performance.now() - started) / 1000;
      return { startS, ...(await measured(tandem.program.pid, folder)) };
    } finally {
      await tandem.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(pid: number, folder: string): Promise<Record<string, number>> {
  const callers = new SippCallers({ sipPort: SIP_PORT, folder, account: anyAccount });
  try {
    await pause(500);
    await callers.call(WARM_UP.calls, WARM_UP.perSecond, WARM_UP.atOnce);
    const began = performance.now();
    await callers.call(FULL.calls, FULL.calls, FULL.atOnce);
    const callsPerSecond = (1000 * FULL.calls) / (performance.now() - began);
    const perSecond = Math.round(callsPerSecond / 2);
    const cpuMs = processCpuMs(pid);
    const setupMs = await callers.call(perSecond * HALF_S, perSecond, AT_ONCE_MAX);
    const msPerCall = (processCpuMs(pid) - cpuMs) / (perSecond * HALF_S);
    const sorted = setupMs.toSorted();
    const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)]!;
    return {
      callsPerSecond,
      'half load msPerCall': msPerCall,
      'half load setupMs p50': quantile(0.5),
      'half load setupMs p90': quantile(0.9),
      'half load setupMs p99': quantile(0.99),
      'half load setupMs p999': quantile(0.999),
      'half load setupMs max': sorted.at(-1)!,
    };
  } finally {
    await callers.stop();
  }
}

function anyAccount(): Account {
  const index = Math.floor(Math.random() * COUNT);
  return { user: nameOf(index), password: passwordOf(index) };
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
  fillRows(database, seal, COUNT, (i) => ({ kind: 'saveBinding', row: reachable(bindingOf(customerId, i, now)) }));
  database.close();
}

/** The same phone, at the address at which all of them answer. */
function reachable(binding: Binding): Binding {
  const { address, port } = SippCallers.contact;
  const user = binding.contact.slice('sip:'.length, binding.contact.indexOf('@'));
  const expiresAt = (binding.registeredAt + 7_200_000) as WallTime;
  return { ...binding, contact: `sip:${user}@${address}:${port}`, address, port, localPort: SIP_PORT, expiresAt };
}
