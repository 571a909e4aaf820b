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

/** A long or compact form in lower case, and the long form that it stands for. */
interface Spelling {
  readonly lower: string;
  readonly name: HeaderName;
}

/** Spellings by their length and first letter: most of these lists are of one. */
const SPELLINGS: Spelling[][] = Array.from(
  { length: placeOf(1 + Math.max(...KNOWN.map(({ length }) => length)), 0) },
  () => [],
);
for (const name of KNOWN) addSpelling(name.toLowerCase(), name);
for (const [letter, name] of Object.entries(COMPACT)) addSpelling(letter, name);

function addSpelling(lower: string, name: HeaderName): void {
  SPELLINGS[placeOf(lower.length, lower.charCodeAt(0))]!.push({ lower, name });
}

function placeOf(length: number, firstCode: number): number {
  return length * 32 + (firstCode & 0x1f);
}

/**
 * The long form of the name that is spelled in `text` from `start` to `end`, in any case; undefined for an extension.
 * Nothing is cut out of the text.
 */
export function knownHeaderName(text: string, start: number, end: number): HeaderName | undefined {
  const spellings = SPELLINGS[placeOf(end - start, text.charCodeAt(start))];
  if (spellings === undefined) return undefined;
  for (let index = 0; index < spellings.length; index++) {
    const { lower, name } = spellings[index]!;
    if (isSpelled(text, start, lower)) return name;
  }
  return undefined;
}

function isSpelled(text: string, start: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index++) {
    const code = text.charCodeAt(start + index);
    const lowerCode = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (lowerCode !== lower.charCodeAt(index)) return false;
  }
  return true;
}

/** The long form of any spelling; an extension's name comes back as it is. */
export function canonicalHeaderName(spelling: string): HeaderName {
  return knownHeaderName(spelling, 0, spelling.length) ?? spelling;
}

/** The long forms, with what their lines begin with. */
const LINE_STARTS = new Map(KNOWN.map((name) => [name, lineStart(name)]));

function lineStart(name: HeaderName): string {
  return `\r\n${name}: `;
}

/** The end of the line before and `Name: `, for the long form of a field known here one text that is always there. */
export function headerLineStart(name: HeaderName): string {
  return LINE_STARTS.get(name) ?? lineStart(name);
}

/** Whether this is the long form of a field known here. */
export function isKnownHeaderName(name: HeaderName): boolean {
  return LINE_STARTS.has(name);
}

/** As indexOf, but several times as quick for these few texts, most of which are the same object or differ. */
export function indexOfName(names: readonly HeaderName[], name: HeaderName, from: number): number {
  for (let index = from; index < names.length; index++) {
    if (names[index] === name) return index;
  }
  return -1;
}

export function isListHeader(name: HeaderName): boolean {
  return LISTS.has(name);
}
