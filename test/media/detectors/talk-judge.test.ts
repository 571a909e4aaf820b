import { expect, test } from 'vitest';
import { TalkJudge } from '../../../media/detectors/talk-judge.ts';

/** What changes, and when, for voice (+) and silence (-) of these lengths. */
function changes(lengths: readonly number[]): (string | number)[] {
  const judge = new TalkJudge();
  const told: (string | number)[] = [];
  let now = 0;
  for (const length of lengths) {
    for (let ms = 0; ms < Math.abs(length); ms += 10) {
      now += 10;
      const change = judge.receive(length > 0, 10);
      if (change !== undefined) told.push(change, now);
    }
  }
  return told;
}

test('talk begins after 60 ms of voice and ends after 500 ms of silence', () => {
  expect(changes([-1000, 400, -600, 300, -1000])).toEqual(['begun', 1060, 'ended', 1900, 'begun', 2060, 'ended', 2800]);
});

test('pauses between words end no talk, and clicks begin none', () => {
  expect(changes([300, -400, 300, -490, 300])).toEqual(['begun', 60]);
  expect(changes([40, -40, 50, -60, 40, -1000])).toEqual([]);
});

test('a long silence told at once ends it once', () => {
  const judge = new TalkJudge();
  judge.receive(true, 60);
  expect(judge.isTalking).toBe(true);
  expect(judge.receive(false, 10_000)).toBe('ended');
  expect(judge.receive(false, 10_000)).toBeUndefined();
});
