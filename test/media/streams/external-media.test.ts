import { expect, test } from 'vitest';
import type { ExternalMediaId, MixId } from '../../../core/kernel/ids.ts';
import type { AudioDirection } from '../../../core/ports.ts';
import { COUNTER } from '../../../media/counters.ts';
import { PcmRing } from '../../../media/ring.ts';
import type { AudioCodec } from '../../../media/stream-formats.ts';
import { clicks, gaps, level, levelAt, testTone } from '../../audio/measures.ts';
import { Bench, readRing, recordingOrder } from '../phones.ts';
import { SpeakingPhone } from '../speaking-phone.ts';

const ALICE_HZ = 1000;
const BOB_HZ = 700;
const OUTSIDE_HZ = 400;
const OTHER_HZ = 1500;
const ROOM = 7 as MixId;

/** A program outside at an engine: says a tone frame by frame, and keeps what it hears. */
class Program {
  readonly id: ExternalMediaId;
  readonly rateHz: number;
  readonly heardRing: SharedArrayBuffer;
  readonly saidRing: SharedArrayBuffer;
  readonly said: PcmRing;
  readonly tone: Int16Array;
  isTalking = true;
  #frames = 0;

  constructor(name: string, rateHz: number) {
    this.id = name as ExternalMediaId;
    this.rateHz = rateHz;
    this.heardRing = PcmRing.allocate(4 * rateHz);
    this.saidRing = PcmRing.allocate(rateHz);
    this.said = new PcmRing(this.saidRing);
    this.tone = testTone(OUTSIDE_HZ, -20, rateHz, rateHz);
  }

  attach(bench: Bench, phone: SpeakingPhone, listen: AudioDirection, speak: AudioDirection): void {
    const { id, rateHz, heardRing, saidRing } = this;
    bench.post({ kind: 'attach', leg: phone.leg, order: { id, rateHz, listen, speak, heardRing, saidRing } });
  }

  say(): void {
    const size = this.rateHz / 50;
    const from = (this.#frames++ * size) % this.tone.length;
    if (this.isTalking) this.said.write(this.tone.subarray(from, from + size), size);
  }

  hear(): Int16Array {
    return readRing(this.heardRing);
  }
}

/** Lets them talk for so long; returns what the phones were sent, and what the programs heard, in the last 200 ms. */
function talk(bench: Bench, phones: readonly SpeakingPhone[], programs: readonly Program[], ms = 800) {
  for (let time = 0; time < ms; time += 20) {
    for (const program of programs) program.say();
    for (const phone of phones) {
      bench.advance(20 / phones.length);
      phone.say();
    }
  }
  for (const phone of phones) phone.take();
  return {
    phones: phones.map((phone) => last(phone.hear(), phone.codec.sampleRateHz)),
    programs: programs.map((program) => last(program.hear(), program.rateHz)),
  };
}

function last(samples: Int16Array, rateHz: number): Int16Array {
  return samples.subarray(Math.max(0, samples.length - rateHz / 5));
}

function bridged(codecs: readonly [AudioCodec, AudioCodec] = ['PCMU', 'PCMU']) {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, codecs[0], undefined, ALICE_HZ);
  const bob = new SpeakingPhone(bench, 2, codecs[1], undefined, BOB_HZ);
  bench.post({ kind: 'bridge', a: alice.leg, b: bob.leg });
  return { bench, alice, bob };
}

test.each([8000, 16_000, 24_000, 48_000])('a program at %i Hz hears who calls, and is heard', (rateHz) => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  const program = new Program('p', rateHz);
  program.attach(bench, alice, 'both', 'both');
  const { phones, programs } = talk(bench, [alice], [program]);
  expect(levelAt(programs[0]!, ALICE_HZ, rateHz)).toBeCloseTo(-20, 0);
  expect(levelAt(programs[0]!, OUTSIDE_HZ, rateHz)).toBeLessThan(-60);
  expect(levelAt(phones[0]!, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
  expect(gaps(phones[0]!)).toEqual([]);
  expect(gaps(programs[0]!)).toEqual([]);
});

test('between phones of wide band a program of wide band loses nothing above 4 kHz', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'L16/16000', undefined, 6000);
  const program = new Program('p', 16_000);
  program.tone.set(testTone(5000, -20, 16_000, 16_000));
  program.attach(bench, alice, 'in', 'out');
  const { phones, programs } = talk(bench, [alice], [program]);
  expect(levelAt(programs[0]!, 6000, 16_000)).toBeCloseTo(-20, 0);
  expect(levelAt(phones[0]!, 5000, 16_000)).toBeCloseTo(-20, 0);
});

const BOTH_CODECS: readonly [AudioCodec, AudioCodec][] = [
  ['PCMU', 'PCMU'],
  ['PCMU', 'L16/16000'],
];

test.each(BOTH_CODECS)('in a bridge of %s and %s each direction is what it says', (a, b) => {
  for (const [listen, speak] of [
    ['in', 'out'],
    ['out', 'in'],
    ['both', 'both'],
    ['', ''],
  ] as const) {
    const { bench, alice, bob } = bridged([a, b]);
    const program = new Program('p', 8000);
    program.attach(bench, alice, listen, speak);
    const { phones, programs } = talk(bench, [alice, bob], [program]);
    const [toAlice, toBob] = phones as [Int16Array, Int16Array];
    const heard = programs[0]!;
    const present = (samples: Int16Array, frequencyHz: number, rateHz = 8000): boolean =>
      levelAt(samples, frequencyHz, rateHz) > -22;
    const isIn = listen === 'in' || listen === 'both';
    const isOut = listen === 'out' || listen === 'both';
    expect(present(heard, ALICE_HZ), `${listen} hears alice`).toBe(isIn);
    expect(present(heard, BOB_HZ), `${listen} hears bob`).toBe(isOut);
    if (listen === '') expect(heard.length).toBe(0);
    else expect(levelAt(heard, OUTSIDE_HZ), 'it never hears itself').toBeLessThan(-55);
    expect(present(toAlice, OUTSIDE_HZ), `${speak} is heard by alice`).toBe(speak === 'out' || speak === 'both');
    expect(present(toBob, OUTSIDE_HZ, bob.codec.sampleRateHz), `${speak} is heard by bob`).toBe(
      speak === 'in' || speak === 'both',
    );
    expect(present(toAlice, BOB_HZ)).toBe(true);
    expect(present(toBob, ALICE_HZ, bob.codec.sampleRateHz)).toBe(true);
    expect(gaps(toAlice)).toEqual([]);
  }
});

test('two programs hear each other, and neither itself', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  const [one, two] = [new Program('one', 8000), new Program('two', 8000)];
  two.tone.set(testTone(BOB_HZ, -20, 8000));
  one.attach(bench, alice, 'both', 'out');
  two.attach(bench, alice, 'both', 'out');
  const { phones, programs } = talk(bench, [alice], [one, two]);
  expect(levelAt(phones[0]!, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(phones[0]!, BOB_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(programs[0]!, BOB_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(programs[0]!, OUTSIDE_HZ)).toBeLessThan(-50);
  expect(levelAt(programs[1]!, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(programs[1]!, BOB_HZ)).toBeLessThan(-50);
});

test('what is played, what a program says and what is recorded meet in one frame', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  const order = recordingOrder(1, { samples: 32_768 });
  const program = new Program('p', 8000);
  program.attach(bench, alice, 'out', 'out');
  bench.post({ kind: 'record', leg: alice.leg, order });
  bench.post({
    kind: 'play',
    leg: alice.leg,
    play: 1,
    source: { kind: 'sine', frequencyHz: BOB_HZ, levelDbov: -20 },
  });
  const { phones, programs } = talk(bench, [alice], [program]);
  const recorded = last(readRing(order.outRing!), 8000);
  for (const samples of [phones[0]!, recorded]) {
    expect(levelAt(samples, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
    expect(levelAt(samples, BOB_HZ)).toBeCloseTo(-20, 0);
  }
  expect(levelAt(programs[0]!, BOB_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(programs[0]!, OUTSIDE_HZ)).toBeLessThan(-50);
});

test('in a conference a program speaks to its call alone, or as its call to all others', () => {
  for (const speak of ['out', 'in'] as const) {
    const bench = new Bench();
    const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
    const bob = new SpeakingPhone(bench, 2, 'PCMU', undefined, BOB_HZ);
    for (const { leg } of [alice, bob]) bench.post({ kind: 'join', leg, mix: 1 as MixId });
    const program = new Program('p', 8000);
    program.attach(bench, alice, 'both', speak);
    const { phones, programs } = talk(bench, [alice, bob], [program]);
    expect(levelAt(phones[speak === 'out' ? 0 : 1]!, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
    expect(levelAt(phones[speak === 'out' ? 1 : 0]!, OUTSIDE_HZ)).toBeLessThan(-50);
    expect(levelAt(programs[0]!, ALICE_HZ)).toBeCloseTo(-20, 0);
    expect(levelAt(programs[0]!, BOB_HZ)).toBeCloseTo(-20, 0);
    expect(levelAt(programs[0]!, OUTSIDE_HZ)).toBeLessThan(-50);
  }
});

/** A room of phones and programs, in which the programs are members. */
function room(codecs: readonly AudioCodec[], rateHz: number) {
  const bench = new Bench();
  const tones = [ALICE_HZ, BOB_HZ];
  const phones = codecs.map((codec, i) => new SpeakingPhone(bench, i + 1, codec, undefined, tones[i]));
  for (const { leg } of phones) bench.post({ kind: 'join', leg, mix: ROOM });
  const programs = [new Program('one', rateHz), new Program('two', rateHz)];
  programs[1]!.tone.set(testTone(OTHER_HZ, -20, rateHz, rateHz));
  for (const { id, heardRing, saidRing } of programs) {
    const order = { id, rateHz, listen: 'both', speak: 'both', heardRing, saidRing } as const;
    bench.post({ kind: 'attachMix', mix: ROOM, order });
  }
  return { bench, phones, programs };
}

test.each([
  [['PCMU', 'PCMU'] as const, 8000],
  [['L16/16000', 'L16/16000'] as const, 24_000],
])(
  'in a conference of %j programs at %i Hz are members: all hear them, and each hears all but itself',
  (codecs, rateHz) => {
    const { bench, phones, programs } = room(codecs, rateHz);
    const heard = talk(bench, phones, programs);
    const toneHz = [ALICE_HZ, BOB_HZ, OUTSIDE_HZ, OTHER_HZ];
    const all = [...heard.phones, ...heard.programs];
    all.forEach((samples, who) => {
      const ownHz = who < 2 ? phones[who]!.codec.sampleRateHz : rateHz;
      toneHz.forEach((frequencyHz, said) => {
        const levelDbov = levelAt(samples, frequencyHz, ownHz);
        if (who === said) expect(levelDbov, `${who} does not hear itself`).toBeLessThan(-45);
        else expect(levelDbov, `${who} hears ${said}`).toBeCloseTo(-20, 0);
      });
      expect(gaps(samples)).toEqual([]);
    });
  },
);

test('a program that is a member is muted, deafened, made softer and louder without a click', () => {
  const { bench, phones, programs } = room(['PCMU', 'PCMU'], 16_000);
  const [program] = programs;
  const partake = (heardBy: 'everybody' | 'nobody', hears: boolean, inDb = 0, outDb = 0): void =>
    bench.post({ kind: 'partake', external: program!.id, terms: { heardBy, hears }, inDb, outDb });
  const levels = () => {
    const heard = talk(bench, phones, programs);
    for (const samples of heard.phones) expect(gaps(samples)).toEqual([]);
    return [levelAt(heard.phones[0]!, OUTSIDE_HZ), levelAt(heard.programs[0]!, ALICE_HZ, 16_000)] as const;
  };
  talk(bench, phones, programs);
  partake('nobody', true, 0, -6);
  let [said, told] = levels();
  expect(said).toBeLessThan(-45);
  expect(told).toBeCloseTo(-26, 0);
  partake('everybody', false, 6);
  [said, told] = levels();
  expect(said).toBeCloseTo(-14, 0);
  expect(told).toBeLessThan(-90);
  partake('everybody', true);
  [said, told] = levels();
  expect(said).toBeCloseTo(-20, 0);
  expect(told).toBeCloseTo(-20, 0);
});

test('a program has the word in a conference while it is the loudest, and not once it is muted or has gone', () => {
  const { bench, phones, programs } = room(['PCMU', 'PCMU'], 8000);
  const [program, other] = programs;
  other!.isTalking = false;
  bench.post({ kind: 'watchTalkers', mix: ROOM, mode: 'on' });
  const louder = (inDb: number, heardBy: 'everybody' | 'nobody' = 'everybody'): void =>
    bench.post({ kind: 'partake', external: program!.id, terms: { heardBy, hears: true }, inDb, outDb: 0 });
  const talkers: unknown[] = [];
  const listen = (): void => {
    talk(bench, phones, programs, 1600);
    for (const event of bench.messages.splice(0)) if (event.kind === 'talkerChanged') talkers.push(event.member);
  };
  louder(9);
  listen();
  expect(talkers.at(-1)).toBe(program!.id);
  louder(9, 'nobody');
  listen();
  expect(talkers.at(-1)).toBeTypeOf('number');
  louder(9);
  listen();
  expect(talkers.at(-1)).toBe(program!.id);
  bench.post({ kind: 'detach', external: program!.id });
  bench.advance(1);
  for (const event of bench.messages.splice(0)) if (event.kind === 'talkerChanged') talkers.push(event.member);
  expect(talkers.at(-1)).toBeUndefined();
});

test('a program alone in a conference hears who comes, and nothing ticks once it and all others have gone', () => {
  const { bench, programs } = room([], 8000);
  bench.post({ kind: 'detach', external: programs[1]!.id });
  talk(bench, [], [programs[0]!], 100);
  bench.advance(200);
  expect(level(programs[0]!.hear())).toBeLessThan(-80);
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  bench.post({ kind: 'join', leg: alice.leg, mix: ROOM });
  const { phones, programs: heard } = talk(bench, [alice], [programs[0]!]);
  expect(levelAt(heard[0]!, ALICE_HZ)).toBeCloseTo(-20, 0);
  expect(levelAt(phones[0]!, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
  bench.post({ kind: 'close', leg: alice.leg });
  bench.post({ kind: 'detach', external: programs[0]!.id });
  expect(bench.engine.deadline()).toBeGreaterThan(bench.now + 1000);
});

test('the first sample that is said is in a packet within a tick, and a flush ends it with the next', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  const program = new Program('p', 8000);
  program.attach(bench, alice, 'in', 'out');
  for (let pause = 0; pause < 20; pause++) {
    bench.advance(100 + pause);
    bench.takeSentTo(alice.address);
    program.said.write(testTone(OUTSIDE_HZ, -10, 4000), 4000);
    bench.advance(20);
    expect(bench.takeSentTo(alice.address).length).toBe(1);
    program.said.flush();
    bench.advance(20);
    expect(bench.takeSentTo(alice.address)).toEqual([]);
  }
});

test('pieces that are no frames are heard whole, and the rest at the end without its other half', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'L16/8000', undefined);
  const program = new Program('p', 8000);
  program.attach(bench, alice, '', 'out');
  const tone = testTone(OUTSIDE_HZ, -10, 8000);
  for (let at = 0; at < tone.length; at += 90) {
    program.said.write(tone.subarray(at, at + 90), Math.min(90, tone.length - at));
    bench.advance(10);
  }
  bench.advance(100);
  alice.take();
  const heard = alice.hear();
  expect(level(heard.subarray(160, 7800))).toBeCloseTo(-10, 0);
  expect(gaps(heard.subarray(160, 7800))).toEqual([]);
});

test('who is in a hurry is heard sooner, a pitch period at a time, without a gap or a click', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'L16/8000', undefined);
  const program = new Program('p', 8000);
  program.attach(bench, alice, '', 'out');
  program.said.write(program.tone.subarray(0, 4000), 4000);
  program.said.hurries = true;
  for (let i = 0; i < 400; i++) {
    program.say();
    bench.advance(20);
  }
  expect(program.said.waiting).toBeLessThan(320);
  alice.take();
  const heard = alice.hear().subarray(160);
  expect(gaps(heard)).toEqual([]);
  expect(clicks(heard, OUTSIDE_HZ)).toEqual([]);
  expect(levelAt(heard, OUTSIDE_HZ)).toBeCloseTo(-20, 0);
});

test('who is muted says nothing to a program and hears nothing of it', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, ALICE_HZ);
  const program = new Program('p', 8000);
  program.attach(bench, alice, 'in', 'out');
  bench.post({ kind: 'mute', leg: alice.leg, direction: 'both' });
  const { phones, programs } = talk(bench, [alice], [program]);
  expect(level(phones[0]!)).toBeLessThan(-80);
  expect(level(programs[0]!)).toBeLessThan(-80);
});

test('a program that takes nothing loses what it should have heard, counted, and the call goes on', () => {
  const { bench, alice, bob } = bridged();
  const program = new Program('p', 8000);
  program.attach(bench, alice, 'both', 'both');
  talk(bench, [alice, bob], [], 6000);
  expect(bench.counters[COUNTER.externalSamplesLost]).toBeGreaterThan(8000);
  expect(levelAt(talk(bench, [alice, bob], [], 400).phones[1]!, ALICE_HZ)).toBeCloseTo(-20, 0);
});

test('after the last program has gone packets are relayed again, and without a call nothing ticks', () => {
  const { bench, alice, bob } = bridged();
  const program = new Program('p', 8000);
  program.attach(bench, alice, 'both', 'both');
  talk(bench, [alice, bob], [program], 400);
  bench.post({ kind: 'detach', external: program.id });
  expect(new PcmRing(program.heardRing).closed).toBe(true);
  talk(bench, [alice, bob], [], 100);
  const ticks = bench.counters[COUNTER.ticks]!;
  const relayed = bench.counters[COUNTER.packetsRelayed]!;
  talk(bench, [alice, bob], [], 400);
  expect(bench.counters[COUNTER.ticks]).toBe(ticks);
  expect(bench.counters[COUNTER.packetsRelayed]! - relayed).toBe(40);

  const other = new Program('q', 8000);
  other.attach(bench, alice, 'both', 'both');
  bench.post({ kind: 'close', leg: alice.leg });
  expect(new PcmRing(other.heardRing).closed).toBe(true);
  bench.post({ kind: 'detach', external: other.id });
  bench.post({ kind: 'close', leg: bob.leg });
  expect(bench.engine.deadline()).toBeGreaterThan(bench.now + 1000);
});
