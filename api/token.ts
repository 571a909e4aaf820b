import { createHash } from 'node:crypto';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Agent } from '../core/directory/records.ts';
import { rfc3339, type WallTime } from '../core/kernel/time.ts';

/** Lifetime of an agent's token (platform §1.2). */
export const TOKEN_LIFETIME_MS = 7 * 24 * 3_600_000;

/** What a token that verified says. */
export interface TokenClaims {
  readonly agentId: string;
  readonly expiresAt: WallTime;
  /** Changes with the agent's password, so that a new password ends all older tokens. */
  readonly passwordStamp: string;
}

/** Signs and verifies agents' tokens: JWT, HS256 (RFC 7519, RFC 7518 §3.2), with the claims of the reference. */
export class Tokens {
  readonly #sign: (claims: Record<string, unknown>) => string;
  readonly #verify: (token: string) => unknown;

  constructor(secret: string) {
    this.#sign = createSigner({ key: secret, algorithm: 'HS256', noTimestamp: true });
    // Expiry is judged here by the clock that was given, not inside the library by the system's.
    this.#verify = createVerifier({
      key: secret,
      algorithms: ['HS256'],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  }

  issue(agent: Agent, presented: object, at: WallTime): string {
    return this.#sign({
      type: 'agent',
      expire: rfc3339(at + TOKEN_LIFETIME_MS),
      iat: Math.floor(at / 1000),
      exp: Math.floor((at + TOKEN_LIFETIME_MS) / 1000),
      agent: presented,
      stamp: passwordStamp(agent),
    });
  }

  /** Claims of a token that we signed and that has not expired; else undefined. */
  read(token: string, at: WallTime): TokenClaims | undefined {
    const claims = this.#claimsOf(token);
    if (claims === undefined || claims['type'] !== 'agent') return undefined;
    const agent = claims['agent'] as { id?: unknown } | undefined;
    const { exp, stamp } = claims;
    if (typeof agent?.id !== 'string' || typeof exp !== 'number' || typeof stamp !== 'string') return undefined;
    const expiresAt = exp * 1000;
    return expiresAt > at ? { agentId: agent.id, expiresAt, passwordStamp: stamp } : undefined;
  }

  #claimsOf(token: string): Record<string, unknown> | undefined {
    try {
      return this.#verify(token) as Record<string, unknown>;
    } catch {
      return undefined; // Whatever is wrong with a token that came from outside, it proves nothing.
    }
  }
}

/** A mark of the agent's present password that tells nothing about it. */
export function passwordStamp(agent: Agent): string {
  return createHash('sha256').update(agent.passwordHash).digest('hex').slice(0, 16);
}
