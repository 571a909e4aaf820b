import { hash, timingSafeEqual } from 'node:crypto';
import type { Calendar } from '../../core/kernel/clock.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import {
  type AuthenticationParameter,
  formatAuthentication,
  parseChallenge,
  parseCredentials,
} from '../grammar/authentication.ts';
import { parseUri } from '../grammar/uri.ts';
import type { Parameters, Request } from '../message.ts';
import { Nonces } from './nonces.ts';

export type DigestAlgorithm = 'SHA-256' | 'MD5';

const HASH_NAMES: Readonly<Record<DigestAlgorithm, string>> = { 'SHA-256': 'sha256', MD5: 'md5' };

export interface DigestServerOptions {
  readonly random: Random;
  readonly calendar: Calendar;
  /** 32 bytes; nonces outlive a restart when it does. Random when left out. */
  readonly secret?: Uint8Array;
  readonly nonceLifetimeMs: number;
  /**
   * What challenges offer, best first; MD5 alone when left out. RFC 8760 wants SHA-256 first, each in a header of its
   * own, but phones on libre 1 (baresip 1.0.0) give up when any challenge names an algorithm that they do not know,
   * wherever it stands. Credentials with either algorithm are accepted in any case.
   */
  readonly algorithms?: readonly DigestAlgorithm[];
}

export type DigestVerdict =
  | { readonly kind: 'accepted'; readonly username: string }
  /** The nonce is not ours, not theirs, too old, or its count was used: challenge again with `stale`. */
  | { readonly kind: 'stale'; readonly username: string }
  /** No usable digest credentials: challenge. */
  | { readonly kind: 'missing' }
  /** Unknown user or wrong password. */
  | { readonly kind: 'rejected'; readonly username: string };

interface Credentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** Undefined for the form without qop (RFC 2069), which old phones use. */
  readonly protection: Protection | undefined;
}

interface Protection {
  /** As it came: its text is part of what is hashed. */
  readonly nc: string;
  readonly cnonce: string;
}

/**
 * Digest authentication as server (RFC 7616, RFC 8760, RFC 3261 §22). Stateless but for the counts of used nonces.
 *
 * `origin` is where a nonce is valid, such as the source address: who sends with a forged source never sees a nonce
 * for it, so cannot make failures in another's name. The nonce is judged before the password, so an old nonce tells
 * nothing about a guess.
 */
export class DigestServer {
  readonly #nonces: Nonces;
  readonly #algorithms: readonly DigestAlgorithm[];
  /** Hashed for unknown users, so that they take as long as known ones. */
  readonly #decoy: string;

  constructor(options: DigestServerOptions) {
    const { random, calendar, nonceLifetimeMs: lifetimeMs } = options;
    const secret = options.secret ?? random.bytes(32);
    this.#nonces = new Nonces({ random, calendar, secret, lifetimeMs });
    this.#algorithms = options.algorithms ?? ['MD5'];
    this.#decoy = hexToken(random, 8);
  }

  /** Nonces whose counts are kept at present, for metrics. */
  get remembered(): number {
    return this.#nonces.countedSize;
  }

  /** Values for WWW-Authenticate headers, one each (RFC 8760 §2.3), best first. */
  challenge(realm: string, now: Instant, stale = false, origin = ''): readonly string[] {
    return this.#algorithms.map((algorithm) => {
      const parameters: AuthenticationParameter[] = [
        ['realm', realm, 'quoted'],
        ['nonce', this.#nonces.issue(origin, now), 'quoted'],
        ['algorithm', algorithm, 'token'],
        ['qop', 'auth', 'quoted'],
      ];
      if (stale) parameters.push(['stale', 'true', 'token']);
      return formatAuthentication('Digest', parameters);
    });
  }

  /** Judges a request's Authorization. Any realm is as good as another: the user's own is hashed. */
  verify(
    request: Request,
    credentials: (username: string, realm: string) => { readonly password: string } | undefined,
    now: Instant,
    origin = '',
  ): DigestVerdict {
    const given = readAuthorization(request);
    if (given === undefined) return { kind: 'missing' };
    const { username, protection } = given;
    if (!this.#nonces.isCurrent(given.nonce, origin, now)) return { kind: 'stale', username };
    const account = credentials(username, given.realm);
    const expected = digestResponse(given, account?.password ?? this.#decoy, request.method);
    const matches = sameText(given.response.toLowerCase(), expected);
    if (!matches || account === undefined) return { kind: 'rejected', username };
    if (protection === undefined) return { kind: 'accepted', username };
    const fresh = this.#nonces.take(given.nonce, Number.parseInt(protection.nc, 16));
    return { kind: fresh ? 'accepted' : 'stale', username };
  }
}

/** The first complete Digest credentials of a request (RFC 3261 §22.2 allows several, one for each realm). */
function readAuthorization(request: Request): Credentials | undefined {
  for (const value of request.all('Authorization')) {
    const field = parseCredentials(value);
    const read = field?.scheme === 'digest' ? readCredentials(field.parameters) : undefined;
    if (read !== undefined && (read.protection !== undefined || aimsAt(request, read.uri))) return read;
  }
  return undefined;
}

function readCredentials(parameters: Parameters): Credentials | undefined {
  const algorithm = readAlgorithm(parameters.get('algorithm'));
  const username = parameters.get('username');
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  const uri = parameters.get('uri');
  const response = parameters.get('response');
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined || algorithm === undefined) return undefined;
  const qop = parameters.get('qop');
  if (qop === undefined) return { username, realm, nonce, uri, response, algorithm, protection: undefined };
  const nc = parameters.get('nc') ?? '';
  const cnonce = parameters.get('cnonce');
  if (qop.toLowerCase() !== 'auth' || cnonce === undefined || !/^[0-9a-f]{1,8}$/i.test(nc)) return undefined;
  return { username, realm, nonce, uri, response, algorithm, protection: { nc, cnonce } };
}

/** RFC 7616 §3.3: MD5 when absent. */
function readAlgorithm(text = 'MD5'): DigestAlgorithm | undefined {
  const name = text.toUpperCase();
  return name === 'MD5' || name === 'SHA-256' ? name : undefined;
}

/**
 * Whether the hashed URI names the user that the Request-URI names. Without qop a request can be replayed within the
 * nonce's lifetime: this keeps it to the same destination. Hosts are not compared, since gateways rewrite them.
 */
function aimsAt(request: Request, uri: string): boolean {
  return parseUri(uri)?.user === request.uri.user;
}

/** RFC 7616 §3.4.1, in lower-case hexadecimal. */
function digestResponse(given: Omit<Credentials, 'response'>, password: string, method: string): string {
  const name = HASH_NAMES[given.algorithm];
  const a1 = hash(name, `${given.username}:${given.realm}:${password}`);
  const a2 = hash(name, `${method}:${given.uri}`);
  const { protection } = given;
  const middle = protection === undefined ? given.nonce : `${given.nonce}:${protection.nc}:${protection.cnonce}:auth`;
  return hash(name, `${a1}:${middle}:${a2}`);
}

/** Takes as long for a near miss as for a far one. */
function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

export interface ChallengeAnswer {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The Request-URI as it is sent. */
  readonly uri: string;
  readonly cnonce: string;
  /** How often this nonce has been used, this request included: from 1. */
  readonly nc: number;
}

/**
 * Value of the Authorization or Proxy-Authorization header that answers a challenge (RFC 7616 §3.4). Undefined when
 * the challenge is malformed, or needs an algorithm or protection other than MD5, SHA-256 and `auth`.
 */
export function answerChallenge(challenge: string, use: ChallengeAnswer): string | undefined {
  const field = parseChallenge(challenge);
  if (field?.scheme !== 'digest') return undefined;
  const { parameters } = field;
  const algorithm = readAlgorithm(parameters.get('algorithm'));
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  const qop = parameters.get('qop')?.toLowerCase();
  if (qop !== undefined && !qop.split(',').some((option) => option.trim() === 'auth')) return undefined;
  const { username, uri, cnonce } = use;
  const nc = use.nc.toString(16).padStart(8, '0');
  const protection = qop === undefined ? undefined : { nc, cnonce };
  const response = digestResponse({ username, realm, nonce, uri, algorithm, protection }, use.password, use.method);
  const answer: AuthenticationParameter[] = [
    ['username', username, 'quoted'],
    ['realm', realm, 'quoted'],
    ['nonce', nonce, 'quoted'],
    ['uri', uri, 'quoted'],
    ['response', response, 'quoted'],
  ];
  if (parameters.has('algorithm')) answer.push(['algorithm', algorithm, 'token']);
  if (protection !== undefined) {
    answer.push(['qop', 'auth', 'token'], ['nc', nc, 'token'], ['cnonce', cnonce, 'quoted']);
  }
  const opaque = parameters.get('opaque');
  if (opaque !== undefined) answer.push(['opaque', opaque, 'quoted']);
  return formatAuthentication('Digest', answer);
}
