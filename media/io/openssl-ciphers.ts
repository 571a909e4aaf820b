import { assert, fail } from '../../core/kernel/assert.ts';
import { NodeCiphers } from '../srtp/node-ciphers.ts';
import {
  type CounterMode,
  GCM_TAG_BYTES,
  type Gcm,
  type HmacSha1,
  type PacketCiphers,
} from '../srtp/packet-ciphers.ts';
import { type Koffi, loadKoffi, type NativeLibrary } from './native.ts';

/** `EVP_CTRL_AEAD_GET_TAG` and `EVP_CTRL_AEAD_SET_TAG`. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** What lies where in the memory that is shared with OpenSSL. */
const IV = 0;
const DIGEST = 16;
const TRAILER = 40;
const LENGTH = 48;
const NAMES = 96;
const PARAMETERS = 112;
const MEMORY_BYTES = 256;
/** A line of memory; keys of AES-128 and of HMAC-SHA1 are shorter. */
const KEY_ROOM_BYTES = 64;
const KEYS_PER_PAGE = 256;
/** `OSSL_PARAM_UTF8_STRING`. */
const UTF8_STRING = 4;

/**
 * OpenSSL where this Node.js exports what is needed of it, and a trial gives what `node:crypto` gives; else
 * `node:crypto`. `memories` are all the arrays that packets will be in.
 */
export function openCiphers(memories: readonly Uint8Array[], koffiAddonPath?: string): PacketCiphers {
  const other = new NodeCiphers();
  const koffi = loadKoffi(koffiAddonPath);
  if (koffi === undefined) return other;
  const trial = new Uint8Array(256);
  try {
    const ciphers = new OpensslCiphers(koffi, [...memories, trial]);
    return isAlike(ciphers, other, trial) ? ciphers : other;
  } catch {
    return other; // A symbol is missing.
  }
}

/**
 * By OpenSSL itself, with one context of a kind for all streams, which takes the key anew for each packet: a context has its
 * parts in many lines of memory, cold after 20 ms, and to expand a key costs less than to fetch them.
 */
class OpensslCiphers implements PacketCiphers {
  readonly kind = 'openssl';
  readonly iv: Uint8Array;
  readonly digest: Uint8Array;
  readonly trailer: Uint8Array;
  readonly #memory: ArrayBuffer;
  readonly #base: number;
  readonly #evp: Evp;
  readonly #places: readonly { readonly bytes: Uint8Array; readonly address: number }[];
  readonly #keys: Keys;
  readonly #contexts: Contexts;

  constructor(koffi: Koffi, memories: readonly Uint8Array[]) {
    // Held for life: OpenSSL is told addresses in it.
    this.#memory = new ArrayBuffer(MEMORY_BYTES);
    this.#base = Number(koffi.address(this.#memory));
    this.iv = new Uint8Array(this.#memory, IV, 16);
    this.digest = new Uint8Array(this.#memory, DIGEST, 20);
    this.trailer = new Uint8Array(this.#memory, TRAILER, 4);
    this.#evp = bindEvp(koffi.load(null));
    this.#places = memories.map((bytes) => ({
      bytes,
      address: Number(koffi.address(bytes.buffer as ArrayBuffer)) + bytes.byteOffset,
    }));
    this.#keys = new Keys(koffi);
    this.#nameDigest();
    this.#contexts = this.#openContexts();
  }

  get contexts(): Contexts {
    return this.#contexts;
  }

  get keys(): Keys {
    return this.#keys;
  }

  get evp(): Evp {
    return this.#evp;
  }

  /** Address of what lies at `offset` of the shared memory. */
  at(offset: number): number {
    return this.#base + offset;
  }

  /** Address of a place in a packet. */
  address(bytes: Uint8Array, at: number): number {
    for (let i = 0; i < this.#places.length; i++) {
      const place = this.#places[i]!;
      if (place.bytes === bytes) return place.address + at;
    }
    return fail('packets lie in the memories that were named');
  }

  counterMode(key: Uint8Array): CounterMode {
    return new OpensslCounterMode(this, key);
  }

  hmacSha1(key: Uint8Array): HmacSha1 {
    return new OpensslHmac(this, key);
  }

  gcm(key: Uint8Array): Gcm {
    return new OpensslGcm(this, key);
  }

  /** They live as long as this thread. */
  #openContexts(): Contexts {
    const evp = this.#evp;
    const mac = evp.fetchMac(0, 'HMAC', null);
    assert(mac !== 0, 'OpenSSL has HMAC');
    const [counter, sealing, opening, hmac] = [
      evp.makeCipher(),
      evp.makeCipher(),
      evp.makeCipher(),
      evp.makeMac(mac),
    ] as const;
    // Of any key: each packet brings its own.
    const key = this.#keys.place(new Uint8Array(16));
    const isReady =
      evp.startEncryption(counter, evp.aes128Ctr(), 0, key, 0) === 1 &&
      evp.startEncryption(sealing, evp.aes128Gcm(), 0, key, 0) === 1 &&
      evp.startDecryption(opening, evp.aes128Gcm(), 0, key, 0) === 1 &&
      evp.startMac(hmac, key, 16, this.at(PARAMETERS)) === 1;
    assert(isReady, 'OpenSSL takes a key');
    this.#keys.release(key);
    return { counter, sealing, opening, hmac };
  }

  /** `OSSL_PARAM[2]`: digest = SHA1, and the end of the list, which is zero. */
  #nameDigest(): void {
    new Uint8Array(this.#memory, NAMES, 16).set(Buffer.from('digest\0SHA1\0', 'latin1'));
    const words = new DataView(this.#memory, PARAMETERS);
    words.setBigUint64(0, BigInt(this.at(NAMES)), true);
    words.setUint32(8, UTF8_STRING, true);
    words.setBigUint64(16, BigInt(this.at(NAMES + 7)), true);
    words.setBigUint64(24, 4n, true);
  }
}

/** Addresses of contexts in OpenSSL. */
interface Contexts {
  readonly counter: number;
  readonly sealing: number;
  readonly opening: number;
  readonly hmac: number;
}

/** Keys at addresses that do not change, each in a line of memory of its own. */
class Keys {
  readonly #koffi: Koffi;
  readonly #pages: { readonly bytes: Uint8Array; readonly address: number }[] = [];
  readonly #free: number[] = [];

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
  }

  /** Where the key is until it is released. */
  place(key: Uint8Array): number {
    assert(key.length <= KEY_ROOM_BYTES, 'a key fits its place');
    if (this.#free.length === 0) this.#addPage();
    const address = this.#free.pop()!;
    this.#at(address).set(key);
    return address;
  }

  /** The place is another key's from now on. */
  release(address: number): void {
    this.#at(address).fill(0);
    this.#free.push(address);
  }

  #at(address: number): Uint8Array {
    for (const page of this.#pages) {
      const at = address - page.address;
      if (at >= 0 && at < page.bytes.length) return page.bytes.subarray(at, at + KEY_ROOM_BYTES);
    }
    return fail('a key lies in one of the pages');
  }

  /** Held for life: OpenSSL is told addresses in it. */
  #addPage(): void {
    const bytes = new Uint8Array(new ArrayBuffer(KEYS_PER_PAGE * KEY_ROOM_BYTES));
    const address = Number(this.#koffi.address(bytes.buffer));
    this.#pages.push({ bytes, address });
    for (let i = KEYS_PER_PAGE - 1; i >= 0; i--) this.#free.push(address + i * KEY_ROOM_BYTES);
  }
}

/** A key of a stream, and what OpenSSL does with it. */
abstract class Keyed {
  protected readonly owner: OpensslCiphers;
  protected readonly key: number;
  protected readonly keyBytes: number;
  #isOpen = true;

  constructor(owner: OpensslCiphers, key: Uint8Array) {
    this.owner = owner;
    this.key = owner.keys.place(key);
    this.keyBytes = key.length;
  }

  close(): void {
    if (this.#isOpen) this.owner.keys.release(this.key);
    this.#isOpen = false;
  }
}

class OpensslCounterMode extends Keyed implements CounterMode {
  apply(bytes: Uint8Array, start: number, end: number): void {
    const { owner } = this;
    const { counter } = owner.contexts;
    const address = owner.address(bytes, start);
    owner.evp.startEncryption(counter, 0, 0, this.key, owner.at(IV));
    owner.evp.encrypt(counter, address, owner.at(LENGTH), address, end - start);
  }
}

class OpensslHmac extends Keyed implements HmacSha1 {
  compute(bytes: Uint8Array, start: number, end: number): void {
    const { owner } = this;
    const { hmac } = owner.contexts;
    owner.evp.startMac(hmac, this.key, this.keyBytes, 0);
    owner.evp.addToMac(hmac, owner.address(bytes, start), end - start);
    owner.evp.finishMac(hmac, owner.at(DIGEST), owner.at(LENGTH), 20);
  }
}

class OpensslGcm extends Keyed implements Gcm {
  seal(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): void {
    const { owner } = this;
    const { evp } = owner;
    const { sealing } = owner.contexts;
    const length = owner.at(LENGTH);
    const address = owner.address(bytes, 0);
    evp.startEncryption(sealing, 0, 0, this.key, owner.at(IV));
    evp.encrypt(sealing, 0, length, address + headerStart, start - headerStart);
    if (hasTrailer === 1) evp.encrypt(sealing, 0, length, owner.at(TRAILER), 4);
    if (end > start) evp.encrypt(sealing, address + start, length, address + start, end - start);
    evp.finishEncryption(sealing, address + end, length);
    evp.control(sealing, GET_TAG, GCM_TAG_BYTES, address + end);
  }

  open(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): boolean {
    const { owner } = this;
    const { evp } = owner;
    const { opening } = owner.contexts;
    const length = owner.at(LENGTH);
    const address = owner.address(bytes, 0);
    evp.startDecryption(opening, 0, 0, this.key, owner.at(IV));
    evp.decrypt(opening, 0, length, address + headerStart, start - headerStart);
    if (hasTrailer === 1) evp.decrypt(opening, 0, length, owner.at(TRAILER), 4);
    if (end > start) evp.decrypt(opening, address + start, length, address + start, end - start);
    evp.control(opening, SET_TAG, GCM_TAG_BYTES, address + end);
    return evp.finishDecryption(opening, address + end, length) === 1;
  }
}

type Evp = ReturnType<typeof bindEvp>;

/** The functions of OpenSSL that Node.js is linked with. Throws when one is not exported. */
function bindEvp(library: NativeLibrary) {
  const [pointer, int, size] = ['uintptr_t', 'int', 'size_t'];
  const start = [pointer, pointer, pointer, pointer, pointer];
  const update = [pointer, pointer, pointer, pointer, int];
  return {
    aes128Ctr: library.func('EVP_aes_128_ctr', pointer, []),
    aes128Gcm: library.func('EVP_aes_128_gcm', pointer, []),
    makeCipher: library.func('EVP_CIPHER_CTX_new', pointer, []),
    control: library.func('EVP_CIPHER_CTX_ctrl', int, [pointer, int, int, pointer]),
    startEncryption: library.func('EVP_EncryptInit_ex', int, start),
    encrypt: library.func('EVP_EncryptUpdate', int, update),
    finishEncryption: library.func('EVP_EncryptFinal_ex', int, [pointer, pointer, pointer]),
    startDecryption: library.func('EVP_DecryptInit_ex', int, start),
    decrypt: library.func('EVP_DecryptUpdate', int, update),
    finishDecryption: library.func('EVP_DecryptFinal_ex', int, [pointer, pointer, pointer]),
    fetchMac: library.func('EVP_MAC_fetch', pointer, [pointer, 'str', 'str']),
    makeMac: library.func('EVP_MAC_CTX_new', pointer, [pointer]),
    startMac: library.func('EVP_MAC_init', int, [pointer, pointer, size, pointer]),
    addToMac: library.func('EVP_MAC_update', int, [pointer, pointer, size]),
    finishMac: library.func('EVP_MAC_final', int, [pointer, pointer, pointer, size]),
  };
}

/** Whether both make the same of the same bytes. */
function isAlike(ours: PacketCiphers, other: PacketCiphers, trial: Uint8Array): boolean {
  const results = [ours, other].map((ciphers) => {
    const key = Uint8Array.from({ length: 16 }, (_, i) => 7 * i);
    for (let i = 0; i < trial.length; i++) trial[i] = i;
    ciphers.iv.fill(3);
    ciphers.trailer.fill(5);
    const [counter, hmac, gcm] = [ciphers.counterMode(key), ciphers.hmacSha1(key), ciphers.gcm(key)];
    counter.apply(trial, 12, 180);
    hmac.compute(trial, 0, 180);
    gcm.seal(trial, 0, 12, 180, 1);
    const sealed = Buffer.from(trial).toString('hex') + Buffer.from(ciphers.digest).toString('hex');
    const isOpened = gcm.open(trial, 0, 12, 180, 1);
    trial[14]! ^= 1;
    const isForged = gcm.open(trial, 0, 12, 180, 1);
    for (const context of [counter, hmac, gcm]) context.close();
    return `${sealed} ${isOpened} ${isForged}`;
  });
  return results[0] === results[1];
}
