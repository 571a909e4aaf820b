import { fail } from '../core/kernel/assert.ts';
import { NO_BODY, RequestFields, ResponseFields } from './field-list.ts';
import { canonicalHeaderName, isKnownHeaderName } from './grammar/header-name.ts';
import { isToken } from './grammar/token.ts';
import type { HeaderName, Message, Request, Response, Uri } from './message.ts';
import { reasonPhrase } from './reason-phrase.ts';

export { reasonPhrase } from './reason-phrase.ts';

type Field = readonly [HeaderName, string];

/** A request of these fields, in this order. A CR or LF in a value is an assertion: it would begin another field. */
export function buildRequest(parts: {
  readonly method: string;
  readonly uri: Uri;
  readonly fields: readonly Field[];
  readonly body?: Uint8Array | undefined;
}): Request {
  if (!isToken(parts.method)) fail(`method is no token: ${parts.method}`);
  assertOneLine('Request-URI', parts.uri.text);
  const { names, values } = takeFields(parts.fields);
  return new RequestFields(parts.method, parts.uri, names, values, parts.body ?? NO_BODY);
}

/** A response of these fields, in this order. A CR or LF in a value is an assertion. */
export function buildResponse(parts: {
  readonly status: number;
  readonly reason?: string | undefined;
  readonly fields: readonly Field[];
  readonly body?: Uint8Array | undefined;
}): Response {
  const { status, reason = reasonPhrase(status) } = parts;
  assertResponse(status, reason);
  const { names, values } = takeFields(parts.fields);
  return new ResponseFields(status, reason, names, values, parts.body ?? NO_BODY);
}

/** Requests whose responses establish a dialog (RFC 3261 §12.1, RFC 6665 §4.1, RFC 3515 §2.4.4). */
const DIALOG_CREATING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

/**
 * The response to a request (RFC 3261 §8.2.6, §12.1.1): Via, From, To, Call-ID, CSeq and Timestamp as they came;
 * `toTag` is added to a To without one; Record-Route in what establishes a dialog. `fields` follow after these.
 */
export function respond(
  request: Request,
  status: number,
  extra: {
    readonly reason?: string | undefined;
    readonly toTag?: string | undefined;
    readonly fields?: readonly Field[] | undefined;
    readonly body?: Uint8Array | undefined;
  } = {},
): Response {
  const { reason = reasonPhrase(status), toTag = '', fields = [], body = NO_BODY } = extra;
  assertResponse(status, reason);
  const recordsRoute = status > 100 && status < 300 && DIALOG_CREATING.has(request.method);
  const { names, values } = request.answerFields(toTag, recordsRoute);
  addFields(fields, names, values);
  return new ResponseFields(status, reason, names, values, body);
}

/** The bytes of a message. Content-Length is that of the body, whatever the fields say. */
export function write(message: Message): Uint8Array {
  let head =
    message.type === 'request'
      ? `${message.method} ${message.uri.text} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  head += message.fieldLines();
  const { body } = message;
  head += `\r\nContent-Length: ${body.length}\r\n\r\n`;
  const headBytes = Buffer.byteLength(head, 'utf8');
  const bytes = Buffer.allocUnsafe(headBytes + body.length);
  bytes.write(head, 0, 'utf8');
  bytes.set(body, headBytes);
  return bytes;
}

function assertResponse(status: number, reason: string): void {
  if (!Number.isInteger(status) || status < 100 || status > 699) fail(`status ${status} is out of range`);
  assertOneLine('Reason-Phrase', reason);
}

function takeFields(fields: readonly Field[]): { names: readonly HeaderName[]; values: readonly string[] } {
  const names: HeaderName[] = [];
  const values: string[] = [];
  addFields(fields, names, values);
  return { names, values };
}

function addFields(fields: readonly Field[], names: HeaderName[], values: string[]): void {
  for (let index = 0; index < fields.length; index++) {
    const [name, value] = fields[index]!;
    assertOneLine(name, value);
    names.push(isKnownHeaderName(name) ? name : longForm(name));
    values.push(value);
  }
}

function longForm(name: HeaderName): HeaderName {
  if (!isToken(name)) fail(`header name is no token: ${name}`);
  return canonicalHeaderName(name);
}

function assertOneLine(name: string, value: string): void {
  if (value.includes('\r') || value.includes('\n')) fail(`CR or LF in ${name}`);
}
