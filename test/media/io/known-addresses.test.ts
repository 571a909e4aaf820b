import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressBook } from '../../../media/io/address-book.ts';
import { STRANGER_IPV6 } from '../../../media/io/addresses.ts';
import { KnownAddresses } from '../../../media/io/known-addresses.ts';

/** The words of an address whose last group is this, as the kernel hands them over. */
function wordsOf(host: number): Uint32Array {
  const bytes = new DataView(new ArrayBuffer(16));
  bytes.setUint16(0, 0x2001);
  bytes.setUint16(2, 0x0db8);
  bytes.setUint16(14, host);
  return new Uint32Array(bytes.buffer);
}

const text = (host: number) => `2001:db8:0:0:0:0:0:${host.toString(16)}`;

test('numbers and addresses agree on both threads, whatever is learnt and forgotten in between', () => {
  const steps = fc.array(fc.record({ host: fc.integer({ min: 1, max: 12 }), isHeld: fc.boolean() }), { maxLength: 80 });
  fc.assert(
    fc.property(steps, fc.integer(), (taken, seed) => {
      const book = new AddressBook(8);
      const known = new KnownAddresses(seed);
      const held = new Map<number, number>();
      let now = 0;
      for (const { host, isHeld } of taken) {
        now += 20_000;
        book.expire(now);
        const number = held.get(host);
        if (isHeld && number === undefined) {
          const given = book.hold(text(host));
          if (given !== 0) held.set(host, given);
          else expect(held.size).toBe(7);
        } else if (!isHeld && number !== undefined) {
          book.release(number, now);
          held.delete(host);
        }
        for (let output = book.poll(); output !== undefined; output = book.poll()) {
          if (output.kind === 'learnAddress') known.learn(output.number, output.address);
          else known.forget(output.number);
        }
        for (let each = 1; each <= 12; each++) {
          const found = known.numbers[known.find(wordsOf(each), 0)]!;
          expect(found === STRANGER_IPV6 ? 0 : found).toBe(book.numberOf(text(each)));
          if (held.has(each)) expect(found).toBe(held.get(each));
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('sixty thousand addresses are found, strangers between them are not, and all can be forgotten', () => {
  const book = new AddressBook();
  const known = new KnownAddresses(7);
  const numbers = Array.from({ length: 60_000 }, (_, host) => book.hold(text(host)));
  for (let output = book.poll(); output !== undefined; output = book.poll()) {
    if (output.kind === 'learnAddress') known.learn(output.number, output.address);
  }
  for (let host = 0; host < 65_536; host += 97) {
    expect(known.numbers[known.find(wordsOf(host), 0)]).toBe(numbers[host] ?? STRANGER_IPV6);
  }
  for (const number of numbers) known.forget(number);
  for (let host = 0; host < 65_536; host += 97) expect(known.find(wordsOf(host), 0)).toBe(0);
});

test('who comes to the place of an address that is forgotten has another number', () => {
  const book = new AddressBook(2);
  const first = book.hold(text(1));
  expect(book.hold(text(2))).toBe(0);
  book.release(first, 0);
  const second = book.hold(text(2));
  expect([second % 65_536, second === first]).toEqual([first % 65_536, false]);
  expect(book.numberOf(text(1))).toBe(0);
});
