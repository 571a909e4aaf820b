import { withTandem } from './process.ts';

const PHONES = 1_000;
const CALLS = 500;
const KB = 1_000;
const IDLE_MS = 2_000;

/** Resident memory of a whole Tandem with one media thread: idle, and what a registered phone and a live call add. */
export function run(): Promise<Record<string, number>> {
  return withTandem(0, async (tandem) => {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const idle = tandem.residentBytes();
    await tandem.createAccounts(PHONES);
    const made = tandem.residentBytes();
    await tandem.load('registrations', '--concurrency', '0', '--warm-up', '0', '--seconds', '0').finished;
    const registered = tandem.residentBytes();
    const { program, finished } = tandem.load('calls', '--held', String(CALLS), '--rate', '100', '--seconds', '4');
    let highest = registered;
    while (program.child.exitCode === null) {
      highest = Math.max(highest, tandem.residentBytes());
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { answered } = await finished;
    return {
      idleMb: idle / 1e6,
      accountKb: (made - idle) / PHONES / KB,
      registeredPhoneKb: (registered - made) / PHONES / KB,
      callKb: (highest - registered) / answered / KB,
      highestMb: highest / 1e6,
    };
  });
}
