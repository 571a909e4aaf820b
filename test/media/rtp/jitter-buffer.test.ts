import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { JitterBuffer } from '../../../media/rtp/jitter-buffer.ts';
import type { JitterBufferOptions } from '../../../media/rtp/jitter-buffer-options.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

interface Arrival {
  readonly at: number;
  readonly n: number;
}

/** What one tick of 20 ms gave: the number of a packet, or why there was none. */
type Heard = number | 'missing' | 'empty';

const RATE = 8;
const payload = new Uint8Array(164);

/** Packet `n`: its number in the first bytes, so that what is played can be told. */
function put(buffer: JitterBuffer, n: number, now: number, packetMs = 20, clock = 0): void {
  new DataView(payload.buffer).setInt32(0, n);
  buffer.put(n & 0xffff, (clock + n * packetMs * RATE) >>> 0, payload, 0, payload.length, now);
}

function take(buffer: JitterBuffer, now: number): Heard {
  const taken = buffer.take(now);
  return taken === 'frame' ? new DataView(buffer.bytes.buffer).getInt32(buffer.frameStart) : taken;
}

/** Plays arrivals against ticks of 20 ms, from 10 ms on until `untilMs`. */
function play(arrivals: readonly Arrival[], untilMs: number, buffer = new JitterBuffer()): Heard[] {
  const waiting = arrivals.toSorted((a, b) => a.at - b.at);
  const heard: Heard[] = [];
  for (let now = 10; now < untilMs; now += 20) {
    while (waiting.length > 0 && waiting[0]!.at <= now) {
      const { n, at } = waiting.shift()!;
      put(buffer, n, at);
    }
    heard.push(take(buffer, now));
  }
  return heard;
}

const onTime = (count: number, first = 0): Arrival[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * 20, n: first + i }));
const numbers = (heard: readonly Heard[]): number[] => heard.filter((one) => typeof one === 'number');

test('a stream that is on time is played whole, in order, 20 to 40 ms later, through the wrap of its numbers', () => {
  const buffer = new JitterBuffer();
  const heard = play(onTime(200, 65_500), 4000, buffer);
  expect(heard.slice(0, 3)).toEqual(['empty', 65_500, 65_501]);
  expect(numbers(heard)).toEqual(Array.from({ length: 199 }, (_, i) => 65_500 + i));
  expect(buffer).toMatchObject({ late: 0, lost: 0, duplicate: 0, dropped: 0, resets: 0 });
});

test('a lost packet leaves one frame missing at its place', () => {
  const buffer = new JitterBuffer();
  const heard = play(
    onTime(50).filter(({ n }) => n !== 20),
    1000,
    buffer,
  );
  const at = heard.indexOf(19);
  expect(heard.slice(at, at + 3)).toEqual([19, 'missing', 21]);
  expect(buffer).toMatchObject({ lost: 1, late: 0 });
});

test('reordering within the delay is not heard', () => {
  const buffer = new JitterBuffer({ delayMinMs: 60 });
  const swapped = onTime(100).map(({ at, n }) => ({ at: n % 5 === 0 ? at + 25 : at, n }));
  expect(numbers(play(swapped, 2000, buffer))).toEqual(Array.from({ length: 96 }, (_, i) => i));
  expect(buffer).toMatchObject({ reordered: 20, lost: 0, late: 0 });
});

test('duplicates are played once, before and after their turn', () => {
  const buffer = new JitterBuffer();
  const twice = onTime(100).flatMap((one) => [one, { at: one.at + 1, n: one.n }, { at: one.at + 70, n: one.n }]);
  expect(numbers(play(twice, 2000, buffer))).toEqual(Array.from({ length: 99 }, (_, i) => i));
  expect(buffer.late + buffer.duplicate).toBeGreaterThan(190);
});

test('the delay grows to what the network does, and few packets are late after that', () => {
  const random = seeded(4);
  const buffer = new JitterBuffer();
  play(
    onTime(3000).map(({ at, n }) => ({ at: at + random.next() * 80, n })),
    60_000,
    buffer,
  );
  expect(buffer.targetDelayMs).toBeGreaterThanOrEqual(65);
  expect(buffer.targetDelayMs).toBeLessThanOrEqual(95);
  expect(buffer.lost).toBeLessThan(120);
});

test('a delay that never ends is bounded: the longest is kept', () => {
  const random = seeded(6);
  const buffer = new JitterBuffer({ delayMaxMs: 100 });
  play(
    onTime(2000).map(({ at, n }) => ({ at: at + random.next() * 1000, n })),
    40_000,
    buffer,
  );
  expect(buffer.targetDelayMs).toBe(100);
});

test('packets that are late but not lost are played all the same, after the time that it took', () => {
  const buffer = new JitterBuffer();
  const late = onTime(50).map(({ at, n }) => ({ at: n >= 20 ? at + 60 : at, n }));
  const heard = play(late, 1000, buffer);
  const at = heard.indexOf(19);
  expect(heard.slice(at, at + 5)).toEqual([19, 'missing', 'missing', 20, 21]);
  expect(buffer).toMatchObject({ late: 0, lost: 0 });
  expect(buffer.targetDelayMs).toBeGreaterThanOrEqual(60);
});

test('the excess tells how much longer than need be the delay is, and the player takes packets the earlier', () => {
  const buffer = new JitterBuffer();
  for (let n = 0; n < 8; n++) put(buffer, n, n * 20);
  expect([30, 50, 70].map((now) => take(buffer, now))).toEqual([0, 1, 2]);
  expect(buffer.excessMs(90)).toBe(9);
  expect(buffer.excessMs(150)).toBe(69);
  expect(buffer.hasNext).toBe(true);
  expect(take(buffer, 70)).toBe(3);
  expect(buffer.excessMs(90)).toBe(-10);
});

test('room is made for what comes: a usual stream takes less than three kilobytes, none before its first packet', () => {
  const buffer = new JitterBuffer({ slotBytes: 2036 });
  expect(buffer.sizeBytes).toBe(0);
  put(buffer, 0, 0);
  expect(buffer.sizeBytes).toBeLessThan(3500);
  for (let n = 1; n < 60; n++) put(buffer, n, n);
  buffer.put(60, 60 * 160, new Uint8Array(2036), 0, 2036, 60);
  expect(buffer.depth).toBe(61);
  expect(buffer.sizeBytes).toBeLessThanOrEqual(64 * (2048 + 16));
});

test('a burst after a hole in the network is played from where the delay allows, never backwards', () => {
  const buffer = new JitterBuffer();
  const heard = play(
    onTime(200).map(({ at, n }) => ({ at: n >= 50 && n < 100 ? 2000 : at, n })),
    4000,
    buffer,
  );
  const played = numbers(heard);
  expect(played).toEqual(played.toSorted((a, b) => a - b));
  expect(played.at(-1)).toBeGreaterThanOrEqual(188);
});

test('a talker who pauses without numbers in between is heard on after the pause', () => {
  const buffer = new JitterBuffer();
  const clock = (n: number): number => (n < 50 ? n : n + 500) * 160;
  const heard: Heard[] = [];
  for (let now = 10, n = 0; now < 13_000; now += 20) {
    while (n < 100 && clock(n) / 8 <= now) {
      new DataView(payload.buffer).setInt32(0, n);
      buffer.put(n, clock(n), payload, 0, 164, clock(n) / 8);
      n += 1;
    }
    heard.push(take(buffer, now));
  }
  expect(numbers(heard)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(heard.filter((one) => one === 'empty').length).toBeGreaterThan(480);
  expect(buffer.lost).toBe(0);
});

test('after a rest, a packet from before what was played last stays unplayed', () => {
  const buffer = new JitterBuffer();
  expect(
    numbers(
      play(
        onTime(10).filter(({ n }) => n !== 5),
        1000,
        buffer,
      ),
    ),
  ).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9]);
  put(buffer, 12, 1000);
  put(buffer, 5, 1001);
  put(buffer, 11, 1002);
  expect([1020, 1040, 1060].map((now) => take(buffer, now))).toEqual([11, 12, 'missing']);
  expect(buffer.late).toBe(1);
});

test('a short pause of the talker is not taken for a longer packet', () => {
  const buffer = new JitterBuffer();
  for (const [n, step] of [0, 1, 2, 6, 7, 8].entries()) {
    buffer.put(n, step * 160, payload, 0, 160, step * 20);
    expect(buffer.packetSamples).toBe(160);
  }
});

test.each([
  [150, 2],
  [90, 8],
  [190, 3],
])('a way that becomes longer by %i ms, %i times, for good, costs moments and not the stream', (stepMs, steps) => {
  const buffer = new JitterBuffer();
  const arrivals = onTime(1500).map(({ at, n }) => ({ at: at + stepMs * Math.min(steps, Math.floor(n / 100)), n }));
  const heard = numbers(play(arrivals, 1500 * 20 + stepMs * steps + 400, buffer));
  expect(heard.length).toBeGreaterThan(1500 - 12 * steps);
  expect(heard).toContain(1499);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  expect(buffer.excessMs(1500 * 20 + stepMs * steps)).toBeLessThan(200);
});

test('a clock that jumps, forward or back, costs a moment and not the stream', () => {
  for (const jump of [100_000_000, -100_000_000]) {
    const buffer = new JitterBuffer();
    const heard: Heard[] = [];
    for (let n = 0; n < 200; n++) {
      put(buffer, n, n * 20, 20, n < 100 ? 2 ** 30 : 2 ** 30 + jump);
      heard.push(take(buffer, n * 20 + 10));
    }
    expect(numbers(heard).length).toBeGreaterThan(190);
    expect(heard.at(-1)).toBeGreaterThan(195);
  }
});

test('numbers that jump begin the stream again', () => {
  const buffer = new JitterBuffer();
  const heard: Heard[] = [];
  for (let i = 0; i < 200; i++) {
    put(buffer, i < 100 ? i + 20_000 : i, i * 20);
    heard.push(take(buffer, i * 20 + 10));
  }
  expect(heard.at(-1)).toBeGreaterThan(195);
});

test.each([10, 30, 40, 60])('packets of %i ms are learnt and taken at their own pace', (packetMs) => {
  const buffer = new JitterBuffer({ delayMinMs: 60 });
  const heard: Heard[] = [];
  let have = 0;
  for (let now = 0, n = 0; now < 6000; now += 20) {
    for (; n * packetMs <= now; n++) put(buffer, n, n * packetMs, packetMs);
    for (; have < 160; have += buffer.packetSamples) {
      const one = take(buffer, now);
      heard.push(one);
      if (one === 'empty') have += 160;
    }
    have -= 160;
  }
  expect(buffer.packetSamples).toBe(packetMs * 8);
  const played = numbers(heard);
  expect(played).toEqual(Array.from({ length: played.length }, (_, i) => i));
  expect(played.length).toBeGreaterThan(5800 / packetMs - 4);
});

test('a payload longer than a slot is refused and counted', () => {
  const buffer = new JitterBuffer({ slotBytes: 100 });
  put(buffer, 1, 0);
  expect(buffer.oversized).toBe(1);
  expect(take(buffer, 1000)).toBe('empty');
});

test('a source with a clock of 300 parts in a million more, or less, is followed for ten minutes', () => {
  for (const drift of [1.0003, 0.9997]) {
    const buffer = new JitterBuffer();
    const heard = play(
      onTime(30_000).map(({ at, n }) => ({ at: at * drift, n })),
      600_000,
      buffer,
    );
    expect(heard.filter((one) => one === 'missing').length).toBeLessThan(40);
    expect(buffer.dropped).toBeLessThan(40);
    expect(buffer.resets).toBeLessThanOrEqual(1);
  }
});

const options: fc.Arbitrary<Partial<JitterBufferOptions>> = fc.record({
  delayMinMs: fc.constantFrom(0, 20, 60),
  delayMaxMs: fc.constantFrom(80, 200),
  slotCount: fc.constantFrom(16, 64),
});

test('whatever is lost, late, doubled or reordered, no packet is played twice or out of order', () => {
  const fate = fc.record({ copies: fc.integer({ min: 0, max: 2 }), delayMs: fc.integer({ min: 0, max: 400 }) });
  fc.assert(
    fc.property(
      options,
      fc.array(fate, { maxLength: 150 }),
      fc.integer({ min: 0, max: 70_000 }),
      (limits, fates, first) => {
        const buffer = new JitterBuffer(limits);
        const arrivals = fates.flatMap(({ copies, delayMs }, i) =>
          Array.from({ length: copies }, (_, copy) => ({ at: i * 20 + delayMs + copy * 35, n: first + i })),
        );
        const played = numbers(play(arrivals, fates.length * 20 + 1000, buffer));
        played.forEach((n, i) => {
          if (i > 0) expect(n).toBeGreaterThan(played[i - 1]!);
        });
        expect(buffer.taken).toBe(played.length);
        expect(buffer.depth).toBe(0);
      },
    ),
    { seed: 3550, numRuns: 3 * RUNS },
  );
});

test('garbage for numbers and timestamps never breaks it or lets it hold more than its slots', () => {
  const random = seeded(9);
  const buffer = new JitterBuffer({ slotCount: 16 });
  for (let i = 0; i < 20_000; i++) {
    const n = random.next() < 0.5 ? Math.floor(random.next() * 65_536) : i & 0xffff;
    buffer.put(n, Math.floor(random.next() * 2 ** 32), payload, 0, Math.floor(random.next() * 164), i * 7);
    if (random.next() < 0.4) take(buffer, i * 7);
    expect(buffer.depth).toBeLessThanOrEqual(16);
  }
});
