import { hash, timingSafeEqual } from 'node:crypto';
import type { Calendar } from '../../core/kernel/clock.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant, WallTime } from '../../core/kernel/time.ts';
import { ownCopy } from './own-copy.ts';

const TIME_DIGITS = 12;
const SALT_BYTES = 8;
const HEAD_DIGITS = TIME_DIGITS + 2 * SALT_BYTES;
const CODE_DIGITS = 32;

/** The wall clock may be set back this far without making the newest nonces invalid. */
const CLOCK_STEP_MS = 1_000;

/** Nonces whose count is remembered. */
const COUNTED_MAX = 65_536;

export interface NonceOptions {
  readonly random: Random;
  readonly calendar: Calendar;
  /** Key of the code in each nonce. With the same key, nonces outlive a restart. */
  readonly secret: Uint8Array;
  readonly lifetimeMs: number;
}

interface Generation {
  readonly counts: Map<string, number>;
  /** When the youngest of these nonces was issued. */
  latest: WallTime;
}

/**
 * Nonces that carry their own proof (RFC 7616 §3.3): time, salt and a keyed code over both and the origin they were
 * issued to. Nothing is kept for a nonce until it has been used with the right password.
 */
export class Nonces {
  readonly #innerKey: string;
  readonly #outerKey: string;
  readonly #options: NonceOptions;
  /** Nonce → highest count used, in two generations, of which the older is forgotten as a whole. */
  #counts: Generation = { counts: new Map(), latest: -1 };
  #olderCounts: Generation = { counts: new Map(), latest: -1 };
  /** A nonce issued up to here and not in the tables may be a forgotten one: it is good no more. */
  #forgottenUntil: WallTime = -1;

  constructor(options: NonceOptions) {
    this.#options = options;
    const secret = Buffer.from(options.secret).toString('hex');
    this.#innerKey = hash('sha256', `inner ${secret}`, 'hex');
    this.#outerKey = hash('sha256', `outer ${secret}`, 'hex');
  }

  issue(origin: string, now: Instant): string {
    const at = Math.floor(this.#options.calendar(now));
    const head = at.toString(16).padStart(TIME_DIGITS, '0') + hexToken(this.#options.random, SALT_BYTES);
    return head + this.#code(head, origin);
  }

  /** Whether this nonce was issued by us to this origin within its lifetime. */
  isCurrent(nonce: string, origin: string, now: Instant): boolean {
    if (nonce.length !== HEAD_DIGITS + CODE_DIGITS) return false;
    const code = Buffer.from(nonce.slice(HEAD_DIGITS));
    const expected = Buffer.from(this.#code(nonce.slice(0, HEAD_DIGITS), origin));
    if (code.length !== expected.length || !timingSafeEqual(code, expected)) return false;
    const age = this.#options.calendar(now) - issuedAt(nonce);
    return age >= -CLOCK_STEP_MS && age <= this.#options.lifetimeMs;
  }

  /** Takes a count of a current nonce: false when it, or a higher one, has been taken (RFC 7616 §3.4: a replay). */
  take(nonce: string, count: number): boolean {
    const { counts } = this.#counts.counts.has(nonce) ? this.#counts : this.#olderCounts;
    const highest = counts.get(nonce);
    if (highest === undefined) return this.#takeFirst(nonce, count);
    if (count > highest) counts.set(nonce, count);
    return count > highest;
  }

  get countedSize(): number {
    return this.#counts.counts.size + this.#olderCounts.counts.size;
  }

  #takeFirst(nonce: string, count: number): boolean {
    const at = issuedAt(nonce);
    if (at <= this.#forgottenUntil) return false;
    if (this.#counts.counts.size >= COUNTED_MAX / 2) {
      this.#forgottenUntil = Math.max(this.#forgottenUntil, this.#olderCounts.latest);
      this.#olderCounts = this.#counts;
      this.#counts = { counts: new Map(), latest: -1 };
    }
    this.#counts.counts.set(ownCopy(nonce), count);
    this.#counts.latest = Math.max(this.#counts.latest, at);
    return true;
  }

  /** A nested keyed hash, as HMAC is: two calls of the one-shot hash cost a quarter of what an HMAC object does. */
  #code(head: string, origin: string): string {
    const inner = hash('sha256', `${this.#innerKey}${head} ${origin}`, 'hex');
    return hash('sha256', `${this.#outerKey}${inner}`, 'hex').slice(0, CODE_DIGITS);
  }
}

function issuedAt(nonce: string): WallTime {
  return Number.parseInt(nonce.slice(0, TIME_DIGITS), 16);
}
