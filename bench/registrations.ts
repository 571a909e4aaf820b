import { type BenchedTandem, cpuMs, requireClean, withTandem } from './process.ts';

const PHONES = 500;
const CONCURRENCY = 50;
const MEASURED_S = 5;

/**
 * REGISTERs that one core answers in a second, as many as keep it busy: refreshes that answer a new challenge each
 * (two requests, two answers), and such that answer the last one again.
 */
export function run(): Promise<Record<string, number>> {
  return withTandem(PHONES, async (tandem) => ({
    ...(await measure(tandem, 'always', 'registrationsChallenged')),
    ...(await measure(tandem, 'reuse', 'registrationsUnchallenged')),
  }));
}

async function measure(
  tandem: BenchedTandem,
  challenges: 'always' | 'reuse',
  name: string,
): Promise<Record<string, number>> {
  const pace = ['--concurrency', String(CONCURRENCY), '--warm-up', '2', '--seconds', String(MEASURED_S)];
  const report = await tandem.load('registrations', '--challenges', challenges, ...pace).finished;
  requireClean(report);
  const { registered, seconds } = report.measured;
  return {
    [`${name}PerSecond`]: registered / seconds,
    [`${name} msEach`]: cpuMs(report) / registered,
    [`${name} ms p99`]: report.registerMs.p99,
  };
}
