import { expect, test } from 'vitest';
import { PcmRing } from '../../../media/ring.ts';
import { Injection, SAID_MAX_S } from '../../../media/streams/injection.ts';

const RATE_HZ = 8000;
const FRAME = 160;

/** An injection with a reader that takes a frame every 20 ms, as the media thread does. */
function scene() {
  const buffer = PcmRing.allocate(RATE_HZ);
  const reader = new PcmRing(buffer);
  let now = 0;
  const injection = new Injection(new PcmRing(buffer), RATE_HZ, now);
  const heard: number[] = [];
  const tick = (): void => {
    now += 20;
    reader.follow();
    const frame = new Int16Array(FRAME);
    heard.push(...frame.subarray(0, reader.read(frame)));
    injection.expire(now);
  };
  const say = (count: number, value = 1): void => injection.say(new Int16Array(count).fill(value));
  const marks = () => {
    const reached = [];
    for (let mark = injection.poll(); mark !== undefined; mark = injection.poll()) reached.push(mark);
    return reached;
  };
  return { injection, reader, heard, tick, say, marks };
}

test('a mark comes back once all before it was heard, with the milliseconds that were', () => {
  const { injection, tick, say, marks } = scene();
  injection.mark('at once');
  expect(marks()).toEqual([{ name: 'at once', playedMs: 0 }]);
  say(10 * FRAME);
  injection.mark('one');
  say(5 * FRAME);
  injection.mark('two');
  for (let i = 0; i < 9; i++) tick();
  expect(marks()).toEqual([]);
  tick();
  expect(marks()).toEqual([{ name: 'one', playedMs: 200 }]);
  for (let i = 0; i < 5; i++) tick();
  expect(marks()).toEqual([{ name: 'two', playedMs: 300 }]);
  expect(injection.played).toBe(15 * FRAME);
});

test('a clear ends what waits with the next frame, marks come back, and what is said then is heard at once', () => {
  const { injection, heard, tick, say, marks } = scene();
  say(3 * RATE_HZ);
  injection.mark('far');
  tick();
  injection.clear();
  expect(marks()).toEqual([{ name: 'far', playedMs: 20 }]);
  tick();
  expect(heard.length).toBe(FRAME);
  say(FRAME, 2);
  injection.mark('near');
  tick();
  expect(heard.slice(FRAME)).toEqual(new Array(FRAME).fill(2));
  expect(marks()).toEqual([{ name: 'near', playedMs: 40 }]);
});

test('a clear whose flush the reader has not seen yet does not end what is said after it', () => {
  const { injection, heard, tick, say } = scene();
  say(500);
  injection.clear();
  injection.clear();
  say(100, 3);
  tick();
  expect(heard).toEqual(new Array(100).fill(3));
  expect(injection.played).toBe(100);
});

test(`no more than ${SAID_MAX_S} s wait; what is beyond is dropped and counted, and the rest is heard whole`, () => {
  const { injection, heard, tick, say } = scene();
  for (let second = 0; second < 35; second++) say(RATE_HZ, second + 1);
  expect(injection.droppedSamples).toBe(5 * RATE_HZ);
  for (let i = 0; i < 50 * 31; i++) tick();
  expect(heard.length).toBe(30 * RATE_HZ);
  for (let second = 0; second < 30; second++) expect(heard[second * RATE_HZ + 5]).toBe(second + 1);
});

test('who speaks live and was held up for a second is hurried until it is in time; a long text at once is not', () => {
  const live = scene();
  for (let i = 0; i < 50; i++) {
    live.say(FRAME);
    live.tick();
  }
  expect(live.reader.hurries).toBe(false);
  for (let i = 0; i < 50; i++) live.tick();
  live.say(50 * FRAME);
  for (let i = 0; i < 150; i++) {
    live.say(FRAME);
    live.tick();
  }
  expect(live.reader.hurries).toBe(true);
  live.injection.clear();
  live.tick();
  expect(live.reader.hurries).toBe(false);

  const text = scene();
  text.say(10 * RATE_HZ);
  for (let i = 0; i < 400; i++) {
    text.tick();
    expect(text.reader.hurries).toBe(false);
  }
});

test('marks are bounded', () => {
  const { injection, say, marks } = scene();
  say(FRAME);
  for (let i = 0; i < 2000; i++) injection.mark(`${i}`);
  injection.clear();
  expect(marks().length).toBe(1000);
});
