import type { HeaderName } from '../message.ts';

/** Long forms as RFC 3261 §20 and the extensions spell them. */
const KNOWN: readonly HeaderName[] = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow',
  'Allow-Events',
  'Alert-Info',
  'Authentication-Info',
  'Authorization',
  'Call-ID',
  'Call-Info',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Type',
  'CSeq',
  'Date',
  'Diversion',
  'Error-Info',
  'Event',
  'Expires',
  'From',
  'In-Reply-To',
  'Max-Forwards',
  'MIME-Version',
  'Min-Expires',
  'Min-SE',
  'Organization',
  'P-Asserted-Identity',
  'P-Called-Party-ID',
  'P-Preferred-Identity',
  'Path',
  'Priority',
  'Privacy',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'RAck',
  'Reason',
  'Record-Route',
  'Refer-To',
  'Referred-By',
  'Remote-Party-ID',
  'Replaces',
  'Reply-To',
  'Require',
  'Retry-After',
  'Route',
  'RSeq',
  'Server',
  'Service-Route',
  'Session-Expires',
  'Subject',
  'Subscription-State',
  'Supported',
  'Timestamp',
  'To',
  'Unsupported',
  'User-Agent',
  'Via',
  'Warning',
  'WWW-Authenticate',
];

/** RFC 3261 §7.3.3 and the registry of header fields. */
const COMPACT: Readonly<Record<string, HeaderName>> = {
  b: 'Referred-By',
  c: 'Content-Type',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
};

/** Fields whose value is a comma-separated list (RFC 3261 §7.3.1). Credentials and dates have commas of their own. */
const LISTS: ReadonlySet<HeaderName> = new Set([
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Alert-Info',
  'Allow',
  'Allow-Events',
  'Call-Info',
  'Contact',
  'Content-Encoding',
  'Content-Language',
  'Diversion',
  'Error-Info',
  'In-Reply-To',
  'P-Asserted-Identity',
  'P-Preferred-Identity',
  'Path',
  'Proxy-Require',
  'Reason',
  'Record-Route',
  'Remote-Party-ID',
  'Require',
  'Route',
  'Service-Route',
  'Supported',
  'Unsupported',
  'Via',
  'Warning',
]);

/** Every spelling met most often: long, lower case, compact in both cases. */
const SPELLINGS = new Map<string, HeaderName>();
for (const name of KNOWN) SPELLINGS.set(name, name).set(name.toLowerCase(), name);
for (const [letter, name] of Object.entries(COMPACT)) SPELLINGS.set(letter, name).set(letter.toUpperCase(), name);

/** The long form of any spelling of a field known here; undefined for an extension. */
export function knownHeaderName(spelling: string): HeaderName | undefined {
  return SPELLINGS.get(spelling) ?? SPELLINGS.get(spelling.toLowerCase());
}

/** The long form of any spelling; an extension's name comes back as it is. */
export function canonicalHeaderName(spelling: string): HeaderName {
  return knownHeaderName(spelling) ?? spelling;
}

/** Whether this is the long form of a field known here. */
export function isKnownHeaderName(name: HeaderName): boolean {
  return SPELLINGS.get(name) === name;
}

export function isListHeader(name: HeaderName): boolean {
  return LISTS.has(name);
}
