import { hexToken } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Field } from '../dialog/session-messages.ts';
import type { Located, LocationId, Locator, Unlocated } from '../locating/locator.ts';
import type { HeaderName, Response, Uri } from '../message.ts';
import type { LayerOutput, SentBy, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { answerChallenge } from '../user-agent/digest.ts';
import { buildRequest } from '../writer.ts';

/** One request outside a dialog: to the first server of a URI that answers, with credentials where they are asked for. */
export interface Errand {
  readonly method: 'REGISTER' | 'OPTIONS';
  readonly uri: Uri;
  /** Whose servers are asked: the Request-URI, or an outbound proxy. */
  readonly next: Uri;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** CSeq of the next attempt. */
  readonly nextCSeq: () => number;
  /** Everything but Via and CSeq, towards who knows us by this address. */
  readonly fieldsFor: (sentBy: SentBy) => readonly Field[];
}

/** How an errand ended: the final response of the first server that gave one, or why there is none. */
export type ErrandOutcome = (
  | { readonly kind: 'answered'; readonly response: Response; readonly server: TransportAddress }
  | { readonly kind: 'failed'; readonly reason: Unlocated | 'silent' | 'unreachable' }
) & {
  /** Servers that were found, in the order in which they are tried, and our address as they were told last. */
  readonly found?: readonly TransportAddress[];
  readonly saidAs?: SentBy;
};

export interface ErrandsSettings {
  readonly random: Random;
  /** The address told to this peer. */
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
}

interface Underway {
  readonly errand: Errand;
  found: readonly TransportAddress[];
  /** Of those found, the one that is asked and those after it. */
  servers: readonly TransportAddress[];
  saidAs: SentBy | undefined;
  /** Challenges answered at the present server. */
  authorizations: number;
  location: LocationId | undefined;
  transaction: TransactionId | undefined;
  lastFailure: Extract<ErrandOutcome, { kind: 'failed' }>['reason'];
}

/** A second one is answered only when it says that the nonce alone was at fault (RFC 7616 §3.3). */
const AUTHORIZATIONS_MAX = 2;
/** A 503 that does not say for how long. */
const OVERLOADED_MS = 30_000;

/** All errands of a stack that are under way. One input, then `poll()` until it is empty. */
export class Errands {
  readonly #layer: TransactionLayer;
  readonly #locator: Locator;
  readonly #settings: ErrandsSettings;
  readonly #byErrand = new LiveMap<Errand, Underway>();
  readonly #byLocation = new LiveMap<LocationId, Underway>();
  readonly #byTransaction = new LiveMap<TransactionId, Underway>();
  readonly #outcomes = new Queue<{ readonly errand: Errand; readonly outcome: ErrandOutcome }>();

  constructor(layer: TransactionLayer, locator: Locator, settings: ErrandsSettings) {
    this.#layer = layer;
    this.#locator = locator;
    this.#settings = settings;
  }

  get size(): number {
    return this.#byErrand.size;
  }

  /** Outcome: once, unless it is abandoned before. */
  begin(errand: Errand, now: Instant): void {
    const location = this.#locator.locate(errand.next, now);
    const underway: Underway = {
      errand,
      found: [],
      servers: [],
      saidAs: undefined,
      authorizations: 0,
      location,
      transaction: undefined,
      lastFailure: 'no server',
    };
    this.#byErrand.set(errand, underway);
    this.#byLocation.set(location, underway);
  }

  /** Nobody waits for it any more; what was sent is not taken back. */
  abandon(errand: Errand): void {
    const underway = this.#byErrand.get(errand);
    if (underway === undefined) return;
    this.#forget(underway);
    if (underway.location !== undefined) this.#locator.forget(underway.location);
    if (underway.transaction !== undefined) this.#layer.abandon(underway.transaction);
  }

  /** False when nobody here looked for these servers. */
  located(located: Located, now: Instant): boolean {
    const underway = this.#byLocation.get(located.location);
    if (underway === undefined) return false;
    this.#byLocation.delete(located.location);
    underway.location = undefined;
    if (located.kind === 'located') {
      underway.found = located.targets;
      underway.servers = located.targets;
      this.#send(underway, undefined, now);
    } else this.#end(underway, { kind: 'failed', reason: located.reason });
    return true;
  }

  /** News of a transaction; false when it is none of these. */
  receive(output: Extract<LayerOutput, { kind: 'response' | 'failed' | 'terminated' }>, now: Instant): boolean {
    const underway = this.#byTransaction.get(output.transaction);
    if (underway === undefined) return false;
    if (output.kind === 'failed') {
      this.#blame(underway, output.reason === 'timeout' ? 'silent' : 'unreachable', now);
    } else if (output.kind === 'response' && output.response.status >= 200) {
      this.#answered(underway, output.response, now);
    }
    return true;
  }

  poll(): { readonly errand: Errand; readonly outcome: ErrandOutcome } | undefined {
    return this.#outcomes.shift();
  }

  #answered(underway: Underway, response: Response, now: Instant): void {
    const authorization = this.#authorize(underway, response);
    if (authorization !== undefined) {
      this.#release(underway);
      this.#send(underway, authorization, now);
      return;
    }
    const server = underway.servers[0]!;
    if (response.status === 503) {
      const retryAfterMs = retryAfterMsOf(response) || OVERLOADED_MS;
      this.#locator.avoid(server, { retryAfterMs }, now);
      if (underway.servers.length > 1) {
        this.#next(underway, now);
        return;
      }
    }
    this.#end(underway, { kind: 'answered', response, server });
  }

  /** The server did not answer: the next one is asked (RFC 3263 §4.3). */
  #blame(underway: Underway, reason: 'silent' | 'unreachable', now: Instant): void {
    underway.lastFailure = reason;
    this.#locator.avoid(underway.servers[0]!, reason === 'silent' ? 'silent' : 'broken', now);
    this.#next(underway, now);
  }

  #next(underway: Underway, now: Instant): void {
    this.#release(underway);
    underway.servers = underway.servers.slice(1);
    underway.authorizations = 0;
    if (underway.servers.length > 0) this.#send(underway, undefined, now);
    else this.#end(underway, { kind: 'failed', reason: underway.lastFailure });
  }

  #send(underway: Underway, authorization: Field | undefined, now: Instant): void {
    const { errand, servers } = underway;
    const server = servers[0]!;
    const { method, uri } = errand;
    const saidAs = this.#settings.contactFor(server, undefined);
    underway.saidAs = saidAs;
    const request = buildRequest({
      method,
      uri,
      fields: [
        ...errand.fieldsFor(saidAs),
        ['CSeq', `${errand.nextCSeq()} ${method}`],
        ...(authorization === undefined ? [] : [authorization]),
      ],
    });
    const transaction = this.#layer.request(request, server, undefined, now);
    underway.transaction = transaction;
    this.#byTransaction.set(transaction, underway);
  }

  /** RFC 3261 §22.2: the header that answers a challenge; undefined when there is nothing to answer with. */
  #authorize(underway: Underway, response: Response): Field | undefined {
    const { errand } = underway;
    const { credentials } = errand;
    if (credentials === undefined || (response.status !== 401 && response.status !== 407)) return undefined;
    const [asked, name]: [HeaderName, HeaderName] =
      response.status === 401 ? ['WWW-Authenticate', 'Authorization'] : ['Proxy-Authenticate', 'Proxy-Authorization'];
    const cnonce = hexToken(this.#settings.random, 8);
    for (const challenge of response.all(asked)) {
      const isRefused = underway.authorizations > 0 && !/\bstale\s*=\s*"?true/i.test(challenge);
      if (isRefused || underway.authorizations >= AUTHORIZATIONS_MAX) continue;
      const use = { ...credentials, method: errand.method, uri: errand.uri.text, cnonce, nc: 1 };
      const value = answerChallenge(challenge, use);
      if (value === undefined) continue;
      underway.authorizations += 1;
      return [name, value];
    }
    return undefined;
  }

  #release(underway: Underway): void {
    if (underway.transaction !== undefined) this.#byTransaction.delete(underway.transaction);
    underway.transaction = undefined;
  }

  #end(underway: Underway, outcome: ErrandOutcome): void {
    this.#forget(underway);
    const { errand, found, saidAs } = underway;
    this.#outcomes.push({ errand, outcome: { ...outcome, found, ...(saidAs && { saidAs }) } });
  }

  #forget(underway: Underway): void {
    this.#release(underway);
    this.#byErrand.delete(underway.errand);
    if (underway.location !== undefined) this.#byLocation.delete(underway.location);
  }
}

/** RFC 3261 §20.33; 0 when it does not say. */
export function retryAfterMsOf(response: Response): number {
  const seconds = /^\s*\d{1,9}/.exec(response.first('Retry-After') ?? '')?.[0];
  return 1_000 * Number(seconds ?? 0);
}
