import { expect, test } from 'vitest';
import { tonesOf } from '../../media/dsp/country-tones.ts';
import { LoopPlayer, type Player, playerOf, SamplesPlayer, steered } from '../../media/player.ts';
import { levelAt } from '../audio/measures.ts';

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

test('what is played endlessly begins again with the sample after its last, within a frame and over many rounds', () => {
  const samples = new SharedArrayBuffer(6);
  new Int16Array(samples).set([1, 2, 3]);
  const player = playerOf({ kind: 'samples', samples, times: 'endlessly' }, tonesOf(''));
  const into = new Int16Array(8);
  player.take(into);
  expect([...into]).toEqual([1, 2, 3, 1, 2, 3, 1, 2]);
  player.take(into);
  expect([...into]).toEqual([3, 1, 2, 3, 1, 2, 3, 1]);
  expect([player instanceof LoopPlayer, player.finished]).toEqual([true, false]);
});

test('of nothing, nothing is played, however often', () => {
  const player = playerOf({ kind: 'samples', samples: new SharedArrayBuffer(0), times: 'endlessly' }, tonesOf(''));
  expect(player.finished).toBe(true);
});

test('what is paused is silence and goes on where it was; a place in it is found from its begin and from here', () => {
  const file: Player = new SamplesPlayer(Int16Array.from({ length: 32 }, (_, i) => i + 1));
  const next = (player: Player): number[] => {
    const into = new Int16Array(4);
    player.take(into);
    return [...into];
  };
  expect(next(file)).toEqual([1, 2, 3, 4]);
  const paused = steered(steered(file, { kind: 'pause' }), { kind: 'pause' });
  expect([next(paused), next(paused), paused.finished]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], false]);
  expect(steered(paused, { kind: 'seek', toMs: 1, from: 'here' })).toBe(paused);
  expect(steered(paused, { kind: 'resume' })).toBe(file);
  expect(next(file)).toEqual([13, 14, 15, 16]);
  expect(next(steered(file, { kind: 'seek', toMs: -1, from: 'here' }))).toEqual([9, 10, 11, 12]);
  expect(next(steered(file, { kind: 'seek', toMs: -100, from: 'here' }))).toEqual([1, 2, 3, 4]);
  expect(steered(file, { kind: 'seek', toMs: 4, from: 'begin' }).finished).toBe(true);
  const tone = playerOf({ kind: 'tone', tone: 'dial' }, tonesOf(''));
  expect(steered(tone, { kind: 'seek', toMs: 100, from: 'begin' })).toBe(tone);
});

test('beyond the end of what is played endlessly is its begin', () => {
  const loop = new LoopPlayer(Int16Array.from({ length: 16 }, (_, i) => i + 1));
  const into = new Int16Array(2);
  steered(loop, { kind: 'seek', toMs: 500, from: 'begin' }).take(into);
  expect([...into]).toEqual([1, 2]);
});

test('shared samples are played where they lie', () => {
  const samples = new SharedArrayBuffer(4);
  new Int16Array(samples).set([7, 8]);
  const into = new Int16Array(2);
  playerOf({ kind: 'samples', samples }, tonesOf('')).take(into);
  expect([...into]).toEqual([7, 8]);
});

test('a tone goes on in its cadence and never ends', () => {
  const player = playerOf({ kind: 'tone', tone: 'busy' }, tonesOf('US'));
  const loud: boolean[] = [];
  const into = new Int16Array(160);
  for (let tick = 0; tick < 100; tick++) {
    player.take(into);
    loud.push(into.some((sample) => Math.abs(sample) > 500));
  }
  expect(loud).toEqual(Array.from({ length: 100 }, (_, tick) => tick % 50 < 25));
  expect(player.finished).toBe(false);
});

test.each([
  ['ringback', 'gb', 400, 'goes on'],
  ['ringback', undefined, 425, 'goes on'],
  ['special-information', undefined, 950, 'goes on'],
  ['fax-calling', undefined, 1100, 'goes on'],
  ['fax-answer', undefined, 2100, 'ends'],
  ['beep', undefined, 1000, 'ends'],
] as const)('the tone %s in country %s sounds %d Hz and %s', (tone, country, frequencyHz, end) => {
  const source = country === undefined ? ({ kind: 'tone', tone } as const) : ({ kind: 'tone', tone, country } as const);
  const player = playerOf(source, tonesOf('DE'));
  const into = new Int16Array(1600);
  player.take(into);
  expect(levelAt(into, frequencyHz)).toBeGreaterThan(-21);
  const rest = new Int16Array(8000 * 10);
  player.take(rest);
  expect(player.finished).toBe(end === 'ends');
});
