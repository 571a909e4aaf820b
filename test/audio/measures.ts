/**
 * Measures of audio for tests: what is in some samples, in numbers. Written without the code under test, so that a
 * fault in the one is not hidden by the same fault in the other.
 */

/** Level in dBov of the whole: 0 is the loudest square wave; -Infinity for digital silence. */
export function level(samples: Int16Array): number {
  const sum = samples.reduce((energy, sample) => energy + sample * sample, 0);
  return 10 * Math.log10(sum / samples.length / 32768 ** 2);
}

/** Level in dBov of one frequency: projection on its sine and cosine under a Hann window. */
export function levelAt(samples: Int16Array, frequencyHz: number, clockRateHz = 8000): number {
  let inPhase = 0;
  let quadrature = 0;
  let weights = 0;
  samples.forEach((sample, i) => {
    const weight = 1 - Math.cos((2 * Math.PI * (i + 0.5)) / samples.length);
    const phase = (2 * Math.PI * frequencyHz * i) / clockRateHz;
    inPhase += weight * sample * Math.cos(phase);
    quadrature += weight * sample * Math.sin(phase);
    weights += weight;
  });
  const amplitude = (2 * Math.hypot(inPhase, quadrature)) / weights;
  return 20 * Math.log10(amplitude / Math.SQRT2 / 32768);
}

/** The strongest frequency in Hz to about 1 Hz, and its level in dBov. Needs at least 50 ms. */
export function strongestTone(samples: Int16Array, clockRateHz = 8000): { frequencyHz: number; levelDbov: number } {
  let best = { frequencyHz: 0, levelDbov: Number.NEGATIVE_INFINITY };
  const tryAll = (from: number, to: number, step: number): void => {
    for (let frequencyHz = from; frequencyHz <= to; frequencyHz += step) {
      const levelDbov = levelAt(samples, frequencyHz, clockRateHz);
      if (levelDbov > best.levelDbov) best = { frequencyHz, levelDbov };
    }
  };
  const coarse = Math.max(2, clockRateHz / samples.length / 2);
  tryAll(coarse, clockRateHz / 2 - coarse, coarse);
  tryAll(best.frequencyHz - coarse, best.frequencyHz + coarse, Math.max(0.5, coarse / 20));
  return best;
}

/** Signal to noise in dB: what of `heard` a scaled `sent` explains, against the rest. Both aligned. */
export function signalToNoise(sent: Int16Array, heard: Int16Array): number {
  let cross = 0;
  let power = 0;
  sent.forEach((sample, i) => {
    cross += sample * heard[i]!;
    power += sample * sample;
  });
  const scale = cross / power;
  let noise = 0;
  sent.forEach((sample, i) => {
    noise += (heard[i]! - scale * sample) ** 2;
  });
  return 10 * Math.log10((scale * scale * power) / noise);
}

/** Samples by which `heard` lags behind `sent`, 0 … `most`, by their correlation. */
export function lag(sent: Int16Array, heard: Int16Array, most: number): number {
  let best = { at: 0, sum: Number.NEGATIVE_INFINITY };
  for (let at = 0; at <= most; at++) {
    let sum = 0;
    for (let i = 0; i + at < heard.length && i < sent.length; i++) sum += sent[i]! * heard[i + at]!;
    if (sum > best.sum) best = { at, sum };
  }
  return best.at;
}

export interface Gap {
  readonly start: number;
  readonly samples: number;
}

/** Stretches of at least `samplesMin` samples that stay within ±`threshold`, between sound. */
export function gaps(samples: Int16Array, samplesMin = 40, threshold = 8): Gap[] {
  const found: Gap[] = [];
  let lastSound = -1;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) <= threshold) return;
    if (lastSound >= 0 && i - lastSound - 1 >= samplesMin) {
      found.push({ start: lastSound + 1, samples: i - lastSound - 1 });
    }
    lastSound = i;
  });
  return found;
}

/**
 * Places where a tone breaks: what a sine of `frequencyHz` cannot do from three samples to the next, beyond
 * `tolerance` of full scale. Neighbouring samples count as one click.
 */
export function clicks(samples: Int16Array, frequencyHz: number, clockRateHz = 8000, tolerance = 0.02): number[] {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / clockRateHz);
  const found: number[] = [];
  for (let i = 2; i < samples.length; i++) {
    const surprise = samples[i]! - coefficient * samples[i - 1]! + samples[i - 2]!;
    if (Math.abs(surprise) <= tolerance * 32768) continue;
    if (found.length === 0 || i - found.at(-1)! > 8) found.push(i);
  }
  return found;
}

/** A sine for tests, of that level in dBov. */
export function testTone(frequencyHz: number, levelDbov: number, count: number, clockRateHz = 8000): Int16Array {
  const amplitude = 32768 * Math.SQRT2 * 10 ** (levelDbov / 20);
  return Int16Array.from({ length: count }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / clockRateHz)),
  );
}

/** Frames of `frame` samples that are sound and not silence: within 40 dB of the loudest, and above -70 dBov. */
function soundingFrames(samples: Int16Array, frame: number): number[] {
  const energies = Array.from({ length: Math.floor(samples.length / frame) }, (_, i) =>
    samples.subarray(i * frame, (i + 1) * frame).reduce((sum, sample) => sum + (sample * sample) / frame, 0),
  );
  const least = Math.max(100, Math.max(...energies) * 1e-4);
  return energies.flatMap((energy, i) => (energy >= least ? [i] : []));
}

/**
 * Segmental signal to noise in dB: the mean over those frames that sound and that `counts` takes, each between -10
 * and 35 dB. Both aligned.
 */
export function segmentalSignalToNoise(
  sent: Int16Array,
  heard: Int16Array,
  frame = 160,
  counts: (frame: number) => boolean = () => true,
): number {
  const frames = soundingFrames(sent, frame).filter(counts);
  const sum = frames.reduce((total, one) => {
    let signal = 0;
    let noise = 1e-9;
    for (let i = one * frame; i < (one + 1) * frame; i++) {
      signal += sent[i]! ** 2;
      noise += (sent[i]! - heard[i]!) ** 2;
    }
    return total + Math.max(-10, Math.min(35, 10 * Math.log10(signal / noise)));
  }, 0);
  return sum / frames.length;
}

const SPECTRUM_SAMPLES = 256;
const SPECTRUM_BINS = 64;

function spectrum(samples: Int16Array, start: number): Float64Array {
  return Float64Array.from({ length: SPECTRUM_BINS }, (_, bin) => {
    let inPhase = 0;
    let quadrature = 0;
    for (let i = 0; i < SPECTRUM_SAMPLES; i++) {
      const sample = samples[start + i]! * WINDOW[i]!;
      inPhase += sample * COSINES[(bin * i) % (2 * SPECTRUM_BINS)]!;
      quadrature += sample * COSINES[(bin * i + SPECTRUM_BINS / 2) % (2 * SPECTRUM_BINS)]!;
    }
    return Math.hypot(inPhase, quadrature);
  });
}

const WINDOW = Float64Array.from(
  { length: SPECTRUM_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (SPECTRUM_SAMPLES - 1)),
);
const COSINES = Float64Array.from({ length: 2 * SPECTRUM_BINS }, (_, i) => Math.cos((Math.PI * i) / SPECTRUM_BINS));

/**
 * Log-spectral distance in dB: how far the spectra of what was heard are from those of what was sent, root of the mean
 * square over 64 bins, mean over the windows of 256 samples that sound. Both aligned.
 */
export function logSpectralDistance(sent: Int16Array, heard: Int16Array): number {
  let sum = 0;
  let windows = 0;
  for (const frame of soundingFrames(sent, SPECTRUM_SAMPLES / 2)) {
    const start = (frame * SPECTRUM_SAMPLES) / 2;
    if (start + SPECTRUM_SAMPLES > sent.length) break;
    windows += 1;
    if (isSame(sent, heard, start)) continue;
    const theirs = spectrum(heard, start);
    const squares = spectrum(sent, start).map((bin, i) => (20 * Math.log10((bin + 50) / (theirs[i]! + 50))) ** 2);
    sum += Math.sqrt(squares.reduce((total, square) => total + square, 0) / SPECTRUM_BINS);
  }
  return sum / windows;
}

function isSame(sent: Int16Array, heard: Int16Array, start: number): boolean {
  for (let i = start; i < start + SPECTRUM_SAMPLES; i++) if (sent[i] !== heard[i]) return false;
  return true;
}
