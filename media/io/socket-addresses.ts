import { FIRST_PACKED_IPV6 } from './addresses.ts';
import type { Arena } from './arena.ts';
import type { KnownAddresses } from './known-addresses.ts';
import { LINUX } from './native-layout.ts';

/** `IPv4`: struct sockaddr_in. `both`: struct sockaddr_in6, where an IPv4 address a.b.c.d is ::ffff:a.b.c.d (RFC 3493 §3.7). */
export type SocketFamily = 'IPv4' | 'both';

/** The word of an IPv4 address in the other family that says so: bytes 0, 0, 255, 255. */
const MAPPED = 0xffff0000;

/** Remote addresses between the structures of the kernel and the numbers of `addresses.ts`. */
export class SocketAddresses {
  readonly family: SocketFamily;
  /** Of the structure; the next one lies `strideBytes` behind. */
  readonly sizeBytes: number;
  readonly strideBytes: number;
  readonly #words: Uint32Array;
  readonly #known: KnownAddresses;

  static strideBytes(family: SocketFamily): number {
    return family === 'both' ? 32 : 16;
  }

  constructor(arena: Arena, family: SocketFamily, known: KnownAddresses) {
    this.family = family;
    this.sizeBytes = family === 'both' ? 28 : 16;
    this.strideBytes = SocketAddresses.strideBytes(family);
    this.#words = arena.words;
    this.#known = known;
  }

  /** Writes `addresses[index]` to the byte offset `at`; what has no number any more as an address that the kernel refuses. */
  write(at: number, addresses: Float64Array, index: number): void {
    const words = this.#words;
    const word = at >> 2;
    const packed = addresses[index]!;
    const port = packed % 65536;
    const networkPort = ((port & 255) << 24) | ((port >> 8) << 16);
    if (this.family === 'IPv4') {
      words[word] = LINUX.AF_INET | (packed < FIRST_PACKED_IPV6 ? networkPort : 0);
      words[word + 1] = swap(Math.floor(packed / 65536));
      return;
    }
    words[word] = LINUX.AF_INET6 | networkPort;
    words[word + 1] = 0; // Flow label: none.
    words[word + 6] = 0; // Scope: none, as no address of one link alone is sent to.
    if (packed < FIRST_PACKED_IPV6) {
      words[word + 2] = 0;
      words[word + 3] = 0;
      words[word + 4] = MAPPED;
      words[word + 5] = swap(Math.floor(packed / 65536));
    } else if (!this.#known.write(addresses, index, words, word + 2)) {
      words[word] = LINUX.AF_INET6;
    }
  }

  /** Writes an address of ours to bind to; with 0, all interfaces of the family. */
  writeOwn(at: number, address: number, port: number): void {
    this.write(at, Float64Array.of(address * 65536 + port), 0);
    // Of both families that is `::`, not the IPv4 address 0 in it.
    if (address === 0 && this.family === 'both') this.#words.fill(0, (at >> 2) + 2, (at >> 2) + 6);
  }

  /** Reads what the kernel wrote to the byte offset `at` as `addresses[index]`. */
  read(at: number, addresses: Float64Array, index: number): void {
    const words = this.#words;
    const word = at >> 2;
    const head = words[word]!;
    const port = ((head >>> 16) & 255) * 256 + (head >>> 24);
    if (this.family === 'IPv4') {
      addresses[index] = (swap(words[word + 1]!) >>> 0) * 65536 + port;
    } else if (words[word + 4] === MAPPED && words[word + 2] === 0 && words[word + 3] === 0) {
      addresses[index] = (swap(words[word + 5]!) >>> 0) * 65536 + port;
    } else {
      addresses[index] = this.#known.numbers[this.#known.find(words, word + 2)]! * 65536 + port;
    }
  }
}

/** Network order to the machine's: both machines of the table are little-endian. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
