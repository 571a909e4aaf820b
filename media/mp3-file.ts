import { AUDIO_RATE_HZ } from './audio-file.ts';
import { COMPRESSED_SAMPLES_MAX, type Decoding, tooLong } from './decoding.ts';
import { PieceResampler } from './resample.ts';
import { SamplePieces } from './sample-pieces.ts';

/** Decodes one file, from its begin to its end. */
export interface Mp3Decoder {
  /** What is complete of it, as one or two channels of -1 to 1; the rest stays for the next bytes. */
  decode(bytes: Uint8Array): {
    readonly channelData: readonly Float32Array[];
    readonly samplesDecoded: number;
    readonly sampleRate: number;
    readonly errors: readonly unknown[];
  };
  free(): void;
}

export interface Mp3Library {
  /** A new decoder, which the caller frees; `waiting` while one is being made. */
  take(): Mp3Decoder | 'waiting' | 'absent';
}

/** Some milliseconds of work. */
const PIECE_BYTES = 16_384;

/**
 * Decodes MPEG audio (ISO/IEC 11172-3, 13818-3: layers I to III, 8 to 48 kHz) to mono 16-bit samples at 8 kHz. Ends
 * where the file is damaged.
 */
export function* decodeMp3(bytes: Uint8Array, library: Mp3Library | undefined): Decoding {
  let decoder = library?.take() ?? 'absent';
  for (; decoder === 'waiting'; decoder = library!.take()) yield 'waiting';
  if (decoder === 'absent')
    return { kind: 'refused', detail: 'the package mpg123-decoder, which reads MP3, is not installed' };
  try {
    return yield* decodeFrames(bytes, decoder);
  } finally {
    decoder.free();
  }
}

function* decodeFrames(bytes: Uint8Array, decoder: Mp3Decoder): Decoding {
  const output = new SamplePieces();
  let rateHz = 0;
  let resampler: PieceResampler | undefined;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (at > 0) yield 'going on';
    const { channelData, samplesDecoded, sampleRate, errors } = decoder.decode(bytes.subarray(at, at + PIECE_BYTES));
    if (samplesDecoded > 0) {
      // Another rate in the middle: what follows is another recording.
      if (rateHz !== 0 && sampleRate !== rateHz) break;
      rateHz = sampleRate;
      if (rateHz !== AUDIO_RATE_HZ) resampler ??= new PieceResampler(rateHz, AUDIO_RATE_HZ);
      const mono = monoOf(channelData, samplesDecoded);
      output.add(resampler === undefined ? mono : resampler.push(mono));
      if (output.lengthSamples > COMPRESSED_SAMPLES_MAX) return tooLong();
    }
    if (errors.length > 0) break;
  }
  if (rateHz === 0) return { kind: 'refused', detail: 'expected MPEG audio, got no frame of it' };
  if (resampler !== undefined) output.add(resampler.end());
  return { kind: 'decoded', samples: output.joined(), sourceRateHz: rateHz };
}

/** Whether it begins as MPEG audio does: with tags, or with a frame. */
export function looksLikeMp3(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x49 && bytes[1] === 0x44 && bytes[2] === 0x33) return true;
  // Sync word; a version and a layer that are not reserved.
  return bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0 && (bytes[1]! & 0x18) !== 0x08 && (bytes[1]! & 0x06) !== 0;
}

/** The mean of the channels. */
function monoOf([left, right]: readonly Float32Array[], count: number): Int16Array {
  const mono = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    const value = 16_384 * (left![i]! + (right ?? left)![i]!);
    mono[i] = Math.max(-32768, Math.min(32767, Math.round(value)));
  }
  return mono;
}
