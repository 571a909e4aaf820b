/**
 * Decoded files, least recently used first out, bounded in bytes. A stream that plays a file keeps its memory alive by
 * itself, so that dropping an entry never disturbs one.
 */
export class PcmCache {
  readonly #limitBytes: number;
  readonly #entries = new Map<string, SharedArrayBuffer>();
  #sizeBytes = 0;
  hits = 0;
  misses = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** `key` names the file and its version, for example path, modification time and size. */
  get(key: string): SharedArrayBuffer | undefined {
    const buffer = this.#entries.get(key);
    if (buffer === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#entries.delete(key);
    this.#entries.set(key, buffer);
    return buffer;
  }

  /** Keeps the samples and returns them as shared memory; what is larger than the cache itself is not kept. */
  put(key: string, samples: Int16Array): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(samples.byteLength);
    new Int16Array(buffer).set(samples);
    if (buffer.byteLength > this.#limitBytes) return buffer;
    this.#drop(key);
    this.#entries.set(key, buffer);
    this.#sizeBytes += buffer.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.#limitBytes) break;
      this.#drop(oldest);
    }
    return buffer;
  }

  #drop(key: string): void {
    this.#sizeBytes -= this.#entries.get(key)?.byteLength ?? 0;
    this.#entries.delete(key);
  }
}
