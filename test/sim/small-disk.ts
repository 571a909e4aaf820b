import { disk, type FileSystem } from '../../media/file-system.ts';

/** The real disk, of which only so many bytes may be used: then it is full, as the kernel tells it. */
export class SmallDisk implements FileSystem {
  readonly #bytesMax: number;
  /** What the disk tells of its room; the bytes that may be used are another matter. */
  freeShareTold = 1;
  readonly #sizes = new Map<number, number>();
  readonly #open = new Set<number>();
  #usedBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get openCount(): number {
    return this.#open.size;
  }

  open(path: string, which: 'new' | 'old'): number {
    const descriptor = disk.open(path, which);
    this.#open.add(descriptor);
    this.#sizes.set(descriptor, disk.sizeBytes(descriptor));
    return descriptor;
  }

  /** What lies on bytes that the file has already needs no room. A write that fits in part is done in part. */
  write(descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number): number {
    const size = this.#sizes.get(descriptor)!;
    const room = this.#bytesMax - this.#usedBytes;
    const growth = Math.max(0, position + length - size);
    const fitting = Math.max(0, length - Math.max(0, growth - room));
    if (fitting === 0) throw new Error('ENOSPC: no space left on device, write');
    const written = disk.write(descriptor, bytes, offset, fitting, position);
    const now = Math.max(size, position + written);
    this.#usedBytes += now - size;
    this.#sizes.set(descriptor, now);
    return written;
  }

  truncate(descriptor: number, sizeBytes: number): void {
    disk.truncate(descriptor, sizeBytes);
    this.#usedBytes += sizeBytes - this.#sizes.get(descriptor)!;
    this.#sizes.set(descriptor, sizeBytes);
  }

  close(descriptor: number): void {
    this.#open.delete(descriptor);
    disk.close(descriptor);
  }

  freeShare(): number {
    return this.freeShareTold;
  }

  read = disk.read;
  sizeBytes = disk.sizeBytes;
  remove = disk.remove;
  readWhole = disk.readWhole;
  stat = disk.stat;
}
