import { parseParameters } from '../grammar/parameters.ts';
import { percentDecode } from '../grammar/percent-encoding.ts';
import type { Uri } from '../message.ts';

/** The dialog that an INVITE takes the place of, with tags as its recipient has them (RFC 3891 §6.1). */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  /** Only if it is not answered yet. */
  readonly isEarlyOnly: boolean;
}

/**
 * ```abnf
 * Replaces = "Replaces" HCOLON callid *(SEMI replaces-param)     ; RFC 3891 §6.1
 * replaces-param = to-tag / from-tag / early-flag / generic-param
 * ```
 * Undefined when a part is missing or malformed.
 */
export function parseReplaces(text: string): Replaces | undefined {
  const semicolon = text.indexOf(';');
  const callId = text.slice(0, semicolon).trim();
  const parameters = semicolon < 1 ? undefined : parseParameters(text, semicolon);
  const toTag = parameters?.get('to-tag') ?? '';
  const fromTag = parameters?.get('from-tag') ?? '';
  if (parameters === undefined || callId === '' || toTag === '' || fromTag === '') return undefined;
  return { callId, toTag, fromTag, isEarlyOnly: parameters.has('early-only') };
}

/** Value of a header that a URI brings along (RFC 3261 §19.1.1); undefined when it has none. */
export function headerIn(uri: Uri, name: string): string | undefined {
  for (const header of uri.headers.split('&')) {
    const equals = header.indexOf('=');
    if (equals < 0 || header.slice(0, equals).toLowerCase() !== name) continue;
    return percentDecode(header.slice(equals + 1));
  }
  return undefined;
}
