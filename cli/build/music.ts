import { AUDIO_RATE_HZ } from '../../media/audio-file.ts';

/** What those hear who are put on hold: slow broken chords over a bass, that can be repeated without a seam. */
const BARS: readonly (readonly number[])[] = [
  [36, 60, 64, 67, 71], // C major seventh, as MIDI notes: the bass, then the chord.
  [33, 60, 64, 67, 69],
  [29, 60, 65, 69, 72],
  [31, 59, 62, 67, 69],
  [28, 59, 64, 67, 71],
  [33, 60, 64, 67, 72],
  [38, 60, 62, 65, 69],
  [31, 59, 62, 65, 67],
];
const BAR_S = 2;
/** Notes of the chord in the order in which a bar has them. */
const FIGURE = [1, 2, 3, 4, 3, 2, 3, 2];
/** Of the loudest sample: quieter than speech, as one listens to it for long. */
const PEAK = 0.25 * 32_768;

/** Each partial: the multiple of the note's frequency, its part of the loudness, and how long it takes to fade to 1/e. */
type Partial = readonly [multiple: number, level: number, fadeS: number];
const PLUCKED: readonly Partial[] = [
  [1, 1, 0.7],
  [2, 0.3, 0.35],
  [3, 0.1, 0.2],
];
const BASS: readonly Partial[] = [
  [2, 0.8, 1],
  [4, 0.3, 0.6],
];
const ATTACK_S = 0.01;
/** Nothing is left of a note after so long. */
const NOTE_S = 4;

/** The piece, sample by sample: what would sound behind its end sounds at its beginning. The same bytes each time. */
export function musicOnHold(): Int16Array {
  const sum = new Float64Array(BARS.length * BAR_S * AUDIO_RATE_HZ);
  for (const [index, bar] of BARS.entries()) {
    add(sum, bar[0]!, index * BAR_S, BASS, 0.9);
    for (const [step, note] of FIGURE.entries()) {
      const loudness = step === 0 ? 1 : 0.7;
      add(sum, bar[note]!, (index + step / FIGURE.length) * BAR_S, PLUCKED, loudness);
    }
  }
  const loudest = sum.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  return Int16Array.from(sum, (sample) => Math.round((sample * PEAK) / loudest));
}

function add(sum: Float64Array, note: number, atS: number, partials: readonly Partial[], loudness: number): void {
  const frequencyHz = 440 * 2 ** ((note - 69) / 12);
  const start = Math.round(atS * AUDIO_RATE_HZ);
  for (let index = 0; index < NOTE_S * AUDIO_RATE_HZ; index++) {
    const seconds = index / AUDIO_RATE_HZ;
    const rise = Math.min(1, seconds / ATTACK_S);
    let sample = 0;
    for (const [multiple, level, fadeS] of partials) {
      sample += level * Math.exp(-seconds / fadeS) * Math.sin(2 * Math.PI * frequencyHz * multiple * seconds);
    }
    sum[(start + index) % sum.length]! += loudness * rise * sample;
  }
}
