import type { CustomerId, FlowId, GroupcallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Signaling } from '../ports.ts';
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

/** What callees see when nobody is named as the source. */
const NOBODY = 'anonymous';

/** Makes outgoing calls. What comes of them is signalling's to tell. */
export class Dialler {
  readonly #ports: DiallerPorts;
  readonly #life: CallLife;

  constructor(ports: DiallerPorts, life: CallLife) {
    this.#ports = ports;
    this.#life = life;
  }

  /** The new call; undefined when media has no place for it. */
  dial(dialling: Dialling, terms: DialTerms, now: Instant): Call | undefined {
    const { media, signaling, nextLeg } = this.#ports;
    const { master, source, customerId, isAnonymous, flowId = null, groupcallId = null } = terms;
    const leg = nextLeg();
    if (media.open(leg, dialling.peer, undefined, master?.leg).kind === 'refused') return undefined;
    const { destination, extensionId } = dialling;
    const masterCallId = master?.record.id ?? null;
    const call = this.#life.ledger.create(
      leg,
      { customerId, direction: 'outgoing', source, destination, extensionId, flowId, masterCallId, groupcallId },
      now,
    );
    signaling.dial(leg, {
      target: dialling.target,
      fromUser: source.target === '' ? NOBODY : source.target,
      fromName: source.targetName,
      toUser: dialling.toUser,
      offer: media.describe(leg, master?.leg),
      ...(isAnonymous ? { isAnonymous } : {}),
    });
    return call;
  }
}
