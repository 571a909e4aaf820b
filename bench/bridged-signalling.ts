import { cpuMs, kernelShare, requireClean, withTandem } from './process.ts';

const ACCOUNTS = 200;
const PER_S = 75;
const DURATION_S = 1;
const MEASURED_S = 8;
const CONCURRENCY = 40;

/**
 * Signalling of calls between two phones, without audio: challenge, INVITE, 180, 200, ACK and BYE on both legs, with
 * the call's rows and events. `bridgedCallMs` at a rate that leaves the core mostly idle; `callsPerSecond` with as many
 * calls under way as keep it busy, each ended as soon as it is answered.
 */
export function run(): Promise<Record<string, number>> {
  return withTandem(ACCOUNTS, async (tandem) => {
    const times = ['--warm-up', '6', '--seconds', String(MEASURED_S)];
    const steady = await tandem.load('calls', '--rate', String(PER_S), '--duration', String(DURATION_S), ...times)
      .finished;
    requireClean(steady);
    const full = await tandem.load('calls', '--concurrency', String(CONCURRENCY), '--warm-up', '2', '--seconds', '6')
      .finished;
    requireClean(full);
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
