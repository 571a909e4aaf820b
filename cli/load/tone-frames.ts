import { linearToUlaw } from '../../media/codec/g711.ts';

export const FRAME_BYTES = 160;
const FRAMES_PER_LOOP = 25;
const AMPLITUDE = 1_500;
const CLOCK_RATE_HZ = 8_000;
const FIRST_HZ = 300;
const STEP_HZ = 20;
const TONE_COUNT = 64;

/** Half a second of µ-law tone for each of 64 pitches; whole periods of 2 Hz, so that the loop has no click. */
const TONES = Array.from({ length: TONE_COUNT }, (_, tone) => loop(FIRST_HZ + tone * STEP_HZ));

/** Root mean square of what is sent. */
export const SENT_LEVEL = AMPLITUDE / Math.SQRT2;

/** Copies frame `number` of the tone of this stream to `bytes` at `at`. */
export function writeToneFrame(stream: number, number: number, bytes: Uint8Array, at: number): void {
  const tone = TONES[stream % TONE_COUNT]!;
  const start = (number % FRAMES_PER_LOOP) * FRAME_BYTES;
  for (let i = 0; i < FRAME_BYTES; i++) bytes[at + i] = tone[start + i]!;
}

function loop(frequencyHz: number): Uint8Array {
  const radians = (2 * Math.PI * frequencyHz) / CLOCK_RATE_HZ;
  return Uint8Array.from({ length: FRAMES_PER_LOOP * FRAME_BYTES }, (_, i) =>
    linearToUlaw(Math.round(AMPLITUDE * Math.sin(radians * i))),
  );
}
