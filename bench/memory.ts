import { setTimeout as pause } from 'node:timers/promises';
import { type BenchedTandem, requireClean, withTandem } from './process.ts';

const PHONES = 3_000;
/** Held at once, and then so many: what is made for the first of all calls is not counted to each. */
const CALLS = [500, 1_500] as const;
const PER_S = 100;
/** V8 collects what is left over when a process has become quiet. */
const COLLECTED_S = 20;
const KB = 1_000;
const IDLE_MS = 2_000;

/** Resident memory of a whole Tandem with one media thread: idle, and what a registered phone and a live call add. */
export function run(): Promise<Record<string, number>> {
  return withTandem(0, async (tandem) => {
    await pause(IDLE_MS);
    const idle = tandem.residentBytes();
    await tandem.createAccounts(PHONES);
    const made = tandem.residentBytes();
    await tandem.load('registrations', '--concurrency', '0', '--warm-up', '0', '--seconds', '0').finished;
    const registered = tandem.residentBytes();
    const few = await holding(tandem, CALLS[0]);
    const many = await holding(tandem, CALLS[1]);
    return {
      idleMb: idle / 1e6,
      accountKb: (made - idle) / PHONES / KB,
      registeredPhoneKb: (registered - made) / PHONES / KB,
      callKb: (many - few) / (CALLS[1] - CALLS[0]) / KB,
      withCallsMb: many / 1e6,
    };
  });
}

/** What is resident once so many calls are held and what their making left is collected, in bytes. */
async function holding(bench: BenchedTandem, calls: number): Promise<number> {
  const held = ['--held', String(calls), '--rate', String(PER_S), '--audio', 'off'];
  const secondsInAll = calls / PER_S + COLLECTED_S + 5;
  const { program, finished } = bench.load('calls', ...held, '--warm-up', '0', '--seconds', String(secondsInAll));
  await pause(1_000 * (calls / PER_S + COLLECTED_S));
  const bytes = bench.residentBytes();
  if (program.child.exitCode !== null) throw new Error('the calls were over before they were looked at');
  requireClean(await finished);
  return bytes;
}
