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
const KEY = 64;
const NAMES = 96;
const PARAMETERS = 112;
const MEMORY_BYTES = 256;
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

/** By OpenSSL itself, with contexts that live as long as their keys. */
class OpensslCiphers implements PacketCiphers {
  readonly kind = 'openssl';
  readonly iv: Uint8Array;
  readonly digest: Uint8Array;
  readonly trailer: Uint8Array;
  readonly #memory: ArrayBuffer;
  readonly #base: number;
  readonly #evp: Evp;
  readonly #places: readonly { readonly bytes: Uint8Array; readonly address: number }[];
  readonly #hmac: number;

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
    this.#hmac = this.#evp.fetchMac(0, 'HMAC', null);
    assert(this.#hmac !== 0, 'OpenSSL has HMAC');
    this.#nameDigest();
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

  /** Address of a key that is read before the next one. */
  place(key: Uint8Array): number {
    new Uint8Array(this.#memory, KEY, 32).set(key);
    return this.at(KEY);
  }

  counterMode(key: Uint8Array): CounterMode {
    return new OpensslCounterMode(this, key);
  }

  hmacSha1(key: Uint8Array): HmacSha1 {
    return new OpensslHmac(this, this.#hmac, key, this.at(PARAMETERS));
  }

  gcm(key: Uint8Array): Gcm {
    return new OpensslGcm(this, key);
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

class OpensslCounterMode implements CounterMode {
  readonly #owner: OpensslCiphers;
  readonly #context: number;

  constructor(owner: OpensslCiphers, key: Uint8Array) {
    this.#owner = owner;
    this.#context = cipherContext(owner, owner.evp.aes128Ctr(), key);
  }

  apply(bytes: Uint8Array, start: number, end: number): void {
    const owner = this.#owner;
    const address = owner.address(bytes, start);
    owner.evp.startEncryption(this.#context, 0, 0, 0, owner.at(IV));
    owner.evp.encrypt(this.#context, address, owner.at(LENGTH), address, end - start);
  }

  close(): void {
    this.#owner.evp.freeCipher(this.#context);
  }
}

class OpensslHmac implements HmacSha1 {
  readonly #owner: OpensslCiphers;
  readonly #context: number;

  constructor(owner: OpensslCiphers, hmac: number, key: Uint8Array, parameters: number) {
    this.#owner = owner;
    this.#context = owner.evp.makeMac(hmac);
    const isReady = owner.evp.startMac(this.#context, owner.place(key), key.length, parameters) === 1;
    assert(isReady, 'OpenSSL takes the key');
  }

  compute(bytes: Uint8Array, start: number, end: number): void {
    const { evp } = this.#owner;
    evp.startMac(this.#context, 0, 0, 0);
    evp.addToMac(this.#context, this.#owner.address(bytes, start), end - start);
    evp.finishMac(this.#context, this.#owner.at(DIGEST), this.#owner.at(LENGTH), 20);
  }

  close(): void {
    this.#owner.evp.freeMac(this.#context);
  }
}

class OpensslGcm implements Gcm {
  readonly #owner: OpensslCiphers;
  readonly #sealing: number;
  readonly #opening: number;

  constructor(owner: OpensslCiphers, key: Uint8Array) {
    this.#owner = owner;
    this.#sealing = cipherContext(owner, owner.evp.aes128Gcm(), key);
    this.#opening = owner.evp.makeCipher();
    const isReady = owner.evp.startDecryption(this.#opening, owner.evp.aes128Gcm(), 0, owner.place(key), 0) === 1;
    assert(isReady, 'OpenSSL takes the key');
  }

  seal(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): void {
    const owner = this.#owner;
    const { evp } = owner;
    const length = owner.at(LENGTH);
    const address = owner.address(bytes, 0);
    evp.startEncryption(this.#sealing, 0, 0, 0, owner.at(IV));
    evp.encrypt(this.#sealing, 0, length, address + headerStart, start - headerStart);
    if (hasTrailer === 1) evp.encrypt(this.#sealing, 0, length, owner.at(TRAILER), 4);
    if (end > start) evp.encrypt(this.#sealing, address + start, length, address + start, end - start);
    evp.finishEncryption(this.#sealing, address + end, length);
    evp.control(this.#sealing, GET_TAG, GCM_TAG_BYTES, address + end);
  }

  open(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): boolean {
    const owner = this.#owner;
    const { evp } = owner;
    const length = owner.at(LENGTH);
    const address = owner.address(bytes, 0);
    evp.startDecryption(this.#opening, 0, 0, 0, owner.at(IV));
    evp.decrypt(this.#opening, 0, length, address + headerStart, start - headerStart);
    if (hasTrailer === 1) evp.decrypt(this.#opening, 0, length, owner.at(TRAILER), 4);
    if (end > start) evp.decrypt(this.#opening, address + start, length, address + start, end - start);
    evp.control(this.#opening, SET_TAG, GCM_TAG_BYTES, address + end);
    return evp.finishDecryption(this.#opening, address + end, length) === 1;
  }

  close(): void {
    this.#owner.evp.freeCipher(this.#sealing);
    this.#owner.evp.freeCipher(this.#opening);
  }
}

function cipherContext(owner: OpensslCiphers, cipher: number, key: Uint8Array): number {
  const context = owner.evp.makeCipher();
  assert(owner.evp.startEncryption(context, cipher, 0, owner.place(key), 0) === 1, 'OpenSSL takes the key');
  return context;
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
    freeCipher: library.func('EVP_CIPHER_CTX_free', 'void', [pointer]),
    control: library.func('EVP_CIPHER_CTX_ctrl', int, [pointer, int, int, pointer]),
    startEncryption: library.func('EVP_EncryptInit_ex', int, start),
    encrypt: library.func('EVP_EncryptUpdate', int, update),
    finishEncryption: library.func('EVP_EncryptFinal_ex', int, [pointer, pointer, pointer]),
    startDecryption: library.func('EVP_DecryptInit_ex', int, start),
    decrypt: library.func('EVP_DecryptUpdate', int, update),
    finishDecryption: library.func('EVP_DecryptFinal_ex', int, [pointer, pointer, pointer]),
    fetchMac: library.func('EVP_MAC_fetch', pointer, [pointer, 'str', 'str']),
    makeMac: library.func('EVP_MAC_CTX_new', pointer, [pointer]),
    freeMac: library.func('EVP_MAC_CTX_free', 'void', [pointer]),
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
