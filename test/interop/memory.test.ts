import { expect, test } from 'vitest';
import { type BenchedTandem, withTandem } from '../../bench/process.ts';
import { until } from './program.ts';

/** Two phones for each; the full count is 500. */
const CALLS = Number(process.env['TANDEM_MEMORY_CALLS'] ?? '150');
// A Tandem refuses to start with a setting that it does not know, and inherits ours.
delete process.env['TANDEM_MEMORY_CALLS'];
const PER_S = 50;
const HELD_S = 2;
const KB = 1_000;
const MB = 1_000_000;
/** What the first calls leave behind once and for all, such as compiled code: in the full count each call bears its share. */
const ONCE_MB = CALLS >= 500 ? 0 : 15;

const COLLECTS = { NODE_OPTIONS: `--import=${new URL('./collect-on-signal.mjs', import.meta.url)}` };

/** Bytes in use on the main thread after a forced collection. */
async function used({ tandem }: BenchedTandem): Promise<number> {
  const { program } = tandem;
  const before = program.output.length;
  process.kill(program.pid, 'SIGUSR2');
  const found = await until(
    () => /collected (\{.*\})/.exec(program.output.slice(before)) ?? undefined,
    10_000,
    () => 'a forced collection',
  );
  const { heapUsed, external, arrayBuffers } = JSON.parse(found[1]!) as NodeJS.MemoryUsage;
  return heapUsed + external + arrayBuffers;
}

/** Waits until nothing of the calls is left, the transactions that absorb retransmissions included. */
async function settled({ tandem }: BenchedTandem): Promise<void> {
  for (const name of ['tandem_calls_live', 'tandem_media_streams', 'tandem_transactions_live', 'tandem_sip_timers']) {
    await tandem.settled(name, 0, 40_000);
  }
}

test('an idle process takes less than 180 MB', async () => {
  // The first start after a change compiles everything; the one after it is what users have.
  await withTandem(0, async ({ tandem }) => void (await tandem.stop()));
  await withTandem(0, async (bench) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(bench.residentBytes() / MB).toBeLessThan(180);
  });
}, 60_000);

test(`${2 * CALLS} phones and ${CALLS} calls take at most 100 kB each, and leave nothing behind`, async () => {
  await withTandem(
    2 * CALLS,
    async (bench) => {
      const unregistered = bench.residentBytes();
      const bindings = ['--concurrency', '0', '--warm-up', '0', '--seconds', '0'];
      await bench.load('registrations', ...bindings).finished;
      const before = await used(bench);
      const resident = bench.residentBytes();

      const held = ['--held', String(CALLS), '--rate', String(PER_S), '--seconds', String(HELD_S)];
      const { program, finished } = bench.load('calls', ...held);
      let highest = 0;
      while (program.child.exitCode === null) {
        highest = Math.max(highest, bench.residentBytes());
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const report = await finished;
      expect(report.failed).toEqual({});
      expect(report.answered).toBe(CALLS);
      await settled(bench);
      const after = await used(bench);

      const allowance = ONCE_MB * MB;
      expect(resident - unregistered).toBeLessThan(2 * CALLS * 100 * KB + allowance);
      expect(highest - resident).toBeLessThan(CALLS * 100 * KB + allowance);
      expect(after / before).toBeLessThan(1.1);
    },
    COLLECTS,
  );
}, 120_000);
