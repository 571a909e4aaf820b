import type { CustomerId, FlowId, GroupcallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Signaling, TransportAddress } from '../ports.ts';
import type { Dialling } from '../routing/destination.ts';
import type { Address } from './address.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';

export interface DiallerPorts {
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  /** Leg numbers are shared with signalling, which numbers the legs that it offers. */
  readonly nextLeg: () => LegId;
}

/** On whose behalf an INVITE goes out. */
export interface DialTerms {
  readonly customerId: CustomerId;
  /** What the callee's record shows, and the callee sees. */
  readonly source: Address;
  /** The call that will be connected with it; its end is the end of this one. */
  readonly master: Call | undefined;
  readonly isAnonymous: boolean;
  readonly flowId?: FlowId | null;
  readonly groupcallId?: GroupcallId | null;
}

interface Invitation {
  readonly dialling: Dialling;
  readonly terms: DialTerms;
}

/** What callees see when nobody is named as the source. */
const NOBODY = 'anonymous';

/** Makes outgoing calls. What comes of them is signalling's to tell. */
export class Dialler {
  readonly #ports: DiallerPorts;
  readonly #life: CallLife;
  /** Legs whose servers are being looked for. */
  readonly #unlocated = new Map<LegId, Invitation>();

  constructor(ports: DiallerPorts, life: CallLife) {
    this.#ports = ports;
    this.#life = life;
  }

  /** The new call; undefined when media has no place for it. One to a name is dialled when its servers are found. */
  dial(dialling: Dialling, terms: DialTerms, now: Instant): Call | undefined {
    const { media, signaling, nextLeg } = this.#ports;
    const { peer } = dialling;
    const { master, source, customerId, flowId = null, groupcallId = null } = terms;
    const leg = nextLeg();
    if (peer !== undefined && media.open(leg, peer, undefined, master?.leg).kind === 'refused') return undefined;
    const { destination, extensionId } = dialling;
    const masterCallId = master?.record.id ?? null;
    const call = this.#life.ledger.create(
      leg,
      { customerId, direction: 'outgoing', source, destination, extensionId, flowId, masterCallId, groupcallId },
      now,
    );
    if (peer !== undefined) this.#invite(leg, { dialling, terms });
    else {
      this.#unlocated.set(leg, { dialling, terms });
      signaling.locate(leg, dialling.target);
    }
    return call;
  }

  /** The servers of a name are found: the call is dialled, or ends when media cannot serve it. */
  located(leg: LegId, peer: TransportAddress, now: Instant): void {
    const invitation = this.#unlocated.get(leg);
    if (invitation === undefined || this.#life.ledger.get(leg)?.isGoingOn !== true) return;
    this.#unlocated.delete(leg);
    const opened = this.#ports.media.open(leg, peer, undefined, invitation.terms.master?.leg);
    if (opened.kind === 'opened') this.#invite(leg, invitation);
    else this.#life.end(leg, opened.cause, now);
  }

  /** The leg is over. */
  over(leg: LegId): void {
    this.#unlocated.delete(leg);
  }

  #invite(leg: LegId, { dialling, terms }: Invitation): void {
    const { source, master, isAnonymous } = terms;
    this.#ports.signaling.dial(leg, {
      target: dialling.target,
      fromUser: source.target === '' ? NOBODY : source.target,
      fromName: source.targetName,
      toUser: dialling.toUser,
      offer: this.#ports.media.describe(leg, master?.leg),
      ...(isAnonymous ? { isAnonymous } : {}),
    });
  }
}
