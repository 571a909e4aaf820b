import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NEVER } from '../../../core/kernel/time.ts';
import type { Codec } from '../../../media/codec/codec.ts';
import { pcmu } from '../../../media/codec/g711.ts';
import { Hearing } from '../../../media/detectors/hearing.ts';
import { openWasmOpus } from '../../../media/io/opus-library.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { codecTable } from '../../../media/stream-formats.ts';
import { packets, type Sent } from '../coded-packets.ts';
import { clipped, type KeyPress, presses } from '../dsp/dtmf-signals.ts';
import { rtp } from '../phones.ts';

/** Keys as sound in packets of any codec, as a stream hears them. */
const CODECS = codecTable(openWasmOpus()).filter((codec) => codec !== undefined);
const TEXT = '123A456B789C*0#D';

const keys = (text: string, press: Omit<KeyPress, 'key'> = {}): KeyPress[] =>
  [...text].map((key) => ({ key, ...press }));

function heard(codec: Codec, sent: readonly Sent[], hearing = new Hearing()): string {
  hearing.listenForKeys(true);
  const view = new PacketView();
  let text = '';
  const take = (now: number): void => {
    for (let news = hearing.poll(now); news !== undefined; news = hearing.poll(now)) {
      if (news.kind === 'digit') text += news.digit;
    }
  };
  for (const { bytes, at } of sent) {
    if (at >= hearing.deadline()) hearing.expire(at);
    view.read(bytes, 0, bytes.length);
    hearing.receive(view, bytes, codec, at);
    take(at);
  }
  hearing.expire(1e9);
  take(1e9);
  expect(hearing.deadline()).toBe(NEVER);
  hearing.close();
  return text;
}

test.each(CODECS.map((codec) => ({ codec, name: `${codec.name} at ${codec.sampleRateHz} Hz` })))(
  'keys are heard in $name, all sixteen, 60 ms each',
  ({ codec }) => {
    expect(heard(codec, packets(codec, clipped(presses(keys(TEXT, { onMs: 60, offMs: 60 }), 43))))).toBe(TEXT);
  },
);

test('a lost packet within a key, or a repeated or late one, makes no second key of it', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 30 }),
      fc.nat({ max: 159 }),
      fc.constantFrom('lost', 'twice', 'late'),
      (at, lead, fate) => {
        const sent = packets(pcmu, clipped(presses(keys('5', { onMs: 200, offMs: 500 }), lead / 8 + 100)));
        const [one] = sent.splice(at, 1);
        if (fate !== 'lost') sent.splice(fate === 'twice' ? at : at + 1, 0, one!, ...(fate === 'twice' ? [one!] : []));
        expect(heard(pcmu, sent)).toBe('5');
      },
    ),
    { numRuns: Number(process.env['TANDEM_SEEDS'] ?? 100), seed: 3 },
  );
});

test('a pause that is not sent ends a key, and so does another clock', () => {
  const key = clipped(presses(keys('7', { onMs: 120, offMs: 0 })));
  const first = packets(pcmu, key);
  const later = packets(pcmu, key, 0xffff_0000 + 8000).map(({ bytes, at }) => ({ bytes, at: at + 150 }));
  expect(heard(pcmu, [...first, ...later])).toBe('77');
  const back = packets(pcmu, key, 5).map(({ bytes, at }) => ({ bytes, at: at + 150 }));
  expect(heard(pcmu, [...first, ...back])).toBe('77');
});

test('packets of any length and content are survived, in any codec', () => {
  const payload = fc.uint8Array({ maxLength: 1500 });
  const jump = fc.integer({ min: -100_000, max: 100_000 });
  fc.assert(
    fc.property(fc.constantFrom(...CODECS), fc.array(fc.tuple(payload, jump), { maxLength: 20 }), (codec, contents) => {
      const hearing = new Hearing();
      hearing.listenForKeys(true);
      hearing.listenFor({ talk: true, tones: true, machine: undefined }, 0);
      const view = new PacketView();
      let [timestamp, now] = [0, 0];
      for (const [content, by] of contents) {
        timestamp = (timestamp + by) >>> 0;
        now += 20;
        const bytes = rtp({ sequence: 1, timestamp, ssrc: 1 }, content);
        view.read(bytes, 0, bytes.length);
        hearing.receive(view, bytes, codec, now);
        if (hearing.deadline() <= now) hearing.expire(now);
        while (hearing.poll(now) !== undefined);
      }
      hearing.close();
    }),
    { numRuns: Number(process.env['TANDEM_SEEDS'] ?? 100), seed: 4 },
  );
});

test('another codec in the middle of a key ends it', () => {
  const g722 = CODECS.find(({ name }) => name === 'G722')!;
  const key = clipped(presses(keys('7', { onMs: 120, offMs: 40 })));
  const hearing = new Hearing();
  hearing.listenForKeys(true);
  const view = new PacketView();
  const said = [
    ...packets(pcmu, key.subarray(0, 800)).map((sent) => ({ ...sent, codec: pcmu as Codec })),
    ...packets(g722, key).map((sent) => ({ ...sent, codec: g722 })),
  ];
  let text = '';
  for (const { bytes, at, codec } of said) {
    view.read(bytes, 0, bytes.length);
    hearing.receive(view, bytes, codec, at);
    for (let news = hearing.poll(at); news !== undefined; news = hearing.poll(at))
      text += news.kind === 'digit' ? news.digit : '';
  }
  expect(text).toBe('77');
});
