import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { decodeUlaw, encodeUlaw, pcmu } from '../../media/codec/g711.ts';
import { g722 } from '../../media/codec/g722.ts';
import type { FromWorker, StreamSettings } from '../../media/protocol.ts';
import { writeEvent } from '../../media/rtp/telephone-event.ts';
import { levelAt, testTone } from '../audio/measures.ts';
import { packets } from './coded-packets.ts';
import { clipped, presses, textIn } from './dsp/dtmf-signals.ts';
import { at, Bench, read, rtp, settings } from './phones.ts';

/** Keys between legs that tell them in different ways: as telephone-events, as sound, by SIP. */
const A = 1 as LegId;
const B = 2 as LegId;
const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 6000);
const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

type Kind = 'events' | 'sound';
const KINDS: Readonly<Record<Kind, Partial<StreamSettings>>> = {
  events: {},
  sound: {
    sendEventPayloadType: -1,
    hearsKeys: true,
    receivePayloadTypes: [{ payloadType: 0, format: 'PCMU' }],
  },
};

/** Alice and Bob talk; Alice presses keys, packet by packet, and Bob's packets are kept. */
class Talk {
  readonly bench = new Bench();
  readonly #lost: () => boolean;
  #sequence = 1000;
  #timestamp = 160_000;

  constructor(alice: Kind, bob: Kind, lost: () => boolean = () => false) {
    this.#lost = lost;
    this.bench.open(A, settings(ALICE, KINDS[alice]));
    this.bench.open(B, settings(BOB, KINDS[bob]));
    this.bench.post({ kind: 'bridge', a: A, b: B });
  }

  say(samples: Int16Array): void {
    for (let from = 0; from < samples.length; from += 160) {
      const payload = new Uint8Array(160);
      const frame = new Int16Array(160);
      frame.set(samples.subarray(from, from + 160));
      encodeUlaw(frame, 0, 160, payload, 0);
      this.#send(payload, 0, this.#timestamp);
      this.#timestamp += 160;
      this.bench.advance(20);
    }
  }

  /** Silence of a phone that goes on sending. */
  rest(ms: number): void {
    this.say(new Int16Array(ms * 8));
  }

  /** One key as RFC 4733 says it, with sound beside it as some phones send it. */
  press(event: number, durationMs: number, beside?: Int16Array): void {
    const start = this.#timestamp;
    for (let ms = 20, ends = 0; ends < 3; ms += 20) {
      const payload = new Uint8Array(4);
      const isEnd = ms >= durationMs;
      if (isEnd) ends++;
      writeEvent(payload, 0, event, isEnd ? 'end' : 'held', 10, Math.min(ms, durationMs) * 8);
      this.#send(payload, 101, start);
      if (beside !== undefined && ms * 8 <= beside.length) this.say(beside.subarray(ms * 8 - 160, ms * 8));
      else this.bench.advance(20);
    }
    this.#timestamp = start + durationMs * 8;
  }

  #send(payload: Uint8Array, payloadType: number, timestamp: number): void {
    const fields = { sequence: this.#sequence++ & 0xffff, timestamp: timestamp >>> 0, ssrc: 9, payloadType };
    if (!this.#lost()) this.bench.deliver(ALICE, rtp(fields, payload));
  }

  digits(): string {
    return this.bench
      .takeMessages()
      .flatMap((message: FromWorker) => (message.kind === 'digit' ? [message.digit] : []))
      .join('');
  }

  /** What Bob was sent since the last time: sound, and the events that ended. */
  heard(): { sound: Int16Array; events: string } {
    const packets = this.bench.takeSentTo(BOB).map(read);
    const sound = packets.filter(({ payloadType }) => payloadType === 0);
    const samples = new Int16Array(sound.length * 160);
    sound.forEach(({ payload }, i) => void decodeUlaw(payload, 0, 160, samples, i * 160));
    const ended = packets.filter(({ payloadType, payload }) => payloadType === 101 && (payload[1]! & 0x80) !== 0);
    const ends = new Map(ended.map(({ timestamp, payload }) => [timestamp, '0123456789*#ABCD'[payload[0]!]!]));
    return { sound: samples, events: [...ends.values()].join('') };
  }
}

const sounds = (text: string, onMs = 100, offMs = 100): Int16Array =>
  clipped(
    presses(
      [...text].map((key) => ({ key, onMs, offMs })),
      20,
    ),
  );

test('keys as sound are told where no telephone-events were agreed, once, with their length', () => {
  const talk = new Talk('sound', 'sound');
  talk.say(sounds('1', 140));
  expect(talk.bench.takeMessages()).toEqual([
    { kind: 'digit', leg: A, digit: '1', durationMs: expect.closeTo(140, -1) },
  ]);
  expect(talk.heard().sound.length).toBeGreaterThan(0);
});

test('keys as sound are not listened for where telephone-events were agreed', () => {
  const talk = new Talk('events', 'events');
  talk.say(sounds('123'));
  expect(talk.digits()).toBe('');
  expect(textIn(talk.heard().sound)).toBe('123');
});

test('keys as sound become telephone-events for a listener of these, and of the sound less than 23 ms is left', () => {
  for (let leadMs = 0; leadMs < 20; leadMs += 3) {
    const talk = new Talk('sound', 'events');
    talk.rest(200);
    talk.heard();
    talk.say(clipped(presses([{ key: '5', onMs: 120, offMs: 200 }], leadMs)));
    talk.rest(300);
    expect(talk.digits()).toBe('5');
    const { sound, events } = talk.heard();
    expect(events).toBe('5');
    expect(sound.filter((sample) => Math.abs(sample) > 200).length).toBeLessThan(23 * 8);
    expect(textIn(sound)).toBe('');
  }
});

test('keys as sound in another codec become telephone-events too, and hardly anything of them slips through', () => {
  const wide = {
    ...KINDS.sound,
    sendCodec: 'G722',
    sendPayloadType: 9,
    receivePayloadTypes: [{ payloadType: 9, format: 'G722' }],
  } as const;
  for (let leadMs = 300; leadMs < 320; leadMs += 3) {
    const talk = new Talk('sound', 'events');
    talk.bench.post({ kind: 'update', leg: A, settings: settings(ALICE, wide) });
    const keys = presses([{ key: '5', onMs: 120, offMs: 900 }], leadMs);
    for (const { bytes } of packets(g722, clipped(keys), 5)) {
      bytes[1] = 9;
      talk.bench.deliver(ALICE, bytes);
      talk.bench.advance(20);
    }
    expect(talk.digits()).toBe('5');
    const { sound, events } = talk.heard();
    expect(events).toBe('5');
    expect(sound.length).toBeGreaterThan(4000);
    expect(sound.filter((sample) => Math.abs(sample) > 200).length).toBeLessThan(23 * 8);
  }
});

test('telephone-events become sound for a listener of none, and what the phone sounds beside them is left out', () => {
  const talk = new Talk('events', 'sound');
  talk.rest(100);
  talk.press(7, 160, sounds('7', 160));
  talk.rest(400);
  expect(talk.digits()).toBe('7');
  const { sound, events } = talk.heard();
  expect(events).toBe('');
  expect(textIn(sound)).toBe('7');
});

test('a phone that may send telephone-events and does not is heard too where that is wished, and once where it does', () => {
  const silent = new Talk('events', 'events');
  silent.bench.post({ kind: 'update', leg: A, settings: settings(ALICE, { hearsKeys: true }) });
  silent.say(sounds('12', 120));
  silent.rest(400);
  expect(silent.digits()).toBe('12');
  expect(silent.heard().events).toBe('12');
  const both = new Talk('events', 'events');
  both.bench.post({ kind: 'update', leg: A, settings: settings(ALICE, { hearsKeys: true }) });
  both.rest(100);
  for (const event of [7, 8]) both.press(event, 160, sounds(String(event), 160, 0).subarray(160));
  both.rest(400);
  expect(both.digits()).toBe('78');
  expect(both.heard().events).toBe('78');
});

test('between two that take sound alone a key passes as it is', () => {
  const talk = new Talk('sound', 'sound');
  const samples = sounds('*0#');
  talk.say(samples);
  const { sound } = talk.heard();
  expect(textIn(sound)).toBe('*0#');
  expect(sound.length).toBe(Math.ceil(samples.length / 160) * 160);
});

test('an echo is not told the keys of the one who hears it', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE, KINDS.events));
  bench.post({ kind: 'echo', leg: A });
  bench.passFirst();
  bench.post({ kind: 'passDigit', leg: A, digit: '1', durationMs: 100 });
  bench.advance(500);
  expect(bench.takeSentTo(ALICE)).toEqual([]);
});

describe.each(['events', 'sound'] as const)('a key that came by SIP, for a listener of %s', (kind) => {
  const passed = ({ sound, events }: { sound: Int16Array; events: string }): string => textIn(sound) + events;

  test('is passed on', () => {
    const talk = new Talk('events', kind);
    talk.rest(100);
    talk.bench.post({ kind: 'passDigit', leg: A, digit: '4', durationMs: 160 });
    talk.rest(500);
    expect(passed(talk.heard())).toBe('4');
  });

  test('is passed on once by a phone that tells it by RTP too, whichever comes first', () => {
    const later = new Talk('events', kind);
    later.rest(100);
    later.press(4, 100);
    later.bench.post({ kind: 'passDigit', leg: A, digit: '4', durationMs: 100 });
    later.rest(500);
    expect(passed(later.heard())).toBe('4');

    const earlier = new Talk('events', kind);
    earlier.rest(100);
    earlier.bench.post({ kind: 'passDigit', leg: A, digit: '4', durationMs: 100 });
    earlier.press(4, 100);
    earlier.rest(500);
    expect(passed(earlier.heard())).toBe('4');

    const between = new Talk('sound', kind);
    between.rest(100);
    between.say(sounds('4', 200, 0).subarray(0, 960));
    between.bench.post({ kind: 'passDigit', leg: A, digit: '4', durationMs: 100 });
    between.say(sounds('4', 80, 300).subarray(160));
    between.rest(500);
    expect(passed(between.heard())).toBe('4');
  });
});

test('who is muted is heard by keys no more than by voice', () => {
  const talk = new Talk('sound', 'events');
  talk.bench.post({ kind: 'mute', leg: A, direction: 'in' });
  talk.say(sounds('12'));
  talk.bench.post({ kind: 'passDigit', leg: A, digit: '3', durationMs: 100 });
  talk.rest(500);
  expect(talk.digits()).toBe('12');
  const { sound, events } = talk.heard();
  expect(events).toBe('');
  expect(textIn(sound)).toBe('');
});

test('a key that is held when the sender falls silent is told', () => {
  const talk = new Talk('sound', 'sound');
  talk.say(sounds('9', 100, 0));
  expect(talk.digits()).toBe('');
  talk.bench.advance(200);
  expect(talk.digits()).toBe('9');
});

test('in a conference keys are told and heard by nobody, and their member is heard again behind them', () => {
  const bench = new Bench();
  const mix = 3 as MixId;
  bench.open(A, settings(ALICE, KINDS.sound));
  bench.open(B, settings(BOB));
  for (const leg of [A, B]) bench.post({ kind: 'join', leg, mix });
  const voice = testTone(300, -20, 8000);
  const said = [voice, clipped(presses([{ key: '5', onMs: 300, offMs: 100 }])), voice];
  const samples = Int16Array.from(said.flatMap((part) => [...part]));
  for (const { bytes } of packets(pcmu, samples, 5)) {
    bench.deliver(ALICE, bytes);
    bench.advance(20);
  }
  bench.advance(500);
  const told = bench.takeMessages().flatMap((message) => (message.kind === 'digit' ? [message.digit] : []));
  expect(told).toEqual(['5']);
  const heard = bench.takeSentTo(BOB).map(read);
  const sound = new Int16Array(heard.length * 160);
  heard.forEach(({ payload }, i) => void decodeUlaw(payload, 0, 160, sound, i * 160));
  expect(textIn(sound)).toBe('');
  const loud = [...sound.keys()].filter((i) => i % 160 === 0 && levelAt(sound.subarray(i, i + 160), 300) > -25);
  expect(loud.length).toBeGreaterThan(85);
  const tone = [...sound.keys()].filter((i) => i % 80 === 0 && levelAt(sound.subarray(i, i + 80), 1336) > -35);
  expect(tone.length).toBeLessThanOrEqual(2);
});

describe('digits of our own to a peer that takes no telephone-events', () => {
  const dial = (bench: Bench, digits: string, durationMs = 100, intervalMs = 100): void =>
    bench.post({ kind: 'digits', leg: A, digits, durationMs, intervalMs });
  const heard = (bench: Bench): Int16Array => {
    const packets = bench.takeSentTo(ALICE).map(read);
    const samples = new Int16Array(packets.length * 160);
    packets.forEach(({ payload }, i) => void decodeUlaw(payload, 0, 160, samples, i * 160));
    return samples;
  };

  test('are sounded, the column 2 dB louder than the row', () => {
    const bench = new Bench();
    bench.open(A, settings(ALICE, KINDS.sound));
    dial(bench, '5!x#', 400);
    bench.advance(2000);
    const sound = heard(bench);
    expect(textIn(sound)).toBe('5#');
    const key = sound.subarray(160, 2880);
    expect(levelAt(key, 770)).toBeCloseTo(-9 - 6.15, 0);
    expect(levelAt(key, 1336) - levelAt(key, 770)).toBeCloseTo(2, 0);
    expect(bench.takeMessages()).toEqual([expect.objectContaining({ kind: 'played', play: -1 })]);
  });

  test('are sounded before what plays, which then goes on and ends as itself', () => {
    const bench = new Bench();
    bench.open(A, settings(ALICE, KINDS.sound));
    const samples = new SharedArrayBuffer(2 * 1600);
    new Int16Array(samples).fill(5000);
    bench.post({ kind: 'play', leg: A, play: 3, source: { kind: 'samples', samples } });
    bench.advance(60);
    dial(bench, '12', 65, 65);
    bench.advance(40);
    dial(bench, '3', 65, 65);
    bench.advance(2000);
    const sound = heard(bench);
    expect(textIn(sound)).toBe('123');
    expect(sound.filter((sample) => Math.abs(sample - 5000) < 300).length).toBeGreaterThanOrEqual(1600);
    expect(bench.takeMessages()).toEqual([{ kind: 'played', leg: A, play: 3 }]);
  });

  test('are sounded to their end when something else is played or stopped meanwhile', () => {
    const bench = new Bench();
    bench.open(A, settings(ALICE, KINDS.sound));
    dial(bench, '12');
    bench.post({ kind: 'play', leg: A, play: 4, source: { kind: 'tone', tone: 'dial' } });
    bench.post({ kind: 'stopPlaying', leg: A });
    bench.advance(1000);
    expect(textIn(heard(bench))).toBe('12');
  });
});

test('whatever the kinds of the legs, and when packets are lost, each key is told once and heard once', () => {
  const kind = fc.constantFrom<Kind>('events', 'sound');
  fc.assert(
    fc.property(kind, kind, fc.stringMatching(/^[0-9A-D*#]{1,6}$/), fc.nat(), (alice, bob, text, seed) => {
      const random = seeded(seed);
      let since = 0;
      // One at a time: a loss of half a key makes two of it, and nobody can tell.
      const isLost = (): boolean => {
        since = since >= 4 && random.next() < 0.1 ? 0 : since + 1;
        return since === 0;
      };
      const talk = new Talk(alice, bob, alice === 'events' || bob === 'events' ? isLost : undefined);
      talk.rest(100);
      for (const key of text) {
        if (alice === 'sound') talk.say(sounds(key, 120, 140));
        else talk.press('0123456789*#ABCD'.indexOf(key), 120);
        talk.rest(160);
      }
      talk.rest(600 + 250 * text.length);
      expect(talk.digits()).toBe(text);
      const { sound, events } = talk.heard();
      expect(bob === 'events' ? events : textIn(sound)).toBe(text);
      if (bob === 'events') expect(textIn(sound)).toBe('');
    }),
    { numRuns: RUNS, seed: 5 },
  );
});
