import { expect, test } from 'vitest';
import { resample } from '../../media/resample.ts';

function sine(frequencyHz: number, rateHz: number, seconds: number, amplitude = 16000): Int16Array {
  const length = Math.round(rateHz * seconds);
  return Int16Array.from({ length }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)),
  );
}

/** Level of what is left when the ideal sine is taken away, in dB below it; the edges are left out. */
function residueDb(samples: Int16Array, frequencyHz: number, amplitude = 16000): number {
  let noise = 0;
  let signal = 0;
  for (let i = 400; i < samples.length - 400; i++) {
    const ideal = amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / 8000);
    noise += (samples[i]! - ideal) ** 2;
    signal += ideal ** 2;
  }
  return 10 * Math.log10(noise / signal);
}

for (const rateHz of [11025, 16000, 22050, 24000, 32000, 44100, 48000]) {
  test(`a tone at ${rateHz} Hz keeps its pitch, level and time`, () => {
    const output = resample(sine(1000, rateHz, 0.5), rateHz, 8000);
    expect(output.length).toBe(4000);
    expect(residueDb(output, 1000)).toBeLessThan(-55);
  });

  test(`what lies above 4 kHz is not folded down from ${rateHz} Hz`, () => {
    const output = resample(sine(5000, rateHz, 0.5), rateHz, 8000).subarray(400, -400);
    expect(Math.max(...output.map(Math.abs))).toBeLessThan(32);
  });
}

test('8 kHz stays as it is', () => {
  const samples = sine(440, 8000, 0.1);
  expect(resample(samples, 8000, 8000)).toBe(samples);
});
