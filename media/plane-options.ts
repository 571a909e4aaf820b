import type { Clock } from '../core/kernel/clock.ts';
import type { Random } from '../core/kernel/random.ts';
import type { RecordingCounters } from './plane-recordings.ts';
import type { PlaneWorkersOptions } from './plane-workers.ts';
import type { InbandDigits } from './stream-settings.ts';

export interface MediaPlaneOptions extends PlaneWorkersOptions {
  /** Address that a peer at this literal address can send to. */
  readonly addressFor: (peerAddress: string) => string;
  readonly random: Random;
  /** Codecs that may be spoken, best first; all of them unless said. Opus only once the threads have a library for it. */
  readonly codecs?: readonly string[];
  /** Keys are listened for in sound: where a leg agreed to no telephone-events (`auto`, unless said), or in all, or in none. */
  readonly inbandDigits?: InbandDigits;
  /** Legs are placed and released at a time, and the port's methods carry none. */
  readonly clock: Clock;
}

export interface MediaPlaneCounters extends RecordingCounters {
  portsFailed: number;
  workersLost: number;
  /** Legs refused because media threads had more to do than they could. */
  overloadRefusals: number;
}

export function planeCounters(): MediaPlaneCounters {
  return {
    portsFailed: 0,
    workersLost: 0,
    overloadRefusals: 0,
    recordingsFinished: 0,
    recordingsFailed: 0,
    recordingSamplesLost: 0,
  };
}
