import { cpuMs, kernelShare, requireClean, withTandem } from './process.ts';

const ACCOUNTS = 200;
const PER_S = 75;
const DURATION_S = 1;
const CONCURRENCY = 40;

/**
 * Signalling of calls between two phones, without audio: challenge, INVITE, 180, 200, ACK and BYE on both legs, with
 * the call's rows and events. First as many calls under way as keep the core busy, each ended as soon as it is
 * answered: `callsPerSecond`. Then, with everything compiled, at a rate that leaves the core mostly idle:
 * `bridgedCallMs`.
 */
export function run(): Promise<Record<string, number>> {
  return withTandem(ACCOUNTS, async (tandem) => {
    const busy = ['--concurrency', String(CONCURRENCY), '--warm-up', '10', '--seconds', '5'];
    const full = await tandem.load('calls', ...busy).finished;
    requireClean(full);
    const pace = ['--rate', String(PER_S), '--duration', String(DURATION_S), '--warm-up', '3', '--seconds', '8'];
    const steady = await tandem.load('calls', ...pace).finished;
    requireClean(steady);
    return {
      bridgedCallMs: cpuMs(steady) / steady.measured.ended,
      kernelShare: kernelShare(steady),
      'setupMs p50': steady.setupMs.p50,
      'setupMs p99': steady.setupMs.p99,
      callsPerSecond: full.measured.ended / full.measured.seconds,
      'callsPerSecond coreShare': cpuMs(full) / (1000 * full.measured.seconds),
      'callsPerSecond msPerCall': cpuMs(full) / full.measured.ended,
    };
  });
}
