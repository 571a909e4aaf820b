import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { pcma, pcmu } from '../../../media/codec/g711.ts';
import { sine, ToneGenerator } from '../../../media/dsp/tone.ts';
import { JitterBuffer } from '../../../media/rtp/jitter-buffer.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { SendStream } from '../../../media/rtp/send-stream.ts';
import { clicks, gaps, level, strongestTone } from '../../audio/measures.ts';

interface Network {
  readonly jitterMs: number;
  readonly loss: number;
}

/** Ten seconds of a tone: generated, encoded, sent over a bad network, held in a jitter buffer, decoded. */
function hear(codec: typeof pcmu, { jitterMs, loss }: Network): { heard: Int16Array; buffer: JitterBuffer } {
  const random = seeded(20);
  const tone = new ToneGenerator(sine(440, -16), 8000);
  const stream = new SendStream(1, 65_400, 0xfffff000, 8000);
  const buffer = new JitterBuffer({ delayMinMs: 20 + jitterMs });
  const view = new PacketView();
  const samples = new Int16Array(160);
  const wire: { at: number; packet: Uint8Array }[] = [];
  const heard: number[] = [];
  for (let now = 0; now < 10_000; now += 20) {
    tone.fill(samples, 0, 160);
    const packet = new Uint8Array(172);
    codec.encode(samples, 0, 160, packet, stream.frame(codec.payloadType, 160, 160, packet, 0, now));
    if (random.next() >= loss) wire.push({ at: now + random.next() * jitterMs, packet });
    wire.sort((a, b) => a.at - b.at);
    while (wire.length > 0 && wire[0]!.at <= now) {
      const { at, packet: arrived } = wire.shift()!;
      expect(view.read(arrived, 0, arrived.length)).toBe(true);
      buffer.put(view.sequence, view.timestamp, arrived, view.payloadStart, view.payloadEnd, at);
    }
    const taken = buffer.take(now);
    if (taken === 'frame') codec.decode(buffer.bytes, buffer.frameStart, buffer.frameEnd, samples, 0);
    else samples.fill(0);
    if (taken !== 'empty') heard.push(...samples);
  }
  return { heard: Int16Array.from(heard), buffer };
}

test.each([pcmu, pcma])('a tone in $name comes through 60 ms of jitter without a gap or a click', (codec) => {
  const { heard, buffer } = hear(codec, { jitterMs: 60, loss: 0 });
  expect(heard.length).toBeGreaterThan(9.8 * 8000);
  expect(Math.abs(strongestTone(heard.subarray(8000, 12_000)).frequencyHz - 440)).toBeLessThan(1);
  expect(level(heard.subarray(800))).toBeCloseTo(-16, 1);
  expect(gaps(heard)).toEqual([]);
  expect(clicks(heard.subarray(100), 440, 8000, 0.03)).toEqual([]);
  expect(buffer).toMatchObject({ lost: 0, late: 0 });
});

test('each lost packet is one hole of 20 ms, and the time around it stands', () => {
  const { heard, buffer } = hear(pcmu, { jitterMs: 0, loss: 0.01 });
  const holes = gaps(heard, 100);
  expect(holes.reduce((sum, { samples }) => sum + Math.round(samples / 160), 0)).toBe(buffer.lost);
  expect(buffer.lost).toBeGreaterThan(0);
});
