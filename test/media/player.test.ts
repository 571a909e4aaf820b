import { expect, test } from 'vitest';
import { Player } from '../../media/player.ts';

test('a file ends with silence behind it', () => {
  const player = new Player(Int16Array.of(1, 2, 3, 4, 5), 'once');
  const into = new Int16Array(3);
  player.take(into);
  expect([...into]).toEqual([1, 2, 3]);
  expect(player.finished).toBe(false);
  player.take(into);
  expect([...into]).toEqual([4, 5, 0]);
  expect(player.finished).toBe(true);
});

test('a loop goes on without a seam', () => {
  const player = new Player(Int16Array.of(1, 2, 3), 'loop');
  const into = new Int16Array(7);
  player.take(into);
  expect([...into]).toEqual([1, 2, 3, 1, 2, 3, 1]);
  expect(player.finished).toBe(false);
});

test('an empty file is over at once', () => {
  expect(new Player(new Int16Array(0), 'once').finished).toBe(true);
});
