import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { MixExchange } from '../../media/mix-exchange.ts';

const RATE_HZ = 8000;

function frame(value: number): Int32Array {
  return new Int32Array(160).fill(value);
}

/** Threads that carry one mix, each of which hears all others. */
function threads(count: number): MixExchange[] {
  const buffer = MixExchange.allocate(count);
  const places = Array.from({ length: count }, (_, place) => place);
  return places.map((own) => {
    const exchange = new MixExchange(buffer, own);
    exchange.span(places.filter((place) => place !== own));
    return exchange;
  });
}

function pair(): [writer: MixExchange, reader: MixExchange] {
  return threads(2) as [MixExchange, MixExchange];
}

/** What the reader gets in one tick: the first sample of the sum, and how many threads were heard. */
function take(reader: MixExchange): { sum: number; voiced: number } {
  const sum = new Int32Array(160);
  const voiced = reader.addOthers(sum, RATE_HZ, 0);
  expect(new Set(sum).size).toBe(1);
  return { sum: sum[0]!, voiced };
}

test('each thread hears the sums of all others and not its own', () => {
  const three = threads(3);
  for (const [i, thread] of three.entries()) thread.publish(frame(10 ** i), true, RATE_HZ);
  expect(three.map(take)).toEqual([
    { sum: 110, voiced: 2 },
    { sum: 101, voiced: 2 },
    { sum: 11, voiced: 2 },
  ]);
});

test('a thread on which nobody speaks is heard as nothing, and is not missing', () => {
  const [writer, reader] = pair();
  writer.publish(frame(5), true, RATE_HZ);
  take(reader);
  writer.publish(frame(0), false, RATE_HZ);
  expect(take(reader)).toEqual({ sum: 0, voiced: 0 });
  expect(reader.missing).toBe(0);
});

test('what lies there from before is not heard, and nothing is missing until the other begins', () => {
  const buffer = MixExchange.allocate(2);
  const writer = new MixExchange(buffer, 0);
  for (let i = 1; i < 20; i++) writer.publish(frame(i), true, RATE_HZ);
  const reader = new MixExchange(buffer, 1);
  reader.span([0]);
  expect(take(reader)).toEqual({ sum: 0, voiced: 0 });
  expect(reader.missing).toBe(0);
  writer.publish(frame(99), true, RATE_HZ);
  expect(take(reader)).toEqual({ sum: 99, voiced: 1 });
});

test('ticks that come early and late lose at most the first frames, whatever their order', () => {
  const random = seeded(4);
  const [writer, reader] = pair();
  let [written, last] = [0, 0];
  for (let tick = 0; tick < 2000; tick++) {
    const isEarly = random.next() < 0.5;
    if (isEarly) writer.publish(frame(++written), true, RATE_HZ);
    const { sum, voiced } = take(reader);
    if (voiced > 0) {
      expect(sum).toBe(last + 1);
      last = sum;
    }
    if (!isEarly) writer.publish(frame(++written), true, RATE_HZ);
  }
  expect(reader.missing).toBeLessThanOrEqual(1);
  expect(reader.skipped).toBe(0);
});

test('a thread that stood still and makes up for it is silence, then its newest frames, and both are counted', () => {
  const [writer, reader] = pair();
  writer.publish(frame(1), true, RATE_HZ);
  expect(take(reader).sum).toBe(1);
  for (let tick = 0; tick < 4; tick++) expect(take(reader).voiced).toBe(0);
  for (let i = 2; i <= 6; i++) writer.publish(frame(i), true, RATE_HZ);
  expect([take(reader).sum, take(reader).sum]).toEqual([5, 6]);
  expect([reader.missing, reader.skipped]).toEqual([4, 3]);
});

test('a third thread that comes takes nothing from what the two hear of each other', () => {
  const buffer = MixExchange.allocate(3);
  const [first, second, third] = [0, 1, 2].map((own) => new MixExchange(buffer, own)) as [
    MixExchange,
    MixExchange,
    MixExchange,
  ];
  second.span([0]);
  first.publish(frame(1), true, RATE_HZ);
  second.span([0, 2]);
  third.span([0, 1]);
  expect([take(second).sum, take(third).sum]).toEqual([1, 0]);
  first.publish(frame(2), true, RATE_HZ);
  third.publish(frame(30), true, RATE_HZ);
  expect([take(second).sum, take(third).sum]).toEqual([32, 2]);
});

test('a thread that is always two frames behind hears the other 20 ms sooner once there is a silence to leave out', () => {
  const [writer, reader] = pair();
  let written = 0;
  const say = (isVoiced: boolean): void => writer.publish(frame(isVoiced ? 1000 + ++written : 0), isVoiced, RATE_HZ);
  say(true);
  const lags = new Set<number>();
  for (let tick = 0; tick < 300; tick++) {
    say(true);
    lags.add(1000 + written - take(reader).sum);
  }
  expect([...lags]).toEqual([1]);
  say(false);
  take(reader);
  say(true);
  take(reader);
  for (let tick = 0; tick < 300; tick++) {
    say(true);
    expect(take(reader).sum).toBe(1000 + written);
  }
  expect([reader.missing, reader.skipped]).toEqual([0, 0]);
});

test('who is whispered to on another thread hears it alone, and more whispers than there is room for are counted', () => {
  const [writer, reader] = pair();
  const said = (value: number): Int16Array => new Int16Array(160).fill(value);
  for (const [number, leg] of [7, 8, 9].entries()) writer.publishWhisper(number, leg, said(100 * leg));
  writer.endWhispers(3);
  writer.publish(frame(0), false, RATE_HZ);
  expect(take(reader)).toEqual({ sum: 0, voiced: 0 });
  expect([7, 8, 9].map((leg) => reader.hasWhisperFor(leg))).toEqual([true, true, false]);
  const heard = said(1);
  reader.addWhispersFor(8, heard);
  expect(new Set(heard)).toEqual(new Set([801]));
  expect(writer.skipped).toBe(1);
  writer.endWhispers(0);
  writer.publish(frame(0), false, RATE_HZ);
  take(reader);
  expect(reader.hasWhisperFor(7)).toBe(false);
});

test('each thread knows how many members of which rate there are on the others', () => {
  const [first, second, third] = threads(3) as [MixExchange, MixExchange, MixExchange];
  first.tellMembers(Int32Array.of(5, 1, 0, 0));
  second.tellMembers(Int32Array.of(0, 1, 0, 2));
  expect([0, 1, 2, 3].map((rate) => third.membersElsewhere(rate))).toEqual([5, 2, 0, 2]);
  third.span([1]);
  expect(third.membersElsewhere(0)).toBe(0);
});

test('a frame that was published before a mix changed its rate is heard after it at its level', () => {
  const [writer, reader] = pair();
  const sum = new Int32Array(320);
  for (let tick = 1; tick <= 3; tick++) {
    writer.publish(frame(900), true, RATE_HZ);
    sum.fill(100);
    expect(reader.addOthers(sum, 16_000, tick)).toBe(1);
  }
  for (const sample of sum) expect(Math.abs(sample - 1000)).toBeLessThan(20);
});
