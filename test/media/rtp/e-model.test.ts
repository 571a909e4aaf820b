import { expect, test } from 'vitest';
import { meanOpinionScore } from '../../../media/rtp/e-model.ts';

const FINE = { codec: 'PCMU', delayMs: 0, lossShare: 0, burstRatio: 1 };

test('ITU-T G.107: a perfect G.711 call is 4.41, and nothing is better', () => {
  expect(meanOpinionScore(FINE)).toBeCloseTo(4.41, 2);
  expect(meanOpinionScore({ ...FINE, codec: 'opus' })).toBeCloseTo(4.41, 2);
  expect(meanOpinionScore({ ...FINE, codec: 'G729' })).toBeCloseTo(4.1, 1);
});

test('loss, bursts and delay make it worse, each by itself, and never worse than 1', () => {
  const at = (changes: Partial<typeof FINE>): number => meanOpinionScore({ ...FINE, ...changes });
  const losses = [0, 0.01, 0.03, 0.1, 0.3, 0.9].map((lossShare) => at({ lossShare }));
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  expect(losses[2]).toBeGreaterThan(3.8);
  expect(losses[3]).toBeCloseTo(3.41, 2);
  expect(losses.at(-1)).toBeLessThan(1.3);
  expect(at({ lossShare: 0.03, burstRatio: 3 })).toBeLessThan(at({ lossShare: 0.03 }));
  // Below 177 ms hardly anybody minds; from there on it falls quickly.
  expect(at({ delayMs: 150 })).toBeGreaterThan(4.2);
  expect(at({ delayMs: 400 })).toBeLessThan(3.4);
  expect(at({ delayMs: 5000 })).toBe(1);
});
