import type { Via } from '../message.ts';
import { formatHostPort, hostEnd, parsePort, readHost } from './host.ts';
import { formatParameters, NO_PARAMETERS, ParameterChain, type Parameters, parseParameters } from './parameters.ts';
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

const RPORT = ';rport';
const SEMICOLON = 0x3b;

/** One element of a Via field; undefined when malformed. */
export function parseVia(text: string): Via | undefined {
  const transportStart = text.startsWith('SIP/2.0/') ? 8 : protocolEnd(text);
  if (transportStart < 0) return undefined;
  const transportEnd = tokenEnd(text, transportStart);
  const sentByStart = spaceEnd(text, transportEnd);
  if (transportEnd === transportStart || sentByStart === transportEnd) return undefined;
  const semicolon = text.indexOf(';', sentByStart);
  const sentByEnd = semicolon < 0 ? text.length : semicolon;
  const portStart = hostEnd(text, sentByStart, sentByEnd);
  const port = portStart < 0 ? -1 : parsePort(text, portStart, sentByEnd);
  const parameters = port < 0 ? undefined : parseParameters(text, sentByEnd);
  if (parameters === undefined) return undefined;
  return {
    transport: readTransport(text, transportStart, transportEnd),
    host: readHost(text, sentByStart, portStart),
    port,
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

/**
 * The same Via with what we saw of its source: `received`, and the value of `rport` when it asks for it (RFC 3581 §4).
 */
export function withSource(via: Via, address: string, port: number | undefined): Via {
  const { transport, host, branch } = via;
  let parameters = chainOf(via.parameters);
  if (port !== undefined) parameters = parameters.with('rport', String(port));
  parameters = parameters.with('received', address);
  const text = textWithSource(via, address, port) ?? formatVia(transport, host, via.port, parameters);
  return { transport, host, port: via.port, branch, parameters, text };
}

/** The text as it came with the two put in; undefined where that is not as simple as nearly always. */
function textWithSource({ text, parameters }: Via, address: string, port: number | undefined): string | undefined {
  if (parameters.has('received')) return undefined;
  if (port === undefined) return `${text};received=${address}`;
  const at = text.indexOf(RPORT);
  const end = at + RPORT.length;
  if (at < 0 || (end < text.length && text.charCodeAt(end) !== SEMICOLON) || text.includes('"')) return undefined;
  return end === text.length
    ? `${text}=${port};received=${address}`
    : `${text.slice(0, end)}=${port}${text.slice(end)};received=${address}`;
}

/** Start of the transport in `SIP / 2.0 / UDP`, spaced and in any case; -1 when it is another protocol. */
function protocolEnd(text: string): number {
  const match = /^SIP[ \t]*\/[ \t]*\d+\.\d+[ \t]*\/[ \t]*/i.exec(text);
  return match === null ? -1 : match[0].length;
}

function chainOf(parameters: Parameters): ParameterChain {
  if (parameters instanceof ParameterChain) return parameters;
  let chain = NO_PARAMETERS;
  for (const [name, value] of parameters) chain = chain.with(name, value);
  return chain;
}

/** Upper case; what nearly every Via says is not cut out of it. */
function readTransport(text: string, start: number, end: number): string {
  if (end - start === 3 && text.startsWith('UDP', start)) return 'UDP';
  if (end - start === 3 && text.startsWith('TCP', start)) return 'TCP';
  return text.slice(start, end).toUpperCase();
}
