import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { PacketView, writeRtpHeader } from '../../media/rtp/packet-view.ts';
import { codecTable, PCMU_FORMAT } from '../../media/stream-formats.ts';
import { Voice } from '../../media/voice.ts';
import { clicks, gaps, level, testTone } from '../audio/measures.ts';

const CODECS = codecTable(undefined);
const TONE_HZ = 440;
/** Simulated minutes of a clock that drifts. */
const DRIFT_MINUTES = Number(process.env['TANDEM_DRIFT_MINUTES'] ?? 5);

interface Talk {
  readonly packetMs: number;
  readonly packets: number;
  /** When packet `n` arrives, sent at `sentAt`; undefined where it never does. */
  readonly arrival: (n: number, sentAt: number) => number | undefined;
  /** Milliseconds of the listener for each of the talker. */
  readonly pace: number;
  /** A second that is said again and again, and the longest packet behind it. */
  readonly said: Int16Array;
}

/** Follows itself without a step. */
const TONE = testTone(TONE_HZ, -16, 8960);

const USUAL: Talk = { packetMs: 20, packets: 250, arrival: (_, at) => at, pace: 1, said: TONE };

interface Heard {
  readonly samples: Int16Array;
  readonly voice: Voice;
  /** At the end, the delay beyond what the network needs. */
  readonly excessMs: number;
}

/** What a voice gives of a talk that comes over a network, a frame each 20 ms, 7 ms beside the packets. */
function hear(talk: Partial<Talk>): Heard {
  const { packetMs, packets, arrival, pace, said } = { ...USUAL, ...talk };
  const voice = new Voice(CODECS);
  const view = new PacketView();
  const wire = Array.from({ length: packets }, (_, n) => ({ n, at: arrival(n, n * packetMs * pace) }))
    .filter((one): one is { n: number; at: number } => one.at !== undefined)
    .sort((a, b) => a.at - b.at);
  const size = packetMs * 8;
  const bytes = new Uint8Array(12 + size);
  const ticks = Math.ceil((packets * packetMs * pace) / 20) + 15;
  const samples = new Int16Array(ticks * 160);
  for (let tick = 0, next = 0; tick < ticks; tick++) {
    const now = tick * 20 + 7;
    for (; next < wire.length && wire[next]!.at <= now; next++) {
      const { n, at } = wire[next]!;
      writeRtpHeader(bytes, 0, false, 0, n & 0xffff, (n * size) >>> 0, 9);
      pcmu.encode(said, (n * size) % 8000, size, bytes, 12);
      view.read(bytes, 0, bytes.length);
      voice.put(view, bytes, PCMU_FORMAT, at);
    }
    voice.advance(tick, now);
    if (voice.isHeard) samples.set(voice.frame, tick * 160);
  }
  return { samples, voice, excessMs: voice.jitter.excessMs(packets * packetMs * pace) };
}

/** From the first sound to where the talk ends. */
function between(samples: Int16Array, endMs: number): Int16Array {
  return samples.subarray(
    samples.findIndex((sample) => Math.abs(sample) > 1000),
    endMs * 8,
  );
}

test.each([10, 20, 30, 40, 60])(
  'packets of %i ms are heard whole, without gap or click from begin to end',
  (packetMs) => {
    const { samples, voice } = hear({ packetMs, packets: 2000 / packetMs });
    expect(gaps(samples)).toEqual([]);
    expect(clicks(samples, TONE_HZ, 8000, 0.03)).toEqual([]);
    expect(level(between(samples, 1900))).toBeCloseTo(-16, 0);
    expect(voice.jitter).toMatchObject({ lost: 0, late: 0, dropped: 0 });
    expect(voice.isHeard).toBe(false);
  },
);

test('what is late once is heard late, and the delay that it leaves is made up for period by period', () => {
  const { samples, voice, excessMs } = hear({ packets: 600, arrival: (n, at) => (n >= 50 && n < 60 ? 1200 : at) });
  expect(voice.jitter).toMatchObject({ lost: 0, late: 0 });
  expect(voice.shortened).toBeGreaterThan(3);
  expect(excessMs).toBeLessThan(20);
  expect(clicks(samples, TONE_HZ, 8000, 0.05)).toEqual([]);
  expect(gaps(samples, 800)).toEqual([]);
});

test('a network that becomes worse is given more time, and less again when it is good, without a click', () => {
  const random = seeded(31);
  const arrival = (n: number, at: number): number => at + (n > 100 && n < 1000 ? random.next() * 90 : 0);
  const { samples, voice, excessMs } = hear({ packets: 2500, arrival });
  expect(voice.shortened).toBeGreaterThan(0);
  expect(voice.jitter.late).toBeLessThan(40);
  expect(excessMs).toBeLessThan(20);
  expect(clicks(samples, TONE_HZ, 8000, 0.05)).toEqual([]);
  expect(gaps(samples)).toEqual([]);
});

test('of a tone with 5 packets in a hundred lost, in bursts or not, no part is missing but behind 100 ms, and nothing clicks', () => {
  for (const stay of [0.05, 0.5]) {
    const random = seeded(5);
    let isBad = false;
    const arrival = (_: number, at: number): number | undefined => {
      isBad = random.next() < (isBad ? stay : (0.05 * (1 - stay)) / 0.95);
      return isBad ? undefined : at + random.next() * 10;
    };
    const { samples, voice } = hear({ packets: 1000, arrival });
    expect(voice.jitter.lost).toBeGreaterThan(30);
    expect(gaps(samples).length).toBeLessThan(stay < 0.1 ? 1 : 5);
    expect(clicks(samples, TONE_HZ, 8000, 0.06)).toEqual([]);
  }
});

test.each([200, -200])(
  'a clock %i millionths off is followed for hours, without click, loss or more delay',
  (millionths) => {
    const pace = 1 + millionths / 1e6;
    const { samples, voice, excessMs } = hear({ packets: DRIFT_MINUTES * 3000, pace });
    expect(voice.jitter).toMatchObject({ lost: 0, late: 0, dropped: 0, resets: 1 });
    expect(clicks(samples, TONE_HZ, 8000, 0.04)).toEqual([]);
    expect(gaps(samples)).toEqual([]);
    expect(Math.abs(excessMs)).toBeLessThan(25);
    // A minute of this drift is 12 ms, a period or two.
    expect(voice.shortened + voice.lengthened).toBeLessThan(DRIFT_MINUTES * 6);
  },
);

test('another source, which begins anywhere, takes over without a click', () => {
  const voice = new Voice(CODECS);
  const view = new PacketView();
  const bytes = new Uint8Array(172);
  const samples = new Int16Array(100 * 160);
  for (let tick = 0; tick < 100; tick++) {
    const isSecond = tick >= 40;
    if (tick === 40) voice.restart();
    writeRtpHeader(
      bytes,
      0,
      false,
      0,
      isSecond ? tick + 30_000 : tick,
      isSecond ? tick * 160 + 2 ** 31 : tick * 160,
      9,
    );
    pcmu.encode(TONE, (tick * 160 + (isSecond ? 5 : 0)) % 8000, 160, bytes, 12);
    view.read(bytes, 0, bytes.length);
    voice.put(view, bytes, PCMU_FORMAT, tick * 20);
    voice.advance(tick, tick * 20 + 7);
    samples.set(voice.frame, tick * 160);
  }
  expect(clicks(samples, TONE_HZ, 8000, 0.05)).toEqual([]);
  expect(gaps(samples, 480)).toEqual([]);
});

test('silence is neither concealed nor made longer or shorter than the talk between needs', () => {
  const said = new Int16Array(8960);
  const { samples, voice } = hear({ said, packets: 200, arrival: (n, at) => (n % 10 === 5 ? undefined : at) });
  expect(samples.every((sample) => Math.abs(sample) < 9)).toBe(true);
  expect(voice.isEmpty).toBe(true);
});
