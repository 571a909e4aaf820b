import type { HeaderRule } from '../directory/provider-terms.ts';

/** Headers by which a request is routed, matched, proven or read: a table of users must not touch them. */
const OWN: ReadonlySet<string> = new Set([
  'via',
  'v',
  'route',
  'record-route',
  'path',
  'service-route',
  'from',
  'f',
  'to',
  't',
  'call-id',
  'i',
  'cseq',
  'max-forwards',
  'contact',
  'm',
  'content-length',
  'l',
  'content-type',
  'c',
  'content-encoding',
  'e',
  'content-disposition',
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'require',
  'proxy-require',
  'supported',
  'k',
  'allow',
  'rack',
  'rseq',
  'session-expires',
  'x',
  'min-se',
  'replaces',
  'refer-to',
  'r',
  'event',
  'o',
]);

/** RFC 3261 §25.1 token. */
const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]{1,64}$/;
/** One line, without what ends it. */
const VALUE = /^[\t\x20-\x7e\u00a0-\uffff]{0,512}$/;

/** What keeps a header out of a table of users; undefined when it may stand there. */
export function objectionToHeader(name: string, value: string): 'name' | 'value' | undefined {
  if (!TOKEN.test(name) || OWN.has(name.toLowerCase())) return 'name';
  return VALUE.test(value) ? undefined : 'value';
}

/** Besides: what our own settings write, and the reference keeps for itself (platform §5.12). */
const RESERVED: ReadonlySet<string> = new Set([
  'p-asserted-identity',
  'p-preferred-identity',
  'remote-party-id',
  'privacy',
  'diversion',
  'vbout-codecs',
  'vbout-sdp_transport',
]);

/** The rules that tech headers come to; those that must not be sent are left out. */
export function rulesOfTechHeaders(techHeaders: Readonly<Record<string, string>>): readonly HeaderRule[] {
  return Object.entries(techHeaders)
    .filter(([name, value]) => objectionToHeader(name, value) === undefined && value !== '')
    .filter(([name]) => !RESERVED.has(name.toLowerCase()))
    .map(([name, value]) => ({ action: 'add', name, value }));
}
