import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import type { HeaderName, Message } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { respond, write } from '../../sip/writer.ts';
import { CORPUS, outsideCorpus } from './corpus.ts';
import { COUNT, MESSAGE_COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';
import { Mutator } from './mutator.ts';

const SEED = 20_260_101;

/** Everything that an owner of the message would do with it; why that is wrong, or undefined. */
function use(bytes: Uint8Array): string | undefined {
  const { message, defects } = parse(bytes);
  if (message === undefined) return defects.length > 0 ? undefined : 'no message and no defect';
  for (const [name] of message.fields) message.all(name);
  const { topVia, from, to, callId, cseq, contacts } = message;
  if ([topVia, from, to, message.fromTag, message.toTag, callId, cseq, contacts].includes(undefined as never)) {
    return 'a part is undefined';
  }
  if (defects.some((defect) => defect.fatal && defect.header === '')) return undefined;
  const again = parse(write(message)).message;
  if (again === undefined || fieldsOf(again) !== fieldsOf(message)) return 'it is another message after a round trip';
  if (message.type === 'request') write(respond(message, 400, { toTag: 't' }));
  return undefined;
}

/** But Content-Length, which is that of the body. */
function fieldsOf(message: Message): string {
  const others = message.fields.filter(([name]: readonly [HeaderName, string]) => name !== 'Content-Length');
  return others.map(([name, value]) => `${name}: ${value}`).join('\n');
}

/** How many bytes of heap remain after `count` messages with accidents. */
function fuzz(originals: readonly Uint8Array[], count: number): number {
  const mutator = new Mutator();
  return heapGrowthBytes(count, (round) => {
    const bytes = mutator.mutate(originals[round % originals.length]!, seeded(SEED + round));
    let flaw: unknown;
    try {
      flaw = use(bytes);
    } catch (cause) {
      flaw = cause;
    }
    if (flaw !== undefined) throw new Error(`round ${round}: ${shown(bytes)}: ${flaw}`, { cause: flaw });
  });
}

function shown(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString('latin1'));
}

test('mutated messages never throw, are the same after a round trip, and leave nothing on the heap', () => {
  expect(fuzz(CORPUS, MESSAGE_COUNT)).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
});

test('mutated messages from outside never throw', ({ skip }) => {
  const originals = outsideCorpus();
  if (originals === undefined) return skip('the folder of outside messages is absent');
  expect(fuzz(originals, COUNT)).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
});
