import { assert } from '../../core/kernel/assert.ts';
import type { Koffi } from './native.ts';

/** Alignment of every part handed out: what the widest field of a native structure asks for. */
const ALIGNMENT_BYTES = 16;

/**
 * Memory that native structures may point into: allocated once, never resized, held by its owner for as long as any
 * stored address is in use. Parts are carved off from the start and are never given back.
 */
export class Arena {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly #base: number;
  #usedBytes = 0;

  constructor(koffi: Koffi, sizeBytes: number) {
    const buffer = new ArrayBuffer(sizeBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.#base = Number(koffi.address(buffer));
    assert(this.#base % 8 === 0, 'memory is aligned to 8 bytes');
  }

  /** Offset of a new part. */
  carve(sizeBytes: number): number {
    const offset = this.#usedBytes;
    this.#usedBytes += Math.ceil(sizeBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    assert(this.#usedBytes <= this.bytes.length, `the arena of ${this.bytes.length} bytes is too small`);
    return offset;
  }

  /** Address of what lies at `offset`. */
  address(offset: number): number {
    return this.#base + offset;
  }

  /**
   * The same as an argument for native calls that are made often. A list, because its element is the number itself: read
   * from a field, or added up anew, a number so large becomes a new object each time.
   */
  pointer(offset: number): readonly [address: number, not: null] {
    return [this.#base + offset, null];
  }

  /** Stores, at `at`, the address of what lies at `offset`. */
  point(at: number, offset: number): void {
    const address = this.#base + offset;
    this.words[at >> 2] = address;
    this.words[(at >> 2) + 1] = address / 0x1_0000_0000;
  }
}
