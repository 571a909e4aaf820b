import type { MediaFigures } from '../core/calls/media-figures.ts';
import { COUNTER } from './counters.ts';
import type { StreamReport } from './protocol.ts';
import type { Stream } from './slots.ts';

/** From these MOS on a stream counts as good, fair or poor; below as bad. */
const GOOD = 4;
const FAIR = 3.6;
const POOR = 3.1;

/** How a stream was, in its last words to the main thread. */
export function reportOf({ receiver, sender, reports, clockRateHz }: Stream): StreamReport {
  return {
    packetsReceived: receiver.receivedTotal,
    packetsSent: sender.packets,
    packetsLost: receiver.lostTotal,
    jitterMs: receiver.jitterMs,
    remoteLossShare: reports.remoteFractionLost / 256,
    remoteJitterMs: (reports.remoteJitter * 1000) / clockRateHz,
    roundTripMs: Number.isNaN(reports.roundTripMs) ? -1 : reports.roundTripMs,
  };
}

/** Adds a stream that is over to what its thread counts. */
export function countStream({ received, roundTripMs, buffer }: MediaFigures, counters: Float64Array): void {
  counters[COUNTER.packetsLost]! += received.lost;
  counters[COUNTER.packetsReordered]! += received.reordered;
  counters[COUNTER.lossBursts]! += received.bursts.count;
  counters[COUNTER.packetsLate]! += buffer?.late ?? 0;
  counters[COUNTER.framesConcealed]! += buffer?.concealed ?? 0;
  if (roundTripMs !== null) {
    counters[COUNTER.roundTripsMs]! += roundTripMs;
    counters[COUNTER.roundTrips]!++;
  }
  const { mos } = received;
  if (mos === null) counters[COUNTER.streamsUnheard]!++;
  else if (mos >= GOOD) counters[COUNTER.streamsGood]!++;
  else if (mos >= FAIR) counters[COUNTER.streamsFair]!++;
  else counters[mos >= POOR ? COUNTER.streamsPoor : COUNTER.streamsBad]!++;
}
