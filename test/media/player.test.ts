import { expect, test } from 'vitest';
import { TONES } from '../../media/dsp/tone.ts';
import { playerOf, SamplesPlayer } from '../../media/player.ts';

test('a file ends with silence behind it', () => {
  const player = new SamplesPlayer(Int16Array.of(1, 2, 3, 4, 5));
  const into = new Int16Array(3);
  player.take(into);
  expect([...into]).toEqual([1, 2, 3]);
  expect(player.finished).toBe(false);
  player.take(into);
  expect([...into]).toEqual([4, 5, 0]);
  expect(player.finished).toBe(true);
});

test('an empty file is over at once', () => {
  expect(new SamplesPlayer(new Int16Array(0)).finished).toBe(true);
});

test('shared samples are played where they lie', () => {
  const samples = new SharedArrayBuffer(4);
  new Int16Array(samples).set([7, 8]);
  const into = new Int16Array(2);
  playerOf({ kind: 'samples', samples }, TONES.eu).take(into);
  expect([...into]).toEqual([7, 8]);
});

test('a tone goes on in its cadence and never ends', () => {
  const player = playerOf({ kind: 'tone', tone: 'busy' }, TONES.us);
  const loud: boolean[] = [];
  const into = new Int16Array(160);
  for (let tick = 0; tick < 100; tick++) {
    player.take(into);
    loud.push(into.some((sample) => Math.abs(sample) > 500));
  }
  expect(loud).toEqual(Array.from({ length: 100 }, (_, tick) => tick % 50 < 25));
  expect(player.finished).toBe(false);
});
