import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import { Fault } from '../../core/kernel/fault.ts';

/** What this side shows to peers over TLS, and whom it believes. Texts are PEM. */
export interface TlsIdentity {
  /** Our certificate, then those between it and its root; '' when we only call others, and show none. */
  readonly certificate: string;
  readonly key: string;
  /** Roots that are believed beside the usual ones; '' for none. */
  readonly authorities: string;
  /** Who may connect to us: anyone, or who shows a certificate under one of `authorities`. */
  readonly clients: 'anyone' | 'certified';
}

/** The contexts that connections are made with from now on. */
export interface TlsContexts {
  /** Undefined without a certificate of our own. */
  readonly server: SecureContext | undefined;
  readonly client: SecureContext;
}

/** Throws INVALID_SETTING when what is given is no certificate, no key, or they do not belong together. */
export function tlsContexts({ certificate, key, authorities }: TlsIdentity): TlsContexts {
  const own = certificate === '' ? {} : { cert: certificate, key };
  const roots = [...getCACertificates('default'), ...(authorities === '' ? [] : [authorities])];
  try {
    // What is no certificate among roots would be passed over without a word.
    for (const root of certificatesIn(authorities)) new X509Certificate(root);
    if (certificate !== '') assertPair(certificate, key);
    return {
      server: certificate === '' ? undefined : createSecureContext({ ...own, ca: authorities }),
      client: createSecureContext({ ...own, ca: roots }),
    };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = (error as Error).message;
    throw new Fault('INVALID_SETTING', `TLS: expected certificates and a key in PEM, got: ${why}`, {}, error);
  }
}

/** Each certificate of a PEM text; the text itself when it has none. */
function certificatesIn(text: string): readonly string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs);
  return found ?? (text === '' ? [] : [text]);
}

/** When our certificate runs out; undefined without one. */
export function expiryOf({ certificate }: TlsIdentity): Date | undefined {
  return certificate === '' ? undefined : new Date(new X509Certificate(certificate).validTo);
}

function assertPair(certificate: string, key: string): void {
  if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return;
  throw new Fault('INVALID_SETTING', 'TLS: expected the key of the certificate, got another', {});
}

/** URI names as Node writes them; one with special characters is quoted. */
const URI_NAME = /(?:^|, )URI:("(?:[^"\\]|\\.)*"|[^,]*)/g;

/**
 * Why a server's certificate is not that of the SIP domain or host; undefined when it is. SIP URIs in it count before DNS
 * names (RFC 5922 §7.1). Names with `*` are believed as everywhere on the web, against §7.2: carriers have them.
 */
export function serverObjection(name: string, certificate: PeerCertificate): Error | undefined {
  const domains = sipDomains(certificate.subjectaltname ?? '');
  if (isIP(name) !== 0 || domains.length === 0) return checkServerIdentity(name, certificate);
  if (domains.includes(name.toLowerCase())) return undefined;
  return new Error(`expected a certificate for ${name}, got one for ${domains.join(', ')}`);
}

/** A SIP URI with a user part names a person, not a domain (RFC 5922 §7.1). */
function sipDomains(subjectAlternativeName: string): readonly string[] {
  return Array.from(subjectAlternativeName.matchAll(URI_NAME), (match) => match[1]!.replace(/^"|"$/g, '').toLowerCase())
    .filter((uri) => uri.startsWith('sip:') && !uri.includes('@'))
    .map((uri) => uri.slice('sip:'.length).replace(/[;?:].*$/, ''));
}
