import { setTimeout as pause } from 'node:timers/promises';
import { type BenchedTandem, requireClean, withTandem } from './process.ts';

const FLOOD_S = Number(process.env['BENCH_FLOOD_S'] ?? 60);
const ACCOUNTS = 400;
const HELD = 50;
/** Calls that live before the flood are played by the first of the accounts, the flood by the others. */
const HELD_ACCOUNTS = 2 * HELD;

/**
 * Three times as many calls as the core can serve, for a minute, while others live: how many are answered and how many
 * refused, whether any INVITE gets no answer at all, whether one of the calls that live is lost, and whether everything
 * is as before five seconds later.
 */
export function run(): Promise<Record<string, number>> {
  // The calls that live bring no audio, and shall not end for that.
  const env = { TANDEM_MEDIA_TIMEOUT: '10m' };
  const measure = async (tandem: BenchedTandem): Promise<Record<string, number>> => {
    const full = await flood(tandem, ['--concurrency', '40', '--warm-up', '10', '--seconds', '5']);
    requireClean(full);
    const capacity = full.measured.ended / full.measured.seconds;
    const held = tandem.load(
      ...['calls', '--held', String(HELD), '--audio', 'off', '--first-port', '50000'],
      ...['--accounts', tandem.accounts(0, HELD_ACCOUNTS - 1), '--warm-up', '5', '--seconds', String(FLOOD_S + 10)],
    );
    await pause(5_000);
    const rate = [
      '--concurrency',
      '3000',
      '--rate',
      String(Math.round(3 * capacity)),
      '--warm-up',
      '0',
      '--seconds',
      String(FLOOD_S),
    ];
    const over = await flood(tandem, rate);
    const lived = await held.finished;
    await pause(5_000);
    const after = await flood(tandem, ['--rate', String(Math.round(capacity / 4)), '--warm-up', '0', '--seconds', '5']);
    for (const [when, { failed }] of Object.entries({ over, after }))
      process.stderr.write(`${when}: ${JSON.stringify(failed)}\n`);
    return {
      capacity,
      'flood perSecond': over.placed / FLOOD_S,
      'flood answeredPerSecond': over.answered / FLOOD_S,
      'flood refused': over.failed['invite 503'] ?? 0,
      'flood silent': over.failed['invite 408'] ?? 0,
      'flood setupMs p99': over.setupMs.p99,
      'held lost': HELD - lived.measured.liveCalls + Object.values(lived.failed).reduce((sum, count) => sum + count, 0),
      'after failed': Object.values(after.failed).reduce((sum, count) => sum + count, 0),
      'after setupMs p99': after.setupMs.p99,
    };
  };
  return withTandem(ACCOUNTS, measure, env);
}

function flood(tandem: BenchedTandem, args: readonly string[]) {
  return tandem.load('calls', '--accounts', tandem.accounts(HELD_ACCOUNTS, ACCOUNTS - 1), ...args).finished;
}
