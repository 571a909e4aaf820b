import type { MPEGDecoder } from 'mpg123-decoder';
import type { Mp3Decoder, Mp3Library } from '../mp3-file.ts';

type Package = { readonly MPEGDecoder: typeof MPEGDecoder };

/** mpg123 as WebAssembly, of the package `mpg123-decoder`: loaded for the first file, and one decoder ahead of the next. */
export class Mpg123 implements Mp3Library {
  #state: 'idle' | 'making' | 'absent' = 'idle';
  #package: Package | undefined;
  #ready: Mp3Decoder | undefined;

  take(): Mp3Decoder | 'waiting' | 'absent' {
    const decoder = this.#ready;
    this.#ready = undefined;
    if (this.#state === 'idle') {
      this.#state = 'making';
      this.#make().catch(() => {
        // Not installed, or no WebAssembly on this system: files that need it are refused with that.
        this.#state = 'absent';
      });
    }
    return decoder ?? (this.#state === 'absent' ? 'absent' : 'waiting');
  }

  async #make(): Promise<void> {
    this.#package ??= await import('mpg123-decoder');
    const decoder = new this.#package.MPEGDecoder();
    await decoder.ready;
    this.#ready = decoder;
    this.#state = 'idle';
  }
}
