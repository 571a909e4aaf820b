const NOT_FOUND_ADVICE = 'Check the id; another customer\u2019s things are not found.';

/**
 * The one registry of what can go wrong: stable code → HTTP status and the reference's `status` word, and what the
 * operator or caller can do. API documents are made from it. Causes of calls (SIP, Q.850) are in `core/calls/cause.ts`.
 */
export const FAULTS = {
  // Refusals of requests
  INVALID_JSON_BODY: {
    http: 400,
    status: 'INVALID_ARGUMENT',
    advice: 'Send a JSON object with Content-Type application/json.',
  },
  INVALID_ARGUMENT: {
    http: 400,
    status: 'INVALID_ARGUMENT',
    advice: 'See details: the field, what was expected, what came.',
  },
  INVALID_ACTION_TYPE: {
    http: 400,
    status: 'INVALID_ARGUMENT',
    advice: 'See details for each action; tandem flow check tells the same of a file.',
  },
  INVALID_ANONYMOUS_VALUE: { http: 400, status: 'INVALID_ARGUMENT', advice: 'Leave it out, or send yes, no or auto.' },
  INVALID_VARIABLES: { http: 400, status: 'INVALID_ARGUMENT', advice: 'Send fewer or shorter variables, all of text.' },
  AUTHENTICATION_REQUIRED: { http: 401, status: 'UNAUTHENTICATED', advice: 'Send a token or access key.' },
  INVALID_CREDENTIALS: { http: 401, status: 'UNAUTHENTICATED', advice: 'Log in again, or make a new access key.' },
  PERMISSION_DENIED: { http: 403, status: 'PERMISSION_DENIED', advice: 'Ask an admin of the customer.' },
  RESOURCE_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  ACCESSKEY_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  ACTIVEFLOW_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  AGENT_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  BAN_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  CALL_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  CONFERENCE_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  CONFERENCECALL_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  EXTENSION_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  FLOW_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  NUMBER_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  OUTBOUND_CONFIG_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  PROVIDER_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  RECORDING_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  TRUNK_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: NOT_FOUND_ADVICE },
  ROUTE_NOT_FOUND: { http: 404, status: 'NOT_FOUND', advice: 'See /openapi.json for what exists.' },
  ALREADY_EXISTS: { http: 409, status: 'ALREADY_EXISTS', advice: 'Choose another name or number.' },
  STATE_INVALID: {
    http: 409,
    status: 'FAILED_PRECONDITION',
    advice: 'Read the resource and try what its state allows.',
  },
  PAYLOAD_TOO_LARGE: { http: 413, status: 'INVALID_ARGUMENT', advice: 'Send a smaller body.' },
  RATE_LIMIT_EXCEEDED: { http: 429, status: 'RESOURCE_EXHAUSTED', advice: 'Wait as long as Retry-After says.' },
  INTERNAL: { http: 500, status: 'INTERNAL', advice: 'See the log under the request id.' },
  NOT_IMPLEMENTED: { http: 501, status: 'UNIMPLEMENTED', advice: 'Not built yet.' },
  OVERLOADED: { http: 503, status: 'UNAVAILABLE', advice: 'Wait as long as Retry-After says; nothing was changed.' },
  SERVICE_UNAVAILABLE: { http: 503, status: 'UNAVAILABLE', advice: 'Try again; nothing was changed.' },
  // Faults of the environment
  PORT_IN_USE: { http: 503, status: 'UNAVAILABLE', advice: 'Stop the other program or choose another port.' },
  ADDRESS_UNAVAILABLE: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Choose an address that this machine has and a port that this user may use.',
  },
  FOLDER_UNWRITABLE: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Choose another --data folder, or give this user write access to it.',
  },
  FOLDER_IN_USE: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Stop the other process, or choose another --data folder.',
  },
  SECRET_EXPOSED: { http: 503, status: 'UNAVAILABLE', advice: 'Give the file to this user alone: chmod 600.' },
  SECRET_WRONG: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Put back the secret.key that belongs to this database.',
  },
  DATABASE_BROKEN: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Put a backup of the data folder in its place, or choose another --data folder.',
  },
  DATABASE_NEWER: {
    http: 503,
    status: 'UNAVAILABLE',
    advice: 'Start the newer Tandem that wrote it, or put an older backup of the data folder in its place.',
  },
  STORE_FAILED: { http: 503, status: 'UNAVAILABLE', advice: 'Check the disk; nothing was changed.' },
  INVALID_SETTING: { http: 400, status: 'INVALID_ARGUMENT', advice: 'See tandem serve --help.' },
  FILE_UNREADABLE: { http: 400, status: 'INVALID_ARGUMENT', advice: 'Check that the file exists and may be read.' },
  UNREACHABLE: { http: 503, status: 'UNAVAILABLE', advice: 'Check that tandem serve runs and where it listens.' },
} as const;

export type FaultCode = keyof typeof FAULTS;

/** The environment's failure, thrown at an asynchronous edge and turned there into an input or an exit. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  /** Numbers and names: expected, got, limit, path, port. */
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: FaultCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.context = context;
  }
}
