import type { LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Caller, MediaPlane } from '../ports.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { Cause } from './cause.ts';
import type { Connecting } from './connecting.ts';
import { type Connections, tokenFor } from './connections.ts';
import type { Parking } from './parking.ts';
import type { Transfers } from './transfers.ts';

/** Whom calls belong to. */
export interface ReplacementParts {
  readonly life: CallLife;
  readonly connecting: Connecting;
  readonly connections: Connections;
  readonly parking: Parking;
  readonly transfers: Transfers;
}

/** Callers who take the place of one that talks, or pick up for one that rings (RFC 3891). */
export class Replacements {
  readonly #media: MediaPlane;
  readonly #parts: ReplacementParts;

  constructor(media: MediaPlane, parts: ReplacementParts) {
    this.#media = media;
    this.#parts = parts;
  }

  /** Whom the party at this leg talks to or rings for, if this caller may take its place: else why not. */
  farFrom(replaced: LegId, caller: Caller): Call | Cause {
    const { life, connecting, connections, parking, transfers } = this.#parts;
    const call = life.ledger.get(replaced);
    if (call?.isGoingOn !== true || caller.kind === 'provider' || caller.customerId !== call.record.customerId) {
      return 'forbidden';
    }
    // The dialog of a slot is that of who waits in it (RFC 5359 §2.15).
    if (parking.isParked(replaced)) return call;
    const waiting = transfers.attemptFor(replaced) ?? connecting.attemptFor(replaced);
    const leg = connections.farOf(replaced) ?? waiting?.caller;
    const far = leg === undefined ? undefined : life.ledger.get(leg);
    return far?.isGoingOn === true ? far : 'declined';
  }

  /** Takes the place; what is replaced ends. */
  replace(caller: Call, replaced: LegId, far: Call, now: Instant): void {
    const { life, connecting, connections, parking, transfers } = this.#parts;
    if (parking.isParked(replaced)) {
      parking.retrieve(caller, replaced, now);
      return;
    }
    far.chain([caller.record.id]);
    life.answer(caller, far.leg, now);
    const connection = connections.of(replaced);
    if (connection !== undefined) {
      connections.release(connection);
      this.#media.bridge(far.leg, caller.leg);
      connections.tie({ caller: far.leg, callee: caller.leg, token: tokenFor(connection, far.leg) });
      life.armDuration(caller.leg, now);
      life.end(replaced, 'normal', now);
    } else if (transfers.isTarget(replaced)) transfers.complete(caller, replaced, now);
    else connecting.complete(caller, replaced, now);
  }
}
