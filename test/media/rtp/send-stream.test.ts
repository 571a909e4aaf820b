import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { SendStream } from '../../../media/rtp/send-stream.ts';
import { sequenceDistance, timestampDistance } from '../../../media/rtp/sequence.ts';
import { type PacketFields, rtpView } from './packets.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

interface Sent {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
}

const out = new Uint8Array(64);
const view = new PacketView();

function sent(end: number): Sent | 'dropped' {
  if (end === 0) return 'dropped';
  expect(view.read(out, 0, end)).toBe(true);
  expect(view.ssrc).toBe(0x1234);
  return { sequence: view.sequence, timestamp: view.timestamp, marker: view.marker };
}

const stream = (): SendStream => new SendStream(0x1234, 999, 5000, 8000);
const relay = (to: SendStream, fields: PacketFields, now: number) => sent(to.relay(rtpView(fields), 0, out, 0, now));
const frame = (to: SendStream, now: number) => sent(to.frame(0, 160, 160, out, 0, now));

test('a relayed source keeps its gaps, pauses and markers at a constant distance', () => {
  const sender = stream();
  expect(relay(sender, { sequence: 7, timestamp: 100 }, 0)).toEqual({ sequence: 1000, timestamp: 5000, marker: true });
  expect(relay(sender, { sequence: 8, timestamp: 260 }, 20)).toEqual({
    sequence: 1001,
    timestamp: 5160,
    marker: false,
  });
  expect(relay(sender, { sequence: 11, timestamp: 740 }, 80)).toEqual({
    sequence: 1004,
    timestamp: 5640,
    marker: false,
  });
  expect(relay(sender, { sequence: 10, timestamp: 580 }, 85)).toEqual({
    sequence: 1003,
    timestamp: 5480,
    marker: false,
  });
  expect(relay(sender, { sequence: 12, timestamp: 80_740, marker: true }, 10_080)).toEqual({
    sequence: 1005,
    timestamp: 85_640,
    marker: true,
  });
});

test('another source goes on in the next number, with a marker, at the time that has passed', () => {
  const sender = stream();
  relay(sender, { sequence: 7, timestamp: 100, ssrc: 1 }, 0);
  expect(relay(sender, { sequence: 40_000, timestamp: 9_999_999, ssrc: 2 }, 60)).toEqual({
    sequence: 1001,
    timestamp: 5480,
    marker: true,
  });
  expect(relay(sender, { sequence: 40_001, timestamp: 10_000_159, ssrc: 2 }, 80)).toEqual({
    sequence: 1002,
    timestamp: 5640,
    marker: false,
  });
});

test('a packet of the new source from before its first has no number left, and is dropped', () => {
  const sender = stream();
  relay(sender, { sequence: 7, timestamp: 100, ssrc: 1 }, 0);
  relay(sender, { sequence: 500, timestamp: 160, ssrc: 2 }, 20);
  expect(relay(sender, { sequence: 499, timestamp: 0, ssrc: 2 }, 21)).toBe('dropped');
  expect(sender.unmapped).toBe(1);
});

test('a source that restarts its numbers goes on in ours', () => {
  const sender = stream();
  relay(sender, { sequence: 7, timestamp: 100 }, 0);
  expect(relay(sender, { sequence: 30_000, timestamp: 5 }, 20)).toEqual({
    sequence: 1001,
    timestamp: 5160,
    marker: true,
  });
});

test('our own frames follow on, and a pause is told by marker and timestamp', () => {
  const sender = stream();
  expect(frame(sender, 0)).toEqual({ sequence: 1000, timestamp: 5000, marker: true });
  expect(frame(sender, 20)).toEqual({ sequence: 1001, timestamp: 5160, marker: false });
  expect(frame(sender, 43)).toEqual({ sequence: 1002, timestamp: 5320, marker: false });
  expect(frame(sender, 1043)).toEqual({ sequence: 1003, timestamp: 13_320, marker: true });
});

test('telephone-events put into a relayed source shift its numbers and leave its time', () => {
  const sender = stream();
  relay(sender, { sequence: 7, timestamp: 100 }, 0);
  const start = sender.timestampAt(20, 1);
  expect(sent(sender.event(101, start, true, 4, out, 0, 20))).toEqual({
    sequence: 1001,
    timestamp: 5160,
    marker: true,
  });
  expect(sent(sender.event(101, start, false, 4, out, 0, 20))).toEqual({
    sequence: 1002,
    timestamp: 5160,
    marker: false,
  });
  expect(relay(sender, { sequence: 8, timestamp: 260 }, 21)).toEqual({
    sequence: 1003,
    timestamp: 5160,
    marker: false,
  });
  expect(relay(sender, { sequence: 7, timestamp: 100 }, 22)).toBe('dropped');
});

test('a tone between two stretches of one source leaves a stream without gap or step back', () => {
  const sender = stream();
  relay(sender, { sequence: 7, timestamp: 100 }, 0);
  frame(sender, 20);
  frame(sender, 40);
  expect(relay(sender, { sequence: 9, timestamp: 580 }, 60)).toEqual({
    sequence: 1003,
    timestamp: 5480,
    marker: false,
  });
  expect(sender.packets).toBe(4);
});

test('relayed telephone-events keep their common timestamp, and the time that follows is right', () => {
  const sender = stream();
  relay(sender, { sequence: 1, timestamp: 0 }, 0);
  for (let i = 0; i < 5; i++) relay(sender, { sequence: 2 + i, timestamp: 160, payload: [1, 0, 0, 0] }, 20 + i * 20);
  expect(sender.timestamp).toBe(5160);
  expect(sender.timestampAt(120, 0)).toBe(5960);
});

test('a long relay outlives the wrap of numbers and still drops what is from before it', () => {
  const sender = stream();
  for (let n = 0; n < 70_000; n++) {
    const result = relay(sender, { sequence: (65_000 + n) & 0xffff, timestamp: (n * 160) >>> 0 }, n * 20);
    if (result === 'dropped' || result.sequence !== ((1000 + n) & 0xffff)) expect(result).toBe(`number ${n}`);
  }
  expect(sender.unmapped).toBe(0);
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('relay' as const),
      ssrc: fc.integer({ min: 1, max: 3 }),
      skip: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('frame' as const), ssrc: fc.constant(0), skip: fc.constant(0) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('event' as const), ssrc: fc.constant(0), skip: fc.constant(0) }),
  },
);

test('whoever speaks in whatever succession, numbers only rise, by no more than the source lost, and time follows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 65535 }), (steps, first) => {
      const sender = new SendStream(0x1234, first, 0xfffff000, 8000);
      const sources = [1, 2, 3, 4].map((n) => ({ sequence: n * 16_001, clock: n * 1_234_567_890 }));
      let last = { sequence: first, timestamp: 0xfffff000 };
      steps.forEach(({ kind, ssrc, skip }, i) => {
        const now = i * 20;
        const source = sources[ssrc]!;
        source.sequence = (source.sequence + skip) & 0xffff;
        const fields = { sequence: source.sequence, timestamp: (source.clock + i * 160) >>> 0, ssrc };
        if (kind === 'event') sender.event(101, sender.timestampAt(now, 0), false, 4, out, 0, now);
        const next = kind === 'relay' ? relay(sender, fields, now) : kind === 'frame' ? frame(sender, now) : sent(12);
        if (next === 'dropped') throw new Error('nothing came late');
        const ahead = sequenceDistance(last.sequence, next.sequence);
        expect(ahead).toBeGreaterThanOrEqual(1);
        expect(ahead).toBeLessThanOrEqual(Math.max(1, skip));
        const passed = timestampDistance(last.timestamp, next.timestamp);
        expect(passed).toBeGreaterThanOrEqual(0);
        expect(Math.abs(timestampDistance((0xfffff000 + i * 160) >>> 0, next.timestamp))).toBeLessThanOrEqual(160 * 20);
        last = next;
      });
    }),
    { seed: 3550, numRuns: RUNS },
  );
});
