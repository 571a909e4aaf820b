import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../core/command.ts';
import { FAULTS, type FaultCode } from '../core/kernel/fault.ts';

/** What was wrong with one field of a request. */
export interface Detail {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Fields whose values never appear in an answer, not even back to the one who sent them. */
const SECRET_FIELDS = new Set(['password', 'token', 'accesskey', 'secret']);
const GOT_CHARACTERS_MAX = 100;
/** Defects told of one request; a body can have more than anybody reads. */
const DETAILS_MAX = 50;

/** Answers with the error shape of the API. */
export function sendRefusal(
  reply: FastifyReply,
  refusal: Refusal,
  details: readonly Detail[] = detailsOf(refusal),
): FastifyReply {
  const fault = FAULTS[refusal.code];
  if (refusal.retryAfterS !== undefined) reply.header('retry-after', String(refusal.retryAfterS));
  return reply.code(fault.http).send({
    error: {
      status: fault.status,
      reason: refusal.code,
      message: refusal.message,
      request_id: reply.request.id,
      details,
    },
  });
}

function detailsOf(refusal: Refusal): Detail[] {
  if (refusal.field === undefined) return [];
  const { field, expected = '', got = '' } = refusal;
  return [{ field, expected, got: SECRET_FIELDS.has(field.slice(field.lastIndexOf('.') + 1)) ? 'a secret' : got }];
}

/**
 * Turns what the framework refused into the error shape. Undefined for an error that is none of the client's doing.
 */
export function refusalOf(
  error: FastifyError,
): { readonly refusal: Refusal; readonly details: readonly Detail[] } | undefined {
  if (error.validation !== undefined) {
    const details = distinct(
      error.validation
        .slice(0, DETAILS_MAX)
        .map((defect) => detailOf(defect as ValidationDefect, error.validationContext ?? '')),
    );
    const message = details
      .map((detail) => `${detail.field}: expected ${detail.expected}, got ${detail.got}`)
      .join('; ');
    return { refusal: { code: reasonOf(error.validation as readonly unknown[]), message }, details };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { refusal: { code: 'PAYLOAD_TOO_LARGE', message: 'the body is longer than 1 MiB' }, details: [] };
  }
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  const code = error.code?.startsWith('FST_ERR_CTP') === true ? 'INVALID_JSON_BODY' : 'INVALID_ARGUMENT';
  return { refusal: { code, message: error.message }, details: [] };
}

/** An error of ours: reported under the request id, which is all that the client is told. */
export function sendInternal(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendRefusal(reply, { code: 'INTERNAL', message: `an internal error, logged as ${request.id}` });
}

/** What the schema validator says in verbose mode. */
interface ValidationDefect {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: { readonly description?: string; readonly type?: string; readonly 'x-reason'?: FaultCode };
}

/** One value that breaks several rules of one sentence is told once. */
function distinct(details: readonly Detail[]): readonly Detail[] {
  return [...new Map(details.map((detail) => [`${detail.field} ${detail.expected}`, detail])).values()];
}

/** A schema may name a reason of its own by `x-reason`; the first one counts. */
function reasonOf(defects: readonly unknown[]): FaultCode {
  for (const defect of defects as readonly ValidationDefect[]) {
    const reason = defect.parentSchema?.['x-reason'];
    if (reason !== undefined) return reason;
  }
  return 'INVALID_ARGUMENT';
}

/** `/destinations/0/type` (RFC 6901) as `destinations[0].type`, as flows and the core name fields. */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
}

function detailOf(defect: ValidationDefect, context: string): Detail {
  const path = fieldOf(defect.instancePath);
  if (defect.keyword === 'required') {
    const missing = String(defect.params['missingProperty']);
    return { field: path === '' ? missing : `${path}.${missing}`, expected: 'a value', got: 'nothing' };
  }
  if (defect.keyword === 'additionalProperties') {
    const unknown = String(defect.params['additionalProperty']);
    return { field: path === '' ? unknown : `${path}.${unknown}`, expected: 'a name that exists', got: unknown };
  }
  const field = path === '' ? context : path;
  const expected = defect.parentSchema?.description ?? defect.message ?? 'something else';
  return {
    field,
    expected,
    got: SECRET_FIELDS.has(field.slice(field.lastIndexOf('.') + 1))
      ? `a ${typeof defect.data} that is not shown`
      : show(defect.data),
  };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= GOT_CHARACTERS_MAX ? text : `${text.slice(0, GOT_CHARACTERS_MAX)}…`;
}
