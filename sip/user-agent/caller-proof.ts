import type { Directory } from '../../core/directory/directory.ts';
import type { Extension } from '../../core/directory/records.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { parseCredentials } from '../grammar/authentication.ts';
import type { Request } from '../message.ts';
import type { DigestServer } from './digest.ts';
import type { Gatekeeper } from './gatekeeper.ts';

/** What a request proves about its sender. */
export type Proof =
  | { readonly kind: 'proven'; readonly extension: Extension; readonly customerId: CustomerId }
  | { readonly kind: 'challenge'; readonly stale: boolean }
  /** Banned: no answer. */
  | { readonly kind: 'drop' };

/**
 * Who is calling: a valid Authorization names an extension of the customer whose domain the Request-URI addresses. A
 * host that addresses nobody is challenged like any other, and never accepted.
 */
export class CallerProof {
  readonly #directory: Directory;
  readonly #digest: DigestServer;
  readonly #gatekeeper: Gatekeeper;

  constructor(directory: Directory, digest: DigestServer, gatekeeper: Gatekeeper) {
    this.#directory = directory;
    this.#digest = digest;
    this.#gatekeeper = gatekeeper;
  }

  judge(request: Request, source: TransportAddress, now: Instant): Proof {
    if (this.#gatekeeper.admit(source, claimedUsername(request), now) === 'drop') return { kind: 'drop' };
    const customer = this.#directory.customerForHost(request.uri.host);
    const extensionOf = (username: string): Extension | undefined =>
      customer === undefined ? undefined : this.#directory.extensionByName(customer.id, username);
    const verdict = this.#digest.verify(request, extensionOf, now, source.address);
    switch (verdict.kind) {
      case 'missing':
        return { kind: 'challenge', stale: false };
      case 'stale':
        return { kind: 'challenge', stale: true };
      case 'rejected':
        this.#gatekeeper.failed(source, verdict.username, now);
        return { kind: 'challenge', stale: false };
      case 'accepted': {
        this.#gatekeeper.succeeded(source, verdict.username, now);
        const extension = extensionOf(verdict.username);
        if (extension === undefined) return { kind: 'challenge', stale: false };
        return { kind: 'proven', extension, customerId: extension.customerId };
      }
    }
  }

  /** Values for WWW-Authenticate towards this source. */
  challenges(source: TransportAddress, stale: boolean, now: Instant): readonly string[] {
    const { domain } = this.#directory;
    return this.#digest.challenge(domain === '' ? 'tandem' : domain, now, stale, source.address);
  }
}

/** '' when the request claims nothing. */
function claimedUsername(request: Request): string {
  const value = request.first('Authorization');
  return (value === undefined ? undefined : parseCredentials(value))?.parameters.get('username') ?? '';
}
