import { expect, test } from 'vitest';
import { STREAM_FORMATS } from '../../core/external-media-port.ts';
import { seeded } from '../../core/kernel/random.ts';
import { AudioSocket } from '../../media/streams/audio-socket.ts';
import { BareSamples } from '../../media/streams/bare-samples.ts';
import type { Encapsulation, StreamMessage } from '../../media/streams/encapsulation.ts';
import { MediaMessages } from '../../media/streams/media-messages.ts';
import { RtpPackets } from '../../media/streams/rtp-packets.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';

const SAMPLES = Int16Array.from({ length: 160 }, (_, i) => (i * 401) % 30_000);
const KINDS = new Set(['audio', 'mark', 'clear', 'stop', 'malformed']);
const TEXTS = [
  '{"event":"media","media":{"payload":"AAAA////"}}',
  '{"event":"mark","mark":{"name":"said"}}',
  '{"event":"clear"}',
  '{"event":"stop"}',
  '[{}]',
];

function everyOne(): Encapsulation[] {
  return STREAM_FORMATS.flatMap((format) => [
    new BareSamples(format),
    new RtpPackets({ format, carriedBy: 'messages', ssrc: 0 }),
    new RtpPackets({ format, carriedBy: 'datagrams', ssrc: 1 }),
    new AudioSocket({ format, id: undefined }),
    new MediaMessages({
      format: format === 'slin16' ? 'slin16' : 'ulaw',
      listen: 'in',
      streamId: 'stream',
      account: 'customer',
      reference: 'call',
      parameters: {},
    }),
  ]);
}

test('messages of programs with accidents are read without throwing, give no more than their length, leave nothing behind', () => {
  const random = seeded(4566);
  const said = new Map<string, number>();
  const readers = everyOne();
  const valid: readonly StreamMessage[][] = everyOne().map((one) => [
    ...TEXTS,
    ...[one.encode(SAMPLES), one.mark('x', 20), one.digit('5'), ...one.open(), ...one.stop()].filter(
      (message) => message !== undefined,
    ),
  ]);
  const growth = heapGrowthBytes(COUNT, (round) => {
    const index = round % readers.length;
    const messages = valid[index]!;
    const original = messages[Math.floor(random.next() * messages.length)]!;
    const damaged = mutate(Buffer.from(original), random);
    const message = typeof original === 'string' ? Buffer.from(damaged).toString('latin1') : damaged;
    let samples = 0;
    for (const one of readers[index]!.decode(message)) {
      if (!KINDS.has(one.kind)) expect.fail(`round ${round}: ${one.kind} is no kind of what is said`);
      said.set(one.kind, (said.get(one.kind) ?? 0) + 1);
      if (one.kind === 'audio') samples += one.samples.length;
    }
    // What was begun in the piece before may end in this one.
    if (samples > message.length + 2 ** 15)
      expect.fail(`round ${round}: ${samples} samples of ${message.length} bytes`);
  });
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  for (const kind of KINDS) expect(said.get(kind) ?? 0, kind).toBeGreaterThan(0);
});
