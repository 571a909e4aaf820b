import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { bitString, explicit, integer, octetString, oid, primitive, sequence, set, utcTime, utf8 } from './der.ts';

/** A certificate and its key, as PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  /** Subject alternative names: `sip:example.com`, `127.0.0.1`, `::1`, `pbx.example` or `*.example`. */
  readonly names: readonly string[];
  /** Other than a year from now. */
  readonly expiresAt?: Date;
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = oid('2.5.4.3');
const DAY_MS = 86_400_000;

/** A certification authority of its own (RFC 5280), for tests: nobody else believes it. */
export class Authority {
  /** PEM of the root. */
  readonly certificate: string;
  readonly #name: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #serial = 1;

  constructor(name = 'Authority of the tests') {
    this.#name = name;
    const isAuthority = extension('2.5.29.19', sequence(primitive(0x01, [0xff])), 'critical');
    const validity = validityUntil(new Date(Date.now() + 365 * DAY_MS));
    this.certificate = this.#sign(name, this.#keys.publicKey, validity, [isAuthority]);
  }

  issue({ names, expiresAt = new Date(Date.now() + 365 * DAY_MS) }: Wanted): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const alternatives = extension('2.5.29.17', sequence(...names.map(generalName)));
    const certificate = this.#sign('a test', publicKey, validityUntil(expiresAt), [alternatives]);
    return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  #sign(subject: string, key: KeyObject, validity: Buffer, extensions: readonly Buffer[]): string {
    const toBeSigned = sequence(
      explicit(0, integer(2)),
      integer(this.#serial++),
      ECDSA_SHA256,
      nameOf(this.#name),
      validity,
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensions)),
    );
    const signature = sign('sha256', toBeSigned, this.#keys.privateKey);
    const der = sequence(toBeSigned, ECDSA_SHA256, bitString(signature));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

function validityUntil(expiresAt: Date): Buffer {
  return sequence(utcTime(new Date(Math.min(Date.now(), expiresAt.getTime()) - 2 * DAY_MS)), utcTime(expiresAt));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, utf8(commonName))));
}

function extension(id: string, value: Buffer, weight: 'critical' | 'usual' = 'usual'): Buffer {
  const critical = weight === 'critical' ? [primitive(0x01, [0xff])] : [];
  return sequence(oid(id), ...critical, octetString(value));
}

/** RFC 5280 §4.2.1.6: URI, IP address or DNS name. */
function generalName(name: string): Buffer {
  if (name.startsWith('sip:')) return primitive(0x86, Buffer.from(name));
  if (isIPv6(name)) return primitive(0x87, [...Array(15).fill(0), 1]);
  if (/^[\d.]+$/.test(name)) return primitive(0x87, name.split('.').map(Number));
  return primitive(0x82, Buffer.from(name));
}
