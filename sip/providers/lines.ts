import { createHmac } from 'node:crypto';
import type { GatewayId } from '../../core/kernel/ids.ts';

const PREFIX = 'line-';
const CHARACTERS = 20;

/**
 * User parts of our Contacts at providers, one for each, so that several registrations at one address are told apart.
 * Nobody can make one up: whoever calls it was told it by the provider. They outlive a restart when the secret does.
 */
export class Lines {
  readonly #secret: Uint8Array;
  readonly #lines = new Map<GatewayId, string>();
  readonly #providers = new Map<string, GatewayId>();

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  lineOf(id: GatewayId): string {
    const known = this.#lines.get(id);
    if (known !== undefined) return known;
    const line = PREFIX + createHmac('sha256', this.#secret).update(`line ${id}`).digest('hex').slice(0, CHARACTERS);
    this.#lines.set(id, line);
    this.#providers.set(line, id);
    return line;
  }

  /** Whose line a user part is. */
  find(user: string): GatewayId | undefined {
    return user.startsWith(PREFIX) ? this.#providers.get(user) : undefined;
  }

  /** The provider is gone, and its line with it. */
  drop(id: GatewayId): void {
    const line = this.#lines.get(id);
    if (line === undefined) return;
    this.#lines.delete(id);
    this.#providers.delete(line);
  }
}
