import { expect, test } from 'vitest';
import { CrossedCall, type Manner, WORDS, type Word } from './crossed-call.ts';
import { CrossingBench } from './crossing-bench.ts';

const GIVEN = process.env['TANDEM_CROSSING_LENGTH'];
/** Longest sequence. What happens before anything rings is tried one word shorter, unless told. */
const LENGTH = Number(GIVEN ?? 5);
const LENGTH_UNRUNG = GIVEN === undefined ? LENGTH - 1 : LENGTH;
const TIMEOUT_MS = 600_000;
/** Calls that share one stack. */
const TOGETHER = 2_000;

/** By then whatever waits for the peer has given up, and nothing absorbs repetitions any more. */
const SILENCE_MS = 400_000;

/** All sequences of so many words. */
function* sequences(length: number): Generator<readonly Word[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(length - 1)) for (const word of WORDS) yield [...rest, word];
}

/** Lets each sequence happen in a call of its own, then silence, then everybody hangs up. What is not over is named. */
function leftOver(manner: Manner, all: readonly (readonly Word[])[]): readonly string[] {
  const bench = new CrossingBench();
  const calls = all.map((words, index) => {
    const call = new CrossedCall(bench, manner, `call${index}`);
    call.begin();
    for (const word of words) call.say(word);
    return { call, words };
  });
  bench.until(SILENCE_MS);
  for (const { call } of calls) call.hangUp();
  bench.until(2 * SILENCE_MS);
  const odd = calls
    .filter(({ call }) => call.ends.length !== 1)
    .map(({ words, call }) => `${words.join(' ')}: ${call.ends}`);
  const left = Object.entries(bench.left).filter(([, count]) => count > 0);
  if (left.length > 0 && all.length > 1) return all.flatMap((words) => leftOver(manner, [words]));
  return [...odd, ...left.map(([what, count]) => `${all[0]!.join(' ')}: ${count} ${what}`)];
}

const MANNERS = (['caller', 'callee'] as const).flatMap((role) =>
  (['us', 'peer'] as const).flatMap((by) => [true, false].map((rings): Manner => ({ role, by, rings }))),
);

test.each(MANNERS)(
  'whatever crosses, nothing is left over: as $role, with BYE and re-INVITE by $by, rings: $rings',
  (manner) => {
    for (let length = 1; length <= (manner.rings ? LENGTH : LENGTH_UNRUNG); length++) {
      const batch: (readonly Word[])[] = [];
      for (const words of sequences(length)) {
        batch.push(words);
        if (batch.length === TOGETHER) expect(leftOver(manner, batch.splice(0))).toEqual([]);
      }
      if (batch.length > 0) expect(leftOver(manner, batch)).toEqual([]);
    }
  },
  TIMEOUT_MS,
);
