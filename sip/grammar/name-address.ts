import type { NameAddress, Uri } from '../message.ts';
import { formatParameters, NO_PARAMETERS, type Parameters, parseParameters } from './parameters.ts';
import { quote, quotedStringEnd, unquote } from './quoted-string.ts';
import { spaceEnd } from './token.ts';
import { NO_URI, parseUri } from './uri.ts';

/**
 * ```abnf
 * from-spec    = (name-addr / addr-spec) *(SEMI from-param)      ; RFC 3261 §25.1; To, Contact, Route … likewise
 * name-addr    = [display-name] LAQUOT addr-spec RAQUOT
 * display-name = *(token LWS) / quoted-string
 * ```
 * An unquoted display name may hold any character except the quote and the comma: phones send them in UTF-8.
 */

/** What a message without a readable address has in its place. */
export const NO_ADDRESS: NameAddress = { displayName: '', uri: NO_URI, parameters: NO_PARAMETERS };

/** One address with its header parameters; undefined when malformed. */
export function parseNameAddress(text: string): NameAddress | undefined {
  const start = spaceEnd(text, 0);
  let displayName = '';
  let opening = start;
  if (text.charCodeAt(start) === 0x22) {
    const end = quotedStringEnd(text, start);
    if (end < 0) return undefined;
    displayName = unquote(text, start, end);
    opening = spaceEnd(text, end);
    if (text.charCodeAt(opening) !== 0x3c) return undefined;
  } else {
    opening = text.indexOf('<', start);
    if (opening < 0) return parseBareAddress(text, start);
    displayName = text.slice(start, opening).trimEnd();
    if (displayName !== '' && /[",;]/.test(displayName)) return undefined;
  }
  const closing = text.indexOf('>', opening);
  if (closing < 0) return undefined;
  const uri = parseUri(text.slice(opening + 1, closing));
  const parameters = parseParameters(text, closing + 1);
  return uri === undefined || parameters === undefined ? undefined : { displayName, uri, parameters };
}

/** Without brackets every parameter is the header's, and a comma or question mark is not allowed (RFC 3261 §20.10). */
function parseBareAddress(text: string, start: number): NameAddress | undefined {
  const semicolon = text.indexOf(';', start);
  const end = semicolon < 0 ? text.length : semicolon;
  const address = text.slice(start, end).trimEnd();
  if (/[?,]/.test(address)) return undefined;
  const uri = parseUri(address);
  const parameters = parseParameters(text, end);
  return uri === undefined || parameters === undefined ? undefined : { displayName: '', uri, parameters };
}

/** `"display name" <uri>;parameters`; the name is left out when empty. */
export function formatNameAddress(displayName: string, uri: Uri, parameters: Parameters = NO_PARAMETERS): string {
  const name = displayName === '' ? '' : `${quote(displayName)} `;
  return `${name}<${uri.text}>${formatParameters(parameters)}`;
}
