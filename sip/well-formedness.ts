import type { DefectList } from './defect.ts';
import { parseCSeq } from './grammar/cseq.ts';
import { indexOfName } from './grammar/header-name.ts';
import { KNOWN_METHODS } from './grammar/known-methods.ts';
import { parseNameAddress } from './grammar/name-address.ts';
import { parseVia } from './grammar/via.ts';
import type { HeaderName, Message } from './message.ts';

/** RFC 3261 §8.1.1. Max-Forwards is missing in requests of RFC 2543, which are served. */
const REQUIRED: readonly HeaderName[] = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];
const SINGLE: ReadonlySet<HeaderName> = new Set(['From', 'To', 'Call-ID', 'CSeq', 'Content-Length', 'Max-Forwards']);

/** RFC 3261 §25.1 SIP-date: always GMT. */
const SIP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** RFC 3261 §20.22. */
const MAX_MAX_FORWARDS = 255;
/** RFC 3261 §20.19. */
const MAX_EXPIRES_S = 2 ** 32 - 1;

/** Checks the headers that every message is processed by; `names` are those of its fields. */
export function checkWellFormed(message: Message, names: readonly HeaderName[], defects: DefectList): void {
  checkPresence(names, defects);
  checkVias(message, names, defects);
  if (message.from.uri.scheme === '' && isPresent(names, 'From')) malformed(message, 'From', defects);
  if (message.to.uri.scheme === '' && isPresent(names, 'To')) malformed(message, 'To', defects);
  if (!/^[^ \t]+$/.test(message.callId) && isPresent(names, 'Call-ID')) malformed(message, 'Call-ID', defects);
  checkCSeq(message, defects);
  if (isPresent(names, 'Contact')) checkContacts(message, names, defects);
  checkOptional(message, names, defects);
}

function isPresent(names: readonly HeaderName[], name: HeaderName): boolean {
  return indexOfName(names, name, 0) >= 0;
}

/** Whether a field that is present comes once. */
function isAlone(names: readonly HeaderName[], name: HeaderName): boolean {
  return indexOfName(names, name, indexOfName(names, name, 0) + 1) < 0;
}

function checkPresence(names: readonly HeaderName[], defects: DefectList): void {
  for (let index = 0; index < REQUIRED.length; index++) {
    const name = REQUIRED[index]!;
    if (!isPresent(names, name)) defects.fatal(`missing-${name.toLowerCase()}`, name, 400, 'required');
  }
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    if (!SINGLE.has(name) || indexOfName(names, name, 0) === index) continue;
    defects.fatal(`repeated-${name.toLowerCase()}`, name, 400, 'allowed once');
  }
}

/** A response goes back along all of them, so none may be malformed. */
function checkVias(message: Message, names: readonly HeaderName[], defects: DefectList): void {
  const { host, text: top } = message.topVia;
  if (host === '') {
    if (message.first('Via') !== undefined) malformed(message, 'Via', defects);
    defects.silence();
    return;
  }
  if (message.first('Via') === top && isAlone(names, 'Via')) return;
  const vias = message.all('Via');
  for (let index = 0; index < vias.length; index++) {
    const text = vias[index]!;
    if ((index === 0 && text === top) || parseVia(text) !== undefined) continue;
    defects.fatal('malformed-via', 'Via', 400, text);
    return;
  }
}

function checkCSeq(message: Message, defects: DefectList): void {
  const text = message.first('CSeq');
  if (text === undefined) return;
  const { number, method } = message.cseq;
  if (number === 0 && parseCSeq(text) === undefined) malformed(message, 'CSeq', defects);
  else if (message.type === 'request' && method !== message.method) {
    // RFC 4475 §3.1.2.18: of a method that nobody knows, that is what matters.
    const status = KNOWN_METHODS.has(message.method) ? 400 : 501;
    defects.fatal('cseq-method-mismatch', 'CSeq', status, `${method} in ${message.method}`);
  }
}

/** A request needs a remote target that can be read; of a response the readable contacts are used. */
function checkContacts(message: Message, names: readonly HeaderName[], defects: DefectList): void {
  if (message.contactIsStar) return;
  if (message.contacts.length === 1 && isAlone(names, 'Contact') && !message.first('Contact')!.includes(',')) return;
  const contacts = message.all('Contact');
  if (message.contacts.length === contacts.length) return;
  const text = contacts.find((contact) => parseNameAddress(contact) === undefined) ?? '';
  if (message.type === 'request') defects.fatal('malformed-contact', 'Contact', 400, text);
  else defects.minor('malformed-contact', 'Contact', text);
}

/** Headers without which a message can be processed as if they were absent (RFC 4475 §3.1.2.4, §3.1.2.12). */
function checkOptional(message: Message, names: readonly HeaderName[], defects: DefectList): void {
  if (isPresent(names, 'Max-Forwards')) checkNumber(message, 'Max-Forwards', MAX_MAX_FORWARDS, defects);
  if (isPresent(names, 'Expires')) checkNumber(message, 'Expires', MAX_EXPIRES_S, defects);
  if (!isPresent(names, 'Date')) return;
  const date = message.first('Date') ?? '';
  if (!SIP_DATE.test(date)) defects.minor('malformed-date', 'Date', date);
}

function checkNumber(message: Message, name: HeaderName, limit: number, defects: DefectList): void {
  const text = message.first(name) ?? '';
  if (/^\d+$/.test(text) && Number(text) <= limit) return;
  defects.minor(`malformed-${name.toLowerCase()}`, name, text);
}

function malformed(message: Message, name: HeaderName, defects: DefectList): void {
  defects.fatal(`malformed-${name.toLowerCase()}`, name, 400, message.first(name) ?? '');
}
