import { expect, test } from 'vitest';
import { NEVER } from '../../../core/kernel/time.ts';
import { Rests } from '../../../sip/transaction/rests.ts';
import { Said } from '../../../sip/transaction/said.ts';
import { type Sharer, Sharers } from '../../../sip/transaction/sharers.ts';
import { TimerPair } from '../../../sip/transaction/timer-pair.ts';

test('what rests ends in the second after its time, together and in the order of adding', () => {
  const rests = new Rests<string>();
  rests.add(32_001, 'late');
  rests.add(5_900, 'second');
  rests.add(5_100, 'third');
  rests.add(5_000, 'first');
  expect(rests.next()).toBe(5_000);
  expect([rests.takeDue(4_999), rests.takeDue(5_000), rests.takeDue(5_000)]).toEqual([undefined, 'first', undefined]);
  expect(rests.next()).toBe(6_000);
  expect([rests.takeDue(6_000), rests.takeDue(6_000), rests.next()]).toEqual(['second', 'third', 33_000]);
  expect([rests.takeDue(40_000), rests.takeDue(40_000), rests.next()]).toEqual(['late', undefined, NEVER]);
});

interface Thing extends Sharer<Thing> {
  readonly name: string;
}

function thing(name: string, towards: string): Thing {
  return { name, towards, previous: undefined, next: undefined };
}

test('those who send to one address are listed oldest first, whoever of them has left', () => {
  const [a, b, c, d] = [thing('a', 'x'), thing('b', 'x'), thing('c', 'x'), thing('d', 'y')];
  for (const leaver of [a, b, c]) {
    const sharers = new Sharers<Thing>();
    for (const each of [a, b, c, d]) sharers.add(each);
    sharers.remove(leaver);
    expect(sharers.of('x')).toEqual([a, b, c].filter((each) => each !== leaver));
    expect(sharers.of('y')).toEqual([d]);
    for (const each of [a, b, c]) if (each !== leaver) sharers.remove(each);
    expect(sharers.of('x')).toEqual([]);
    sharers.add(leaver);
    expect(sharers.of('x')).toEqual([leaver]);
    sharers.remove(leaver);
  }
});

test('of two timers the earlier is due first, a stopped one never, and a third is a bug', () => {
  const timers = new TimerPair<'A' | 'B' | 'C'>();
  timers.start('A', NEVER);
  expect(timers.next()).toBe(NEVER);
  timers.start('B', 20);
  timers.start('A', 10);
  expect(() => timers.start('C', 5)).toThrow('third timer');
  expect([timers.takeDue(9), timers.takeDue(30), timers.next()]).toEqual([undefined, 'A', 20]);
  timers.start('A', 20);
  expect(timers.takeDue(20)).toBe('B');
  timers.stopAll();
  expect([timers.takeDue(99), timers.next()]).toEqual([undefined, NEVER]);
});

test('what is said is handed over in order, and once', () => {
  const said = new Said<number>();
  said.push(1);
  said.push(2);
  expect(() => said.push(3)).toThrow('two outputs');
  expect([said.isDrained, said.poll(), said.poll(), said.poll(), said.isDrained]).toEqual([
    false,
    1,
    2,
    undefined,
    true,
  ]);
});
