import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MACHINE_TERMS } from '../../core/calls/listening.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { ListeningWish } from '../../core/media-port.ts';
import { decodeWav } from '../../media/audio-file.ts';
import { encodeUlaw } from '../../media/codec/g711.ts';
import { level } from '../audio/measures.ts';
import { hasProgram } from '../interop/program.ts';
import { at, Bench, rtp, settings } from './phones.ts';

/** What a stream is told of its far end's sound, when somebody asks. */
const A = 1 as LegId;
const ALICE = at('192.0.2.1', 4000);
const NOTHING: ListeningWish = { talk: false, tones: false, machine: undefined };

function prompt(name: string): Int16Array {
  const file = decodeWav(readFileSync(new URL(`../../cli/prompts/${name}.wav`, import.meta.url)));
  if (!('samples' in file)) throw new Error(`${name} cannot be read`);
  return file.samples;
}

const silence = (ms: number): Int16Array => new Int16Array(ms * 8);
const beep = (ms: number): Int16Array =>
  Int16Array.from({ length: ms * 8 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 1000 * i) / 8000));

function loudest(samples: Int16Array): number {
  const blocks = Array.from({ length: Math.floor(samples.length / 80) }, (_, i) =>
    samples.subarray(i * 80, i * 80 + 80),
  );
  return Math.max(...blocks.map(level));
}

class Ear {
  readonly bench = new Bench();
  #sequence = 1;

  constructor(wish: Partial<ListeningWish>) {
    this.bench.open(A, settings(ALICE));
    this.listen(wish);
  }

  listen(wish: Partial<ListeningWish>): void {
    this.bench.post({ kind: 'listen', leg: A, wish: { ...NOTHING, ...wish } });
  }

  hear(...parts: readonly Int16Array[]): object[] {
    for (const samples of parts) {
      for (let from = 0; from < samples.length; from += 160) {
        const frame = new Int16Array(160);
        frame.set(samples.subarray(from, from + 160));
        const payload = new Uint8Array(160);
        encodeUlaw(frame, 0, 160, payload, 0);
        const sequence = this.#sequence++;
        this.bench.deliver(ALICE, rtp({ sequence, timestamp: sequence * 160, ssrc: 5 }, payload));
        this.bench.advance(20);
      }
    }
    return this.bench.takeMessages();
  }
}

test('who asks is told when somebody begins and ends to talk', () => {
  const ear = new Ear({ talk: true });
  expect(ear.hear(silence(500))).toEqual([]);
  expect(ear.hear(prompt('goodbye'))).toEqual([
    { kind: 'talkChanged', leg: A, change: 'begun', levelDbov: expect.any(Number) },
  ]);
  const [ended] = ear.hear(silence(700));
  expect(ended).toEqual({ kind: 'talkChanged', leg: A, change: 'ended', levelDbov: expect.any(Number) });
  // The prompt's loudest 10 ms.
  expect(Math.abs((ended as { levelDbov: number }).levelDbov - loudest(prompt('goodbye')))).toBeLessThan(2);
});

test('who asks for nothing, or no longer, is told nothing', () => {
  const ear = new Ear({});
  expect(ear.hear(prompt('goodbye'), silence(700), beep(400), silence(200))).toEqual([]);
  ear.listen({ talk: true, tones: true });
  ear.listen({});
  expect(ear.hear(prompt('goodbye'), silence(700), beep(400), silence(200))).toEqual([]);
});

test('talk is over when the sender falls silent, and its pauses need not be sent', () => {
  const ear = new Ear({ talk: true });
  ear.hear(silence(300), prompt('goodbye').subarray(0, 3200));
  ear.bench.advance(900);
  expect(ear.bench.takeMessages()).toMatchObject([{ kind: 'talkChanged', leg: A, change: 'ended' }]);
});

test('a short word and silence is a person, once', () => {
  const ear = new Ear({ machine: MACHINE_TERMS });
  const [judged, ...others] = ear.hear(silence(400), prompt('4'), silence(3000), prompt('menu'));
  expect(judged).toMatchObject({ kind: 'judged', leg: A, verdict: 'human', reason: 'short-greeting' });
  expect(others).toEqual([]);
});

test('a long greeting is a machine, and its beep is told behind', () => {
  const ear = new Ear({ machine: MACHINE_TERMS, tones: true });
  const told = ear.hear(
    silence(400),
    prompt('menu'),
    silence(300),
    prompt('recorder'),
    silence(300),
    beep(400),
    silence(100),
  );
  expect(told).toEqual([
    expect.objectContaining({ kind: 'judged', verdict: 'machine' }),
    expect.objectContaining({ kind: 'toneHeard', tone: 'beep', durationMs: expect.closeTo(400, -2) }),
  ]);
});

test('a beep before any verdict is one, for who asked for no tones too', () => {
  const ear = new Ear({ machine: MACHINE_TERMS });
  expect(ear.hear(silence(400), beep(300), silence(200))).toEqual([
    expect.objectContaining({ kind: 'judged', verdict: 'machine', reason: 'beep' }),
  ]);
});

test('where nothing is to be heard at all nobody is sure, when the time is over', () => {
  const ear = new Ear({ machine: MACHINE_TERMS });
  ear.bench.advance(6000);
  const judged = ear.bench.takeMessages();
  expect(judged).toEqual([{ kind: 'judged', leg: A, verdict: 'not-sure', reason: 'too-long', afterMs: 5000 }]);
});

describe.skipIf(!hasProgram('espeak-ng') || !hasProgram('sox'))('greetings as they are spoken', () => {
  const speak = (text: string): Int16Array => {
    const wav = execFileSync('espeak-ng', ['-v', 'en+f3', '-s', '150', '--stdout', text], { maxBuffer: 1e8 });
    const to = ['-r', '8000', '-b', '16', '-e', 'signed', '-c', '1', '-t', 'raw', '-'];
    const raw = execFileSync('sox', ['-V1', '-v', '0.8', '-t', 'wav', '-', ...to], { input: wav, maxBuffer: 1e8 });
    return new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.length & ~1)));
  };

  test.each([
    ['human', 'Hello?'],
    ['human', 'Hello, Miller speaking.'],
    ['human', 'Good morning, Anna Smith.'],
    ['machine', 'Hi, you have reached the voicemail of Anna Smith. Please leave a message after the tone.'],
    ['machine', 'The person you are calling is not available. Please try again later.'],
    ['machine', 'This is Bob. Leave a message.'],
  ] as const)('%s: %s', (verdict, text) => {
    const told = new Ear({ machine: MACHINE_TERMS }).hear(silence(600), speak(text), silence(5000));
    expect(told).toMatchObject([{ kind: 'judged', verdict }]);
  });
});
