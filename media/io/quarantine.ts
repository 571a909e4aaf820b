import { type Instant, NEVER } from '../../core/kernel/time.ts';

/** How long what is left of a stream in the network is told from a new one. */
export const QUARANTINE_MS = 60_000;

/** A queue of fixed size of (port, source, SSRC) that streams have left behind, oldest first. */
export class Quarantine {
  /** Left early because the queue was full. */
  overflowed = 0;
  readonly #ports: Uint16Array;
  readonly #sources: Float64Array;
  readonly #ssrcs: Uint32Array;
  readonly #streams: Uint32Array;
  readonly #untils: Float64Array;
  readonly #onLeave: (port: number, source: number, index: number) => void;
  #first = 0;
  #count = 0;

  /** `onLeave` is told of every one that leaves, by time or because the queue is full. */
  constructor(countMax: number, onLeave: (port: number, source: number, index: number) => void) {
    this.#ports = new Uint16Array(countMax);
    this.#sources = new Float64Array(countMax);
    this.#ssrcs = new Uint32Array(countMax);
    this.#streams = new Uint32Array(countMax);
    this.#untils = new Float64Array(countMax);
    this.#onLeave = onLeave;
  }

  /** What this stream has left. Index of the new entry, valid until it leaves. */
  add(port: number, source: number, ssrc: number, stream: number, now: Instant): number {
    if (this.#count === this.#ports.length) {
      this.overflowed++;
      this.#leave();
    }
    const index = (this.#first + this.#count++) % this.#ports.length;
    this.#ports[index] = port;
    this.#sources[index] = source;
    this.#ssrcs[index] = ssrc;
    this.#streams[index] = stream;
    this.#untils[index] = now + QUARANTINE_MS;
    return index;
  }

  ssrcAt(index: number): number {
    return this.#ssrcs[index]!;
  }

  streamAt(index: number): number {
    return this.#streams[index]!;
  }

  expire(now: Instant): void {
    while (this.#count > 0 && this.#untils[this.#first]! <= now) this.#leave();
  }

  deadline(): Instant {
    return this.#count === 0 ? NEVER : this.#untils[this.#first]!;
  }

  #leave(): void {
    const index = this.#first;
    this.#first = (index + 1) % this.#ports.length;
    this.#count--;
    this.#onLeave(this.#ports[index]!, this.#sources[index]!, index);
  }
}
