import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { Seal } from '../../../core/store/seal.ts';

const NUM_RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

test('what was sealed opens as it was, and the same text never looks the same', () => {
  const seal = new Seal(new Uint8Array(32).fill(7), seeded(1));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(seal.open(seal.seal(text))).toBe(text.toWellFormed());
      expect(seal.seal(text)).not.toBe(seal.seal(text));
    }),
    { numRuns: NUM_RUNS, seed: 1 },
  );
});

test('a changed, cut or foreign secret does not open', () => {
  const seal = new Seal(new Uint8Array(32).fill(7), seeded(1));
  const sealed = seal.seal('secret');
  const changed = [...Array(sealed.length - 3).keys()].map((i) => {
    const at = i + 3;
    return sealed.slice(0, at) + (sealed[at] === 'A' ? 'Q' : 'A') + sealed.slice(at + 1);
  });
  const foreign = new Seal(new Uint8Array(32).fill(8), seeded(1)).seal('secret');
  for (const bad of [...changed, sealed.slice(0, -4), 'v1.', '', 'secret', foreign]) {
    expect(() => seal.open(bad)).toThrow(expect.objectContaining({ code: 'SECRET_WRONG' }));
  }
});
