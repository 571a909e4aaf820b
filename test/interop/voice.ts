import { readFileSync, writeFileSync } from 'node:fs';

const RATE_HZ = 8000;

/** Writes a WAV file (8 kHz, 16 bits, mono) of one steady tone. */
export function writeVoice(path: string, frequencyHz: number, seconds: number): string {
  const count = RATE_HZ * seconds;
  const bytes = Buffer.alloc(44 + 2 * count);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * count, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(2 * RATE_HZ, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * count, 40);
  for (let i = 0; i < count; i++)
    bytes.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * frequencyHz * i) / RATE_HZ)), 44 + 2 * i);
  writeFileSync(path, bytes);
  return path;
}

/** Samples of a 16-bit WAV file, also of one whose header was not finished; of its first channel. */
export function readVoice(path: string): Int16Array {
  const bytes = readFileSync(path);
  const start = bytes.indexOf('data', 12, 'latin1') + 8;
  if (start < 8) return new Int16Array(0);
  const step = 2 * bytes.readUInt16LE(22);
  const count = Math.floor((bytes.length - start) / step);
  return Int16Array.from({ length: count }, (_, i) => bytes.readInt16LE(start + step * i));
}

/** Samples in a second of a WAV file, by its header. */
export function voiceRateHz(path: string): number {
  const bytes = readFileSync(path);
  return bytes.length < 28 ? RATE_HZ : bytes.readUInt32LE(24);
}

/** Share of the energy (0 to 1) that lies at the frequency, over `count` samples from `start`. */
export function toneShare(
  samples: Int16Array,
  frequencyHz: number,
  start = 0,
  count = samples.length - start,
  rateHz = RATE_HZ,
): number {
  let real = 0;
  let imaginary = 0;
  let energy = 0;
  for (let i = start; i < start + count; i++) {
    const phase = (2 * Math.PI * frequencyHz * i) / rateHz;
    real += samples[i]! * Math.cos(phase);
    imaginary += samples[i]! * Math.sin(phase);
    energy += samples[i]! ** 2;
  }
  return energy === 0 ? 0 : (2 * (real ** 2 + imaginary ** 2)) / (count * energy);
}

/** Seconds of the recording in which the tone is clearly there, judged in windows of 50 ms. */
export function toneSeconds(samples: Int16Array, frequencyHz: number, rateHz = RATE_HZ): number {
  const window = rateHz / 20;
  let windows = 0;
  for (let start = 0; start + window <= samples.length; start += window) {
    if (toneShare(samples, frequencyHz, start, window, rateHz) > 0.8) windows += 1;
  }
  return windows / 20;
}
