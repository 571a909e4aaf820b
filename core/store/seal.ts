import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../kernel/fault.ts';
import type { Random } from '../kernel/random.ts';
import { SealedText, type Secret } from '../kernel/secret.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Names the scheme, so that another one can follow. */
const PREFIX = 'v1.';

/** AES-256-GCM (NIST SP 800-38D) for secrets that must be known in clear, such as SIP passwords. */
export class Seal {
  readonly #key: KeyObject;
  readonly #random: Random;
  /** Long after the start nobody can be told: what does not open is nobody's. */
  readonly #unseal = (sealed: string): string | undefined => {
    try {
      return this.open(sealed);
    } catch {
      return undefined;
    }
  };

  /** `key` is 32 bytes. */
  constructor(key: Uint8Array, random: Random) {
    this.#key = createSecretKey(key);
    this.#random = random;
  }

  seal(text: string): string {
    const iv = this.#random.bytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString('base64url');
  }

  /** As it is kept in the store: sealed now, or as it was read. */
  sealedFrom(secret: Secret): string {
    return typeof secret === 'string' ? this.seal(secret) : secret.sealed;
  }

  /** What is opened when it is needed, and then only if it was sealed with this key. */
  keepSealed(sealed: string): SealedText {
    return new SealedText(sealed, this.#unseal);
  }

  /** What was sealed. Throws `Fault` SECRET_WRONG when it was sealed with another key, or changed. */
  open(sealed: string): string {
    try {
      if (!sealed.startsWith(PREFIX)) throw new RangeError('unknown scheme');
      const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
      const end = bytes.length - TAG_BYTES;
      const cipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      cipher.setAuthTag(bytes.subarray(end));
      return cipher.update(bytes.subarray(IV_BYTES, end), undefined, 'utf8') + cipher.final('utf8');
    } catch (cause) {
      throw new Fault('SECRET_WRONG', 'a secret in the database was not sealed with this secret.key', {}, cause);
    }
  }
}

/**
 * The seal with the key in `secret.key` of the folder, which is made, readable by this user alone, when there is none.
 * Throws `Fault` SECRET_EXPOSED when others may read it, SECRET_WRONG when it is no key, FILE_UNREADABLE when this user
 * may not read it.
 */
export function openSeal(folder: string, random: Random): Seal {
  const path = join(folder, 'secret.key');
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Seal(createKey(folder, path, random), random);
    throw new Fault('FILE_UNREADABLE', `${path} cannot be read`, { path }, cause);
  }
  try {
    const mode = fstatSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      const got = mode.toString(8).padStart(4, '0');
      throw new Fault('SECRET_EXPOSED', `${path} has mode ${got}, expected 0600: others may read it`, {
        path,
        expected: '0600',
        got,
      });
    }
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(text))
      throw new Fault(
        'SECRET_WRONG',
        `${path} is no key: expected 64 hexadecimal digits, got ${text.length} characters`,
        { path },
      );
    return new Seal(Buffer.from(text, 'hex'), random);
  } finally {
    closeSync(file);
  }
}

/** Complete and on the disk before it gets its name, and before anything is sealed with it. */
function createKey(folder: string, path: string, random: Random): Uint8Array {
  const key = random.bytes(KEY_BYTES);
  const unnamed = `${path}.new`;
  rmSync(unnamed, { force: true });
  writeFileSync(unnamed, `${Buffer.from(key).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(unnamed, path);
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return key;
}
