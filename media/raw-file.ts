import { decodeData, type WavFormat } from './audio-file.ts';
import type { Decoding } from './decoding.ts';

/** G.711 and 16-bit little-endian samples of one channel, as telephony names such files. */
const FORMATS: Readonly<Record<string, WavFormat>> = {
  ulaw: law(7),
  ul: law(7),
  pcmu: law(7),
  alaw: law(6),
  al: law(6),
  pcma: law(6),
  raw: linear(8_000),
  sln: linear(8_000),
  slin: linear(8_000),
  sln16: linear(16_000),
  sln24: linear(24_000),
  sln32: linear(32_000),
  sln48: linear(48_000),
};

/** What a file without a header holds, by the end of its name; undefined for any other. */
export function rawFormatOf(path: string): WavFormat | undefined {
  const suffix = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(FORMATS, suffix) ? FORMATS[suffix] : undefined;
}

export function decodeRaw(bytes: Uint8Array, format: WavFormat): Decoding {
  return decodeData(bytes, format);
}

function law(tag: number): WavFormat {
  return { tag, channelCount: 1, rateHz: 8_000, bitsPerSample: 8 };
}

function linear(rateHz: number): WavFormat {
  return { tag: 1, channelCount: 1, rateHz, bitsPerSample: 16 };
}
