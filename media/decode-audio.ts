import { looksLikeWav, wavDecoding } from './audio-file.ts';
import type { OpusLibrary } from './codec/opus.ts';
import type { Decoding } from './decoding.ts';
import { decodeMp3, looksLikeMp3, type Mp3Library } from './mp3-file.ts';
import { decodeOggOpus } from './ogg-opus.ts';
import { decodeRaw, rawFormatOf } from './raw-file.ts';

/** What reads compressed audio. */
export interface AudioLibraries {
  /** Opened when it is first needed; undefined when there is none. */
  readonly opus: () => OpusLibrary | undefined;
  readonly mp3: Mp3Library | undefined;
}

/**
 * Reads WAV, Ogg with Opus, or MP3, told apart by how the file begins, or bare samples, known by the end of its name alone,
 * as mono 16-bit samples at 8 kHz. Never throws.
 */
export function* decodeAudio(bytes: Uint8Array, libraries: AudioLibraries, path = ''): Decoding {
  if (bytes[0] === 0x4f && bytes[1] === 0x67 && bytes[2] === 0x67 && bytes[3] === 0x53) {
    return yield* decodeOggOpus(bytes, libraries.opus());
  }
  const raw = looksLikeWav(bytes) ? undefined : rawFormatOf(path);
  if (raw !== undefined) return yield* decodeRaw(bytes, raw);
  return looksLikeMp3(bytes) ? yield* decodeMp3(bytes, libraries.mp3) : yield* wavDecoding(bytes);
}
