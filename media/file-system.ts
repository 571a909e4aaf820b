import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';

/** What the file thread asks of a disk. Every method may throw what its name in `node:fs` throws, and may take its time. */
export interface FileSystem {
  /** `new` creates or empties the file, `old` opens one that is there; both to read and write. Returns a descriptor. */
  open(path: string, which: 'new' | 'old'): number;
  /** Returns the bytes written, which may be fewer than asked for. */
  write(descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  /** Returns the bytes read; 0 at the end. */
  read(descriptor: number, into: Uint8Array, position: number): number;
  sizeBytes(descriptor: number): number;
  truncate(descriptor: number, sizeBytes: number): void;
  close(descriptor: number): void;
  /** Of the disk that holds the folder, what share of its room anybody may still use (0 to 1). */
  freeShare(folder: string): number;
  /** No effect on a file that is not there. */
  remove(path: string): void;
  readWhole(path: string): Uint8Array;
  stat(path: string): { readonly mtimeMs: number; readonly size: number };
}

/** The disk. Recordings are readable by the owner and the group alone. */
export const disk: FileSystem = {
  open: (path, which) => openSync(path, which === 'new' ? 'w+' : 'r+', 0o600),
  write: (descriptor, bytes, offset, length, position) => writeSync(descriptor, bytes, offset, length, position),
  read: (descriptor, into, position) => readSync(descriptor, into, 0, into.length, position),
  sizeBytes: (descriptor) => fstatSync(descriptor).size,
  truncate: (descriptor, sizeBytes) => ftruncateSync(descriptor, sizeBytes),
  close: (descriptor) => closeSync(descriptor),
  freeShare(folder) {
    const { bavail, blocks } = statfsSync(folder);
    // Some file systems count no blocks: they do not fill up.
    return blocks > 0 ? bavail / blocks : 1;
  },
  remove: (path) => rmSync(path, { force: true }),
  readWhole: (path) => readFileSync(path),
  stat: (path) => statSync(path),
};
