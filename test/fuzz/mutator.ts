import type { Random } from '../../core/kernel/random.ts';

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
  '*',
  '\xff',
  '\xc3',
  '999999999999',
  '-1',
  ';;',
  'SIP/2.0',
  'z9hG4bK',
  'sip:',
  ';tag=',
  '\r\n ',
  '\r\n\r\n',
  'Via: ',
  'Content-Length: 5\r\n',
].map((text) => Buffer.from(text, 'latin1'));

const ACCIDENTS_MAX = 6;
const STRETCH_MAX = 40;
const SIZE_MAX = 1 << 17;
/** What accidents add at most. */
const GROWTH_MAX = ACCIDENTS_MAX * STRETCH_MAX;

/** Makes messages with accidents: bytes changed, put in, cut out, doubled, or the end cut off. */
export class Mutator {
  readonly #bytes = Buffer.alloc(SIZE_MAX);
  #length = 0;

  /** A view that the next call overwrites. */
  mutate(original: Uint8Array, random: Random): Buffer {
    this.#length = Math.min(original.length, SIZE_MAX - GROWTH_MAX);
    this.#bytes.set(original.subarray(0, this.#length));
    for (let left = 1 + below(ACCIDENTS_MAX, random); left > 0; left--) this.#accident(random);
    return this.#bytes.subarray(0, this.#length);
  }

  #accident(random: Random): void {
    const at = below(this.#length + 1, random);
    const stretch = Math.min(this.#length - at, below(STRETCH_MAX, random));
    switch (below(7, random)) {
      case 0:
        if (at < this.#length) this.#bytes[at] = below(256, random);
        break;
      case 1:
        this.#putIn(at, SPICES[below(SPICES.length, random)]!);
        break;
      case 2:
        this.#bytes.copyWithin(at, at + stretch, this.#length);
        this.#length -= stretch;
        break;
      case 3:
        this.#putIn(at, Buffer.from(this.#bytes.subarray(at, at + stretch)));
        break;
      case 4:
        this.#length = at;
        break;
      case 5:
        // From another place of the message.
        this.#putIn(
          at,
          Buffer.from(
            this.#bytes
              .subarray(0, this.#length)
              .subarray(below(this.#length + 1, random))
              .subarray(0, stretch),
          ),
        );
        break;
      default:
        if (at < this.#length) this.#bytes[at]! ^= 1 << below(8, random);
    }
  }

  #putIn(at: number, bytes: Uint8Array): void {
    this.#bytes.copyWithin(at + bytes.length, at, this.#length);
    this.#bytes.set(bytes, at);
    this.#length += bytes.length;
  }
}

export function below(limit: number, random: Random): number {
  return Math.floor(random.next() * limit);
}
