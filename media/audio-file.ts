import { pcma, pcmu } from './codec/g711.ts';
import { atOnce, type DecodedFile, type Decoding } from './decoding.ts';
import { resampling } from './resample.ts';

/** Everything inside plays at this rate, mono. */
export const AUDIO_RATE_HZ = 8000;
export const WAV_HEADER_BYTES = 44;

export interface WavFormat {
  readonly tag: number;
  readonly channelCount: number;
  readonly rateHz: number;
  readonly bitsPerSample: number;
}

const PCM = 1;
const ALAW = 6;
const ULAW = 7;
const EXTENSIBLE = 0xfffe;
const RATE_MIN_HZ = 8000;
const RATE_MAX_HZ = 48000;

/**
 * Decodes a WAV file (RIFF/WAVE: PCM of 8, 16 or 24 bits, A-law or µ-law; 8 to 48 kHz; one or two channels) to mono 16-bit samples
 * at 8 kHz. A data chunk that is cut off or of unknown length (a recording in progress) is read to the end of the file.
 */
export function decodeWav(bytes: Uint8Array): DecodedFile {
  return atOnce(wavDecoding(bytes));
}

export function looksLikeWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && text(bytes, 0) === 'RIFF' && text(bytes, 8) === 'WAVE';
}

/** The same, piece by piece. */
export function* wavDecoding(bytes: Uint8Array): Decoding {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!looksLikeWav(bytes)) return refused('expected a RIFF/WAVE file');
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = text(bytes, at);
    const sizeBytes = view.getUint32(at + 4, true);
    const body = at + 8;
    if (id === 'fmt ' && sizeBytes >= 16 && body + 16 <= bytes.length) format = readFormat(view, body, sizeBytes);
    if (id === 'data') {
      if (format === undefined) return refused('the data chunk comes before the fmt chunk');
      return yield* decodeData(bytes.subarray(body, Math.min(bytes.length, body + sizeBytes)), format);
    }
    at = body + sizeBytes + (sizeBytes & 1);
  }
  return refused('the file has no data chunk');
}

/** Header of a mono 16-bit WAV file with `dataBytes` of samples behind it. */
export function wavHeader(dataBytes: number, rateHz: number, channelCount = 1): Uint8Array {
  const bytes = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii('RIFF'), 0);
  view.setUint32(4, 36 + dataBytes, true);
  bytes.set(ascii('WAVEfmt '), 8);
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, channelCount, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * channelCount * rateHz, true);
  view.setUint16(32, 2 * channelCount, true);
  view.setUint16(34, 16, true);
  bytes.set(ascii('data'), 36);
  view.setUint32(40, dataBytes, true);
  return bytes;
}

function readFormat(view: DataView, at: number, sizeBytes: number): WavFormat {
  const tag = view.getUint16(at, true);
  // The real tag of an extensible format is the start of its sub-format GUID.
  const extended = tag === EXTENSIBLE && sizeBytes >= 26 && at + 26 <= view.byteLength;
  return {
    tag: extended ? view.getUint16(at + 24, true) : tag,
    channelCount: view.getUint16(at + 2, true),
    rateHz: view.getUint32(at + 4, true),
    bitsPerSample: view.getUint16(at + 14, true),
  };
}

export function* decodeData(data: Uint8Array, format: WavFormat): Decoding {
  const { tag, channelCount, rateHz, bitsPerSample } = format;
  if (channelCount !== 1 && channelCount !== 2) return refused(`expected 1 or 2 channels, got ${channelCount}`);
  if (rateHz < RATE_MIN_HZ || rateHz > RATE_MAX_HZ) return refused(`expected 8000 to 48000 Hz, got ${rateHz}`);
  const interleaved = decodeSamples(data, tag, bitsPerSample);
  if (interleaved === undefined) {
    return refused(`expected PCM of 8, 16 or 24 bits, A-law or µ-law, got format ${tag} of ${bitsPerSample} bits`);
  }
  const mono = channelCount === 1 ? interleaved : halve(interleaved);
  return { kind: 'decoded', samples: yield* resampling(mono, rateHz, AUDIO_RATE_HZ), sourceRateHz: rateHz };
}

function decodeSamples(data: Uint8Array, tag: number, bitsPerSample: number): Int16Array | undefined {
  if (tag === PCM) return decodePcm(data, bitsPerSample);
  if ((tag !== ALAW && tag !== ULAW) || bitsPerSample !== 8) return undefined;
  const samples = new Int16Array(data.length);
  (tag === ALAW ? pcma : pcmu).decode(data, 0, data.length, samples, 0);
  return samples;
}

/** 8 bits are unsigned, wider samples signed, the last byte the highest; of 24 bits the upper 16 are kept. */
function decodePcm(data: Uint8Array, bitsPerSample: number): Int16Array | undefined {
  if (bitsPerSample !== 8 && bitsPerSample !== 16 && bitsPerSample !== 24) return undefined;
  const sizeBytes = bitsPerSample / 8;
  const samples = new Int16Array(Math.floor(data.length / sizeBytes));
  for (let i = 0, high = sizeBytes - 1; i < samples.length; i++, high += sizeBytes) {
    samples[i] = sizeBytes === 1 ? (data[high]! - 128) << 8 : data[high - 1]! | (data[high]! << 8);
  }
  return samples;
}

/** The mean of two interleaved channels. */
function halve(stereo: Int16Array): Int16Array {
  const mono = new Int16Array(stereo.length >> 1);
  for (let i = 0; i < mono.length; i++) mono[i] = (stereo[2 * i]! + stereo[2 * i + 1]!) >> 1;
  return mono;
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}

function ascii(word: string): Uint8Array {
  return Uint8Array.from(word, (letter) => letter.charCodeAt(0));
}

function refused(detail: string): DecodedFile {
  return { kind: 'refused', detail };
}
