import { randomFillSync } from 'node:crypto';

/** Where chance comes from. Production passes `secure()`; simulations pass `seeded(n)`. */
export interface Random {
  /** Uniform in [0, 1). Never for secrets. */
  next(): number;
  /** `count` uniform bytes; unguessable when the source is `secure()`. */
  bytes(count: number): Uint8Array;
  /** The same into the beginning of an array that is there already: ids are made for every message. */
  fill(into: Uint8Array, count: number): void;
}

/** The operating system's generator. */
export function secure(): Random {
  const pool = new Uint8Array(8192);
  const drawn = new Uint8Array(4);
  let used = pool.length;
  const fill = (into: Uint8Array, count: number): void => {
    if (count > pool.length) {
      randomFillSync(into, 0, count);
      return;
    }
    if (used + count > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    for (let i = 0; i < count; i++) into[i] = pool[used++]!;
  };
  const bytes = (count: number): Uint8Array => {
    const filled = new Uint8Array(count);
    fill(filled, count);
    return filled;
  };
  return {
    bytes,
    fill,
    next() {
      fill(drawn, 4);
      return (((drawn[0]! << 24) | (drawn[1]! << 16) | (drawn[2]! << 8) | drawn[3]!) >>> 0) / 4294967296;
    },
  };
}

/** mulberry32: 32 bits of state, good enough to choose which packet to lose. Not for secrets. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const fill = (into: Uint8Array, count: number): void => {
    for (let i = 0; i < count; i++) into[i] = Math.floor(next() * 256);
  };
  const bytes = (count: number): Uint8Array => {
    const filled = new Uint8Array(count);
    fill(filled, count);
    return filled;
  };
  return { next, bytes, fill };
}
