import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NEVER } from '../../../core/kernel/time.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { SendStream } from '../../../media/rtp/send-stream.ts';
import { type Digit, TelephoneEventReceiver, writeEvent } from '../../../media/rtp/telephone-event.ts';
import { TelephoneEventSender } from '../../../media/rtp/telephone-event-sender.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

interface EventPacket {
  readonly event: number;
  readonly timestamp: number;
  readonly duration: number;
  readonly phase: 'held' | 'end';
}

/** One key as phones send it: four updates of 20 ms, three end packets. */
function press(event: number, timestamp: number): EventPacket[] {
  const held = [160, 320, 480, 640].map((duration) => ({ event, timestamp, duration, phase: 'held' as const }));
  return [...held, ...[1, 2, 3].map(() => ({ event, timestamp, duration: 800, phase: 'end' as const }))];
}

/** Digits heard when these packets come 20 ms apart, and then nothing more. */
function hear(packets: readonly EventPacket[], receiver = new TelephoneEventReceiver(8000)): Digit[] {
  const block = new Uint8Array(4);
  const digits: Digit[] = [];
  const collect = (): void => {
    for (let digit = receiver.poll(); digit !== undefined; digit = receiver.poll()) digits.push(digit);
  };
  packets.forEach(({ event, timestamp, duration, phase }, i) => {
    receiver.expire(i * 20);
    writeEvent(block, 0, event, phase, 10, duration);
    receiver.receive(block, 0, 4, timestamp, i * 20);
    collect();
  });
  receiver.expire(packets.length * 20 + 1000);
  collect();
  expect(receiver.deadline()).toBe(NEVER);
  return digits;
}

test('a key is reported once with its duration', () => {
  expect(hear(press(5, 1000))).toEqual([{ digit: '5', durationMs: 100 }]);
});

test('the same key twice is two digits, told apart by the timestamp', () => {
  expect(hear([...press(11, 1000), ...press(11, 2600)]).map(({ digit }) => digit)).toEqual(['#', '#']);
});

test('a key without any end packet is over when nothing more comes, or with the next key', () => {
  expect(hear(press(1, 1000).slice(0, 3))).toEqual([{ digit: '1', durationMs: 60 }]);
  expect(hear([...press(1, 1000).slice(0, 4), ...press(2, 2600)]).map(({ digit }) => digit)).toEqual(['1', '2']);
});

test('a key of which only one end packet arrives is heard', () => {
  expect(hear(press(9, 1000).slice(-1))).toEqual([{ digit: '9', durationMs: 100 }]);
});

test('packets of a key that is over change nothing', () => {
  const [late] = press(1, 1000);
  expect(hear([...press(1, 1000), late!, ...press(2, 2600), late!]).map(({ digit }) => digit)).toEqual(['1', '2']);
});

test('a key held longer than a segment is one digit', () => {
  const held = { event: 3, phase: 'held' as const };
  const packets = [
    { ...held, timestamp: 1000, duration: 65_000 },
    { ...held, timestamp: 1000, duration: 0xffff },
    { ...held, timestamp: 1000 + 0xffff, duration: 160 },
    { event: 3, phase: 'end' as const, timestamp: 1000 + 0xffff, duration: 800 },
  ];
  expect(hear(packets)).toEqual([{ digit: '3', durationMs: Math.round((0xffff + 800) / 8) }]);
});

test('unknown events and short payloads are counted and nothing else', () => {
  const receiver = new TelephoneEventReceiver(8000);
  receiver.receive(Uint8Array.of(17, 0, 0, 0), 0, 4, 1, 0);
  receiver.receive(Uint8Array.of(1, 0, 0), 0, 3, 1, 0);
  receiver.receive(new Uint8Array(0), 0, 0, 1, 0);
  expect(receiver.ignored).toBe(3);
  expect(receiver.poll()).toBeUndefined();
});

test('digits that nobody takes are dropped and counted', () => {
  const receiver = new TelephoneEventReceiver(8000);
  for (let i = 0; i < 40; i++) receiver.receive(Uint8Array.of(1, 0x80, 0, 160), 0, 4, i * 1000 + 1, i);
  expect(receiver.dropped).toBe(8);
});

test('another source may begin at any timestamp', () => {
  const receiver = new TelephoneEventReceiver(8000);
  hear(press(1, 100_000), receiver);
  receiver.reset();
  expect(hear(press(2, 5), receiver).map(({ digit }) => digit)).toEqual(['2']);
});

test('any loss and local reordering that leaves a packet of each key gives each key once', () => {
  const noise = fc.array(fc.record({ lost: fc.boolean(), shift: fc.integer({ min: 0, max: 2 }) }), {
    minLength: 21,
    maxLength: 21,
  });
  fc.assert(
    fc.property(noise, (fates) => {
      const packets = [1, 2, 3].flatMap((event) => press(event, event * 3000));
      const arriving = packets
        .map((packet, i) => ({ packet, at: i + fates[i]!.shift, lost: fates[i]!.lost && i % 7 !== 5 }))
        .filter(({ lost }) => !lost)
        .sort((a, b) => a.at - b.at)
        .map(({ packet }) => packet);
      // A key may only be overtaken by another when it was heard before it: the fifth packet of each always comes.
      const heard = hear(arriving).map(({ digit }) => digit);
      expect(heard).toEqual([...new Set(heard)]);
      expect(heard.length).toBeGreaterThanOrEqual(1);
      expect(heard.at(-1)).toBe('3');
    }),
    { seed: 3550, numRuns: RUNS },
  );
});

test('digits that we send are heard as such, 100 ms each, in numbered order', () => {
  const sender = new TelephoneEventSender(8000);
  const stream = new SendStream(1, 65_530, 0xffffff00, 8000);
  const receiver = new TelephoneEventReceiver(8000);
  const view = new PacketView();
  const out = new Uint8Array(64);
  const digits: Digit[] = [];
  const sequences: number[] = [];
  const marked: number[] = [];
  expect(sender.send('12x#', 0)).toBe(3);
  for (let now = 0; now < 2000; now += 20) {
    for (let end = sender.write(stream, 101, out, 0, now); end > 0; end = sender.write(stream, 101, out, 0, now)) {
      expect(view.read(out, 0, end)).toBe(true);
      sequences.push(view.sequence);
      if (view.marker) marked.push(now);
      receiver.receive(out, view.payloadStart, view.payloadEnd, view.timestamp, now);
    }
    for (let digit = receiver.poll(); digit !== undefined; digit = receiver.poll()) digits.push(digit);
  }
  expect(digits).toEqual(['1', '2', '#'].map((digit) => ({ digit, durationMs: 100 })));
  expect(sequences).toEqual(Array.from({ length: 21 }, (_, i) => (65_531 + i) & 0xffff));
  expect(marked).toEqual([0, 200, 400]);
  expect(sender.deadline()).toBe(NEVER);
  expect(sender.isSending).toBe(false);
});

describe.each([8000, 48_000])('at a clock of %d Hz', (clockRateHz) => {
  /** Event packets of one key, as sent. */
  function sendKey(durationMs: number): { view: PacketView; payload: Uint8Array; now: number }[] {
    const sender = new TelephoneEventSender(clockRateHz);
    const stream = new SendStream(1, 1, 0xfffffff0, clockRateHz);
    const packets: ReturnType<typeof sendKey> = [];
    sender.send('7', 0, durationMs, 100);
    for (let now = 0; now < 10_000; now += 20) {
      const out = new Uint8Array(64);
      for (let end = sender.write(stream, 101, out, 0, now); end > 0; end = sender.write(stream, 101, out, 0, now)) {
        const view = new PacketView();
        view.read(out, 0, end);
        packets.push({ view, payload: out.slice(view.payloadStart, view.payloadEnd), now });
      }
    }
    return packets;
  }

  function durationHeard(packets: ReturnType<typeof sendKey>): Digit[] {
    const receiver = new TelephoneEventReceiver(clockRateHz);
    const digits: Digit[] = [];
    for (const { view, payload, now } of packets) {
      receiver.expire(now);
      receiver.receive(payload, 0, 4, view.timestamp, now);
      for (let digit = receiver.poll(); digit !== undefined; digit = receiver.poll()) digits.push(digit);
    }
    return digits;
  }

  test('RFC 4733 §2.5.1.3: an event longer than 0xFFFF is told in segments, only the first with M, only the last with E', () => {
    const packets = sendKey(8000);
    const segments = Map.groupBy(packets, ({ view }) => view.timestamp);
    const duration = (packet: (typeof packets)[number]): number => packet.payload[2]! * 256 + packet.payload[3]!;
    expect(segments.size).toBe(Math.ceil((8 * clockRateHz) / 0xffff));
    expect(packets.map(({ view }) => view.marker)).toEqual(packets.map((_, i) => i === 0));
    const starts = [...segments.keys()];
    starts.slice(1).forEach((start, i) => {
      expect((start - starts[i]!) >>> 0).toBe(0xffff);
      expect(duration(segments.get(starts[i]!)!.at(-1)!)).toBe(0xffff);
    });
    const ends = packets.filter(({ payload }) => (payload[1]! & 0x80) !== 0);
    expect(ends).toEqual(packets.slice(-3));
    expect(durationHeard(packets)).toEqual([{ digit: '7', durationMs: 8000 }]);
  });

  test('a segment that is lost whole, or all that tells the turn to the next, does not make two keys of one', () => {
    const packets = sendKey(6000);
    const starts = [...new Set(packets.map(({ view }) => view.timestamp))];
    const turns = packets.filter(({ view }, i) => packets[i + 1]?.view.timestamp === view.timestamp);
    expect(durationHeard(turns)).toEqual([{ digit: '7', durationMs: 6000 }]);
    if (starts.length < 3) return;
    // A key of which nothing comes for 200 ms is over; here the rest follows closely.
    const without = packets.filter(({ view }) => view.timestamp !== starts[1]);
    const closed = without.map((packet, i) => ({ ...packet, now: i * 20 }));
    expect(durationHeard(closed)).toEqual([{ digit: '7', durationMs: 6000 }]);
  });
});

test('more digits than fit are refused, not kept', () => {
  const sender = new TelephoneEventSender(8000);
  expect(sender.send('1'.repeat(100), 0)).toBe(64);
  sender.clear();
  expect(sender.deadline()).toBe(NEVER);
});
