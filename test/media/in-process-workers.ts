import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { AudioFiles } from '../../media/audio-files.ts';
import { COUNTER_COUNT } from '../../media/counters.ts';
import { tonesOf } from '../../media/dsp/country-tones.ts';
import { Engine } from '../../media/engine.ts';
import type { PlaneOutput, WorkerMediaPlane } from '../../media/media-plane.ts';
import { MemoryPacketIo } from '../sim/memory-packet-io.ts';

export interface InProcessOptions {
  readonly count: number;
  readonly random: Random;
  readonly streamsMax: number;
  readonly mediaTimeoutMs: number;
}

/**
 * The media threads and the file thread without threads: the production engines on packet I/O in memory, turned by the
 * owner's clock. What the plane posts goes in by `post`, what they answer goes back to the plane.
 */
export class InProcessWorkers {
  readonly ios: MemoryPacketIo[] = [];
  readonly counters: Float64Array[] = [];
  readonly #options: InProcessOptions;
  readonly #plane: WorkerMediaPlane;
  readonly #engines: Engine[] = [];
  readonly #files = new AudioFiles({ cacheBytes: 16 << 20, fileBytesMax: 16 << 20 });

  constructor(plane: WorkerMediaPlane, options: InProcessOptions, now: Instant) {
    this.#plane = plane;
    this.#options = options;
    for (let worker = 0; worker < options.count; worker++) this.replace(worker, now);
  }

  /** Puts an empty engine in the place of a worker: its first one, or after its loss. */
  replace(worker: number, now: Instant): void {
    const { random, streamsMax, mediaTimeoutMs } = this.#options;
    this.ios[worker]?.close();
    this.ios[worker] = new MemoryPacketIo();
    this.counters[worker] = new Float64Array(COUNTER_COUNT);
    const counters = this.counters[worker];
    const memory = this.#plane.memories[worker];
    const options = { random, wallOffsetMs: 0, counters, streamsMax, memory, mediaTimeoutMs, tones: tonesOf('') };
    this.#engines[worker] = new Engine(this.ios[worker], options, now);
  }

  post(output: Extract<PlaneOutput, { kind: 'post' | 'postFiles' }>, now: Instant): void {
    if (output.kind === 'post') this.#engines[output.worker]!.handle(output.message, now);
    else this.#files.receive(output.message, now);
    this.#drain();
  }

  /** Drains what has arrived and does what is due. */
  turn(now: Instant): void {
    for (const engine of this.#engines) engine.turn(now);
    if (this.#files.deadline() <= now) this.#files.expire(now);
    this.#drain();
  }

  deadline(): Instant {
    return Math.min(this.#files.deadline(), ...this.#engines.map((engine) => engine.deadline()));
  }

  #drain(): void {
    for (const [worker, engine] of this.#engines.entries()) {
      for (let message = engine.poll(); message !== undefined; message = engine.poll())
        this.#plane.receive(worker, message);
    }
    for (let message = this.#files.poll(); message !== undefined; message = this.#files.poll()) {
      this.#plane.receiveFromFiles(message);
    }
  }
}
