import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { parse } from '../../sip/parser.ts';
import { StreamFraming } from '../../sip/stream-framing.ts';
import { CORPUS } from './corpus.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';
import { below, Mutator } from './mutator.ts';

const SEED = 20_260_104;
const MESSAGES = CORPUS.filter((bytes) => bytes.length < 2_000);

/** What comes out of a stream: messages, keep-alives, and how it ended. */
function cut(stream: Uint8Array, chunkBytes: () => number): string {
  const framing = new StreamFraming();
  let cutOut = '';
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + chunkBytes());
    framing.push(stream.subarray(at, end));
    for (let message = framing.poll(); message !== undefined; message = framing.poll()) {
      cutOut += `${Buffer.from(message).toString('latin1')}|`;
      parse(message);
    }
    at = end;
  }
  const rest = framing.defect ?? `${framing.bufferedBytes}`;
  return `${cutOut}${framing.takePings()} ${rest}`;
}

test('a mutated stream gives the same messages and the same end, however it is chunked', () => {
  const mutator = new Mutator();
  const growth = heapGrowthBytes(COUNT, (round) => {
    const random = seeded(SEED + round);
    const messages = Array.from({ length: 1 + below(4, random) }, () => MESSAGES[below(MESSAGES.length, random)]!);
    const stream = Uint8Array.from(mutator.mutate(Buffer.concat(messages), random));
    const whole = cut(stream, () => stream.length);
    const bytewise = round % 10 === 0;
    const chunked = cut(stream, () => (bytewise ? 1 : 1 + below(200, random)));
    if (whole !== chunked) {
      throw new Error(`round ${round}: ${JSON.stringify(Buffer.from(stream).toString('latin1'))}: ${whole} ${chunked}`);
    }
  });
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
});
