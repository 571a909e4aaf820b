import type { Via } from '../message.ts';
import { formatHostPort, parseHostPort } from './host.ts';
import { formatParameters, NO_PARAMETERS, type Parameters, parseParameters } from './parameters.ts';
import { spaceEnd, tokenEnd } from './token.ts';

/**
 * ```abnf
 * via-parm      = sent-protocol LWS sent-by *(SEMI via-params)      ; RFC 3261 §25.1
 * sent-protocol = "SIP" SLASH "2.0" SLASH transport
 * sent-by       = host [COLON port]
 * ```
 * The version is not judged here: what a message speaks is said by its start line.
 */

/** What a message without a readable Via has in its place. */
export const NO_VIA: Via = { transport: '', host: '', port: 0, branch: '', parameters: NO_PARAMETERS, text: '' };

const SLASH = 0x2f;

/** One element of a Via field; undefined when malformed. */
export function parseVia(text: string): Via | undefined {
  const nameEnd = tokenEnd(text, 0);
  const versionStart = afterSlash(text, nameEnd);
  const versionEnd = tokenEnd(text, versionStart);
  const transportStart = afterSlash(text, versionEnd);
  const transportEnd = tokenEnd(text, transportStart);
  const sentByStart = spaceEnd(text, transportEnd);
  if (nameEnd === 0 || versionStart < 0 || transportStart < 0) return undefined;
  if (versionEnd === versionStart || transportEnd === transportStart || sentByStart === transportEnd) return undefined;
  if (text.slice(0, nameEnd).toUpperCase() !== 'SIP') return undefined;
  const semicolon = text.indexOf(';', sentByStart);
  const sentByEnd = semicolon < 0 ? text.length : semicolon;
  const hostPort = parseHostPort(text, sentByStart, sentByEnd);
  const parameters = parseParameters(text, sentByEnd);
  if (hostPort === undefined || parameters === undefined) return undefined;
  return {
    transport: text.slice(transportStart, transportEnd).toUpperCase(),
    host: hostPort.host,
    port: hostPort.port,
    branch: parameters.get('branch') ?? '',
    parameters,
    text,
  };
}

/** Protocol and sent-by alone, for an answer to a request whose Via parameters are malformed. */
export function parseViaWithoutParameters(text: string): Via | undefined {
  const end = text.search(/[;,]/);
  return end < 0 ? undefined : parseVia(text.slice(0, end).trimEnd());
}

/** `SIP/2.0/UDP host:port;parameters`; the branch is one of the parameters. */
export function formatVia(transport: string, host: string, port: number, parameters: Parameters): string {
  return `SIP/2.0/${transport.toUpperCase()} ${formatHostPort(host, port)}${formatParameters(parameters)}`;
}

/** The same Via with these parameters added or replaced, e.g. `received` and `rport` (RFC 3581 §4). */
export function withViaParameters(via: Via, added: Parameters): Via {
  const parameters = new Map([...via.parameters, ...added]);
  const { transport, host, port } = via;
  const branch = parameters.get('branch') ?? '';
  return { transport, host, port, branch, parameters, text: formatVia(transport, host, port, parameters) };
}

/** Start of what follows the slash at `at`, spaces around it skipped; -1 without a slash. */
function afterSlash(text: string, at: number): number {
  if (at < 0) return -1;
  const slash = spaceEnd(text, at);
  return text.charCodeAt(slash) === SLASH ? spaceEnd(text, slash + 1) : -1;
}
