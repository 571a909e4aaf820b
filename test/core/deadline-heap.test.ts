import { expect, test } from 'vitest';
import { type Deadline, DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { seeded } from '../../core/kernel/random.ts';
import { NEVER } from '../../core/kernel/time.ts';

test('deadlines are taken in order of time, equal ones in order of adding', () => {
  const heap = new DeadlineHeap<string>();
  heap.add(20, 'late');
  heap.add(10, 'first');
  heap.add(10, 'second');
  expect(heap.next()).toBe(10);
  expect([heap.takeDue(15), heap.takeDue(15), heap.takeDue(15), heap.takeDue(20)]).toEqual([
    'first',
    'second',
    undefined,
    'late',
  ]);
  expect(heap.next()).toBe(NEVER);
});

test('a moved deadline is taken at its new time, a removed one never', () => {
  const heap = new DeadlineHeap<string>();
  const sooner = heap.add(30, 'sooner');
  const later = heap.add(10, 'later');
  const gone = heap.add(1, 'gone');
  heap.move(sooner, 5);
  heap.move(later, 40);
  expect(heap.remove(gone)).toBe(true);
  expect(heap.remove(gone)).toBe(false);
  expect([heap.takeDue(100), heap.takeDue(100), heap.takeDue(100)]).toEqual(['sooner', 'later', undefined]);
});

test('any mixture of adding, moving and removing agrees with a sorted list', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seeded(seed);
    const heap = new DeadlineHeap<number>();
    const model = new Map<Deadline<number>, number>();
    for (let step = 0; step < 200; step++) {
      const at = Math.floor(random.next() * 50);
      const known = [...model.keys()];
      const some = known[Math.floor(random.next() * known.length)];
      const choice = random.next();
      if (choice < 0.5 || some === undefined) model.set(heap.add(at, step), at);
      else if (choice < 0.75) {
        heap.move(some, at);
        model.set(some, at);
      } else {
        heap.remove(some);
        model.delete(some);
      }
      expect(heap.next()).toBe(Math.min(NEVER, ...model.values()));
      expect(heap.size).toBe(model.size);
    }
    const times: number[] = [];
    for (let at = heap.next(); heap.takeDue(NEVER - 1) !== undefined; at = heap.next()) times.push(at);
    expect(times).toEqual([...model.values()].sort((a, b) => a - b));
  }
});
