import { open, rename, rm } from 'node:fs/promises';
import type { Download, Downloads } from '../api/http-client.ts';

/** Files that are received beside their place and renamed when they are whole, so that nobody reads half of one. */
export class FileDownloads implements Downloads {
  #lastNumber = 0;

  async begin(path: string): Promise<Download> {
    const partPath = `${path}.${process.pid}-${++this.#lastNumber}.part`;
    const file = await open(partPath, 'wx', 0o600);
    let isOpen = true;
    return {
      write: async (bytes) => {
        let written = 0;
        while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
      },
      keep: async () => {
        isOpen = false;
        await file.close();
        await rename(partPath, path);
      },
      discard: async () => {
        if (isOpen) await file.close();
        await rm(partPath, { force: true });
      },
    };
  }
}
