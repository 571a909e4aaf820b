import { cpuMs, requireClean, withTandem } from './process.ts';

const PHONES = 500;
const CONCURRENCY = 50;
/**
 * Each REGISTER rests as a transaction for 32 s (RFC 3261 §17.2.2, timer J), and there is room for 100,000: what is
 * measured is the cost of one, in a time that does not fill the table.
 */
const PACE = ['--concurrency', String(CONCURRENCY), '--warm-up', '2', '--seconds', '3'];

/**
 * REGISTERs that one core answers in a second, as many as keep it busy: refreshes that answer a new challenge each
 * (two requests, two answers), and such that answer the last one again.
 */
export async function run(): Promise<Record<string, number>> {
  return {
    ...(await measure('always', 'registrationsChallenged')),
    ...(await measure('reuse', 'registrationsUnchallenged')),
  };
}

function measure(challenges: 'always' | 'reuse', name: string): Promise<Record<string, number>> {
  return withTandem(PHONES, async (tandem) => {
    const report = await tandem.load('registrations', '--challenges', challenges, ...PACE).finished;
    requireClean(report);
    const { registered, seconds } = report.measured;
    return {
      [`${name}PerSecond`]: registered / seconds,
      [`${name} msEach`]: cpuMs(report) / registered,
      [`${name} ms p99`]: report.registerMs.p99,
    };
  });
}
