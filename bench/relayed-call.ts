import { kernelFloorUs } from './kernel-floor.ts';
import { cpuMs, kernelShare, pinnedTo, requireClean, SERVER_CORE, withTandem } from './process.ts';

const CALLS = 300;
const PER_S = 75;
const WARM_UP_S = 2;
const MEASURED_S = 6;
const PACKETS_PER_S = 50;

/**
 * A whole Tandem on one core relays calls of G.711 between phones on the same machine: CPU µs for one call for 20 ms,
 * which is two packets received and two sent. `floorUs` is what the kernel alone takes for one packet in and out.
 */
export function run(): Promise<Record<string, number>> {
  return withTandem(2 * CALLS, async (tandem) => {
    const held = ['--held', String(CALLS), '--rate', String(PER_S)];
    const times = ['--warm-up', String(WARM_UP_S), '--seconds', String(MEASURED_S)];
    const report = await tandem.load('calls', ...held, ...times).finished;
    requireClean(report);
    const { seconds, liveCalls, audio, gapMs, delayMs, sentLateMs } = report.measured;
    const relayedCallUs = (cpuMs(report) * 1000) / (seconds * PACKETS_PER_S * liveCalls);
    const floorUs = kernelFloorUs(pinnedTo(SERVER_CORE));
    return {
      relayedCallUs,
      ...(floorUs === undefined ? {} : { floorUs, relayedCallToFloor: relayedCallUs / (2 * floorUs) }),
      kernelShare: kernelShare(report),
      calls: liveCalls,
      packetsLost: audio.lost,
      packetsAstray: audio.foreign + audio.misrouted + audio.silentStreams + audio.strayStreams,
      'delayMs p50': delayMs.p50,
      'delayMs p99': delayMs.p99,
      'gapMs p50': gapMs.p50,
      'gapMs p99': gapMs.p99,
      'gapMs p99.9': gapMs.p999,
      'gapMs max': gapMs.max,
      'generatorLateMs p99': sentLateMs.p99,
    };
  });
}
