import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal, Refusal } from '../core/command.ts';
import type { AgentId } from '../core/kernel/ids.ts';
import type { Backend } from './backend.ts';
import { passwordStamp, type Tokens } from './token.ts';

/** Longest credential looked at; tokens of ours are below 2 kB. */
const CREDENTIAL_CHARACTERS_MAX = 8_192;

export type Authentication =
  | { readonly kind: 'proved'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Where a request carries credentials; one that asks for a WebSocket is none of the framework's. */
export interface Asking {
  readonly headers: { readonly cookie?: string | undefined; readonly authorization?: string | undefined };
  /** Parameters by name. */
  readonly query: unknown;
}

/** What credentials are held against. */
type Proof = Pick<Backend, 'directory' | 'clock' | 'operatorToken'>;

/** Finds out who is asking, from a token, an access key or the operator's token. */
export class Authenticator {
  readonly #backend: Proof;
  readonly #tokens: Tokens;
  readonly #operatorHash: Buffer;

  constructor(backend: Proof, tokens: Tokens) {
    this.#backend = backend;
    this.#tokens = tokens;
    this.#operatorHash = sha256(backend.operatorToken);
  }

  /** Of several credentials the first that proves something counts, so a stale cookie does no harm. */
  authenticate(request: Asking): Authentication {
    const credentials = credentialsOf(request);
    for (const credential of credentials) {
      const principal = this.#prove(credential);
      if (principal !== undefined) return { kind: 'proved', principal };
    }
    const refusal: Refusal =
      credentials.length === 0
        ? { code: 'AUTHENTICATION_REQUIRED', message: 'no token and no access key was sent' }
        : { code: 'INVALID_CREDENTIALS', message: 'the token or access key is unknown, expired or revoked' };
    return { kind: 'refused', refusal };
  }

  #prove(credential: string): Principal | undefined {
    const hash = sha256(credential);
    if (timingSafeEqual(hash, this.#operatorHash)) return { kind: 'operator' };
    const { directory, clock } = this.#backend;
    const at = clock.wallTime();
    if (credential.startsWith('vb_')) {
      const key = directory.accesskeyByHash(hash.toString('hex'), at);
      return key === undefined ? undefined : { kind: 'accesskey', accesskeyId: key.id, customerId: key.customerId };
    }
    const claims = this.#tokens.read(credential, at);
    const agent = claims === undefined ? undefined : directory.agents.get(claims.agentId as AgentId);
    // Rights come from the agent as it is now, not from what it was when the token was signed.
    if (agent === undefined || passwordStamp(agent) !== claims?.passwordStamp) return undefined;
    return { kind: 'agent', agentId: agent.id, customerId: agent.customerId, permission: agent.permission };
  }
}

/** Credentials of a request in the order of the reference: token from cookie, query and header, then access key. */
function credentialsOf(request: Asking): string[] {
  const cookies = cookiesOf(request.headers.cookie ?? '');
  const query = request.query as Record<string, unknown>;
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  return [cookies.get('token'), query['token'], bearer, cookies.get('accesskey'), query['accesskey']].filter(
    (value): value is string => typeof value === 'string' && value !== '' && value.length <= CREDENTIAL_CHARACTERS_MAX,
  );
}

/** Cookies of a request (RFC 6265 §5.4); the first of several with one name counts. */
function cookiesOf(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
