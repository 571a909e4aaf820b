import type { Random } from '../../core/kernel/random.ts';

/** A copy of `bytes` with a few accidents: bytes changed, cut out, doubled, or the end cut off. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const result = [...bytes];
  const pick = (below: number): number => Math.floor(random.next() * below);
  for (let accidents = 1 + pick(6); accidents > 0; accidents--) {
    const at = pick(result.length + 1);
    const kind = pick(5);
    if (kind === 0) result.splice(at, 1 + pick(8));
    else if (kind === 1) result.splice(at, 0, ...result.slice(at, at + 1 + pick(40)));
    else if (kind === 2) result.length = at;
    else if (at < result.length) result[at] = kind === 3 ? pick(256) : result[at]! ^ (1 << pick(8));
  }
  return Uint8Array.from(result);
}
