import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Random, seeded } from '../../core/kernel/random.ts';
import { parse } from '../../sip/parser.ts';
import { StreamFraming } from '../../sip/stream-framing.ts';
import { respond, write } from '../../sip/writer.ts';
import { outsideCases } from '../messages/cases.ts';
import { SAMPLES } from '../messages/samples.ts';

const COUNT = Number(process.env['TANDEM_FUZZ_COUNT'] ?? 5000);
const SEED = 20_260_101;

/** What parsers stumble over. */
const SPICES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  '"',
  '\\',
  '<',
  '>',
  ',',
  ';',
  ':',
  '=',
  '@',
  '%',
  '%00',
  '[',
  ']',
  '?',
  '\xff',
  '\xc3',
  '999999999999',
  '-1',
  ';;',
  'SIP/2.0',
  '\r\n ',
  '\r\n\r\n',
].map((text) => Buffer.from(text, 'latin1'));

function mutate(original: Uint8Array, random: Random): Uint8Array {
  const below = (limit: number): number => Math.floor(random.next() * limit);
  let bytes = Buffer.from(original);
  for (let rounds = 1 + below(6); rounds > 0; rounds--) {
    const at = below(bytes.length + 1);
    const until = Math.min(bytes.length, at + below(40));
    switch (below(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = below(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), SPICES[below(SPICES.length)]!, bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(until)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, until), bytes.subarray(at)]);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(at, until),
          bytes.subarray(at, until),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}

/** Everything that an owner of the message would do with it. */
function use(bytes: Uint8Array): void {
  const { message, defects } = parse(bytes);
  expect(message !== undefined || defects.length > 0).toBe(true);
  if (message === undefined) return;
  for (const [name] of message.fields) message.all(name);
  const parts = [
    message.topVia,
    message.from,
    message.to,
    message.fromTag,
    message.toTag,
    message.callId,
    message.cseq,
    message.contacts,
  ];
  expect(parts.includes(undefined as never)).toBe(false);
  if (defects.some((defect) => defect.fatal && defect.header === '')) return;
  const again = parse(write(message)).message;
  expect(again?.fields.filter(([name]) => name !== 'Content-Length')).toEqual(
    message.fields.filter(([name]) => name !== 'Content-Length'),
  );
  if (message.type === 'request') write(respond(message, 400, { toTag: 't' }));
}

function frame(bytes: Uint8Array, random: Random): void {
  const framing = new StreamFraming();
  for (let at = 0; at < bytes.length; ) {
    const until = at + 1 + Math.floor(random.next() * 200);
    framing.push(bytes.subarray(at, until));
    for (let message = framing.poll(); message !== undefined; message = framing.poll()) parse(message);
    at = until;
  }
}

function fuzz(originals: readonly Uint8Array[], count: number): void {
  for (let round = 0; round < count; round++) {
    const random = seeded(SEED + round);
    const bytes = mutate(originals[round % originals.length]!, random);
    try {
      use(bytes);
      frame(bytes, random);
    } catch (cause) {
      throw new Error(`round ${round}: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`, { cause });
    }
  }
}

test('mutated messages never throw, and what is parsed is the same after a round trip', () => {
  fuzz(
    SAMPLES.map((sample) => sample.bytes),
    COUNT,
  );
}, 600_000);

test('mutated messages from outside never throw', ({ skip }) => {
  const folder = outsideCases('sip-messages');
  if (folder === undefined) return skip('the folder of outside messages is absent');
  const originals = ['rfc4475', 'rfc5118/wire', 'kamailio-sip'].flatMap((group) =>
    readdirSync(`${folder}/${group}`).map((file) => readFileSync(`${folder}/${group}/${file}`)),
  );
  fuzz(originals, COUNT);
}, 600_000);
