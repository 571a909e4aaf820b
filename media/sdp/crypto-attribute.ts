import { CRYPTO_SUITES, masterBytes, type SrtpSuite } from '../srtp/crypto-suite.ts';
import type { Attribute } from './session-description.ts';

/** One line `a=crypto` (RFC 4568 §9.1): what its writer protects what it sends with. */
export interface CryptoLine {
  readonly tag: number;
  readonly suite: SrtpSuite;
  /** Master key and salt in base64. */
  readonly key: string;
}

const CRYPTO = 'crypto';
const TAG = /^\d{1,9}$/;
const INLINE = /^inline:([A-Za-z0-9+/]{1,80}={0,2})(?:\|(?:2\^\d{1,2}|\d{1,15}))?$/i;
const LIFETIME_BITS_MAX = 48;
/** What may be left unread: a hint at the replay window, and what its writer lets us pass over (RFC 4568 §6.3.6, §6.3.7). */
const PASSED_OVER = /^(WSH=\d{2,5}|-.*)$/i;

/** Whether any key is named, be it one of use here or not. */
export function hasCrypto(attributes: readonly Attribute[]): boolean {
  return attributes.some(({ name }) => name === CRYPTO);
}

/**
 * The lines that can be used here, in their order, the first of each tag. Left out are other suites, several keys at a time,
 * keys with an identifier (MKI), and parameters that would change how packets look (RFC 4568 §6.3).
 */
export function cryptoLinesOf(attributes: readonly Attribute[]): readonly CryptoLine[] {
  const lines: CryptoLine[] = [];
  for (const { name, value } of attributes) {
    const line = name === CRYPTO && value !== undefined ? parseCrypto(value) : undefined;
    if (line !== undefined && !lines.some(({ tag }) => tag === line.tag)) lines.push(line);
  }
  return lines;
}

export function cryptoAttribute({ tag, suite, key }: CryptoLine): Attribute {
  return { name: CRYPTO, value: `${tag} ${suite} inline:${key}` };
}

/** `<tag> <crypto-suite> inline:<key and salt>[|<lifetime>] [<session parameter> …]`. */
function parseCrypto(value: string): CryptoLine | undefined {
  const [tag, suiteName, parameters, ...rest] = value.split(/[ \t]+/);
  const suite = suiteName?.toUpperCase();
  if (suite === undefined || !isSuite(suite) || !TAG.test(tag!)) return undefined;
  if (!rest.every((parameter) => parameter === '' || PASSED_OVER.test(parameter))) return undefined;
  const inline = INLINE.exec(parameters ?? '');
  if (inline === null) return undefined;
  const bits = /\|2\^(\d+)$/.exec(inline[0])?.[1];
  if (bits !== undefined && Number(bits) > LIFETIME_BITS_MAX) return undefined;
  const bytes = Buffer.from(inline[1]!, 'base64');
  return bytes.length === masterBytes(suite) ? { tag: Number(tag), suite, key: bytes.toString('base64') } : undefined;
}

function isSuite(name: string): name is SrtpSuite {
  return Object.hasOwn(CRYPTO_SUITES, name);
}
