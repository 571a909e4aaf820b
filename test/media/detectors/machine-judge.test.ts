import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MACHINE_TERMS } from '../../../core/calls/listening.ts';
import { NEVER } from '../../../core/kernel/time.ts';
import type { MachineTerms } from '../../../core/media-port.ts';
import { type Judgement, MachineJudge } from '../../../media/detectors/machine-judge.ts';

/** What is judged of voice (+) and silence (-) of these lengths, in blocks of 10 ms, and then silence without sound. */
function judged(greeting: readonly number[], terms: Partial<MachineTerms> = {}): Judgement | undefined {
  const judge = new MachineJudge({ ...MACHINE_TERMS, ...terms }, 1000);
  let now = 1000;
  for (const lengthMs of greeting) {
    for (let ms = 0; ms < Math.abs(lengthMs); ms += 10) {
      now += 10;
      judge.receive(lengthMs > 0 ? 'voice' : 'silence', 10, now);
      judge.expire(now);
    }
  }
  const judgement = judge.poll();
  expect(judge.state === 'over').toBe(judgement !== undefined);
  expect(judge.deadline()).toBe(judgement === undefined ? 6000 : NEVER);
  expect(judge.poll()).toBeUndefined();
  return judgement;
}

test.each([
  ['"Hello?"', [-600, 400, -900], 'human', 'short-greeting', 1800],
  ['"Smith, good morning."', [-300, 350, -150, 500, -900], 'human', 'short-greeting', 2100],
  ['nobody says anything', [-3000], 'machine', 'initial-silence', 2500],
  ['a click and nothing else', [-500, 60, -2500], 'machine', 'initial-silence', 2500],
  ['a long greeting', [-400, 700, -150, 600, -200, 700], 'machine', 'long-greeting', 2250],
  ['many words', [-200, 150, -150, 150, -150, 150, -150, 150, -150, 200], 'machine', 'many-words', 1500],
  ['one sound without an end', [-200, 4500], 'machine', 'long-word', 4200],
  [
    'pauses that are too long for a greeting and too short for a person',
    [-2000, 300, -700, 200, -700, 300, -700, 200],
    'not-sure',
    'too-long',
    5000,
  ],
] as const)('%s', (_, greeting, verdict, reason, afterMs) => {
  const terms = reason === 'long-word' ? { greetingMs: 10_000 } : {};
  expect(judged(greeting, terms)).toEqual({ verdict, reason, afterMs });
});

test('a pause shorter than that between words parts no word', () => {
  const syllables = Array.from({ length: 6 }, () => [120, -60]).flat();
  expect(judged([-300, ...syllables, -900])).toMatchObject({ verdict: 'human' });
});

test('a beep or a fax machine decides at once', () => {
  for (const [tone, reason] of [
    ['beep', 'beep'],
    ['fax', 'fax'],
  ] as const) {
    const judge = new MachineJudge(MACHINE_TERMS, 0);
    judge.receive('voice', 10, 10);
    judge.hearTone(tone, 300);
    judge.hearTone('beep', 310);
    expect(judge.poll()).toEqual({ verdict: 'machine', reason, afterMs: 300 });
  }
});

test('whatever is heard there is one judgement, at the latest when the time is over', () => {
  const length = fc.integer({ min: -150, max: 150 }).map((blocks) => blocks * 10 || 10);
  fc.assert(
    fc.property(fc.array(length, { maxLength: 20 }), (greeting) => {
      const judgement = judged([...greeting, ...Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? 10 : -10))]);
      expect(judgement!.afterMs).toBeLessThanOrEqual(MACHINE_TERMS.totalMs);
    }),
    { numRuns: Number(process.env['TANDEM_SEEDS'] ?? 100), seed: 2 },
  );
});
