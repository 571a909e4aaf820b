import type { Directory } from '../directory/directory.ts';
import type { CustomerId, FlowId, GroupcallId, LegId, MixId, TrunkId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Signaling, SignalingEvent, TransportAddress, Urgency } from '../ports.ts';
import type { Dialling } from '../routing/destination.ts';
import type { Address } from './address.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import { Carried } from './carried.ts';
import type { Cause } from './cause.ts';

export interface DiallerPorts {
  readonly directory: Directory;
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
  /** Who transferred the call (RFC 3892); told to phones of ours alone. */
  readonly referredBy?: string;
  readonly flowId?: FlowId | null;
  readonly groupcallId?: GroupcallId | null;
  /** The mix that it will be in. */
  readonly near?: MixId | undefined;
}

interface Invitation {
  readonly dialling: Dialling;
  readonly terms: DialTerms;
}

/** What callees see when nobody is named as the source. */
const NOBODY = 'anonymous';

/** After these the callee itself has spoken, or we have: another provider would reach the same (platform §5.4). */
const FINAL_CAUSES: ReadonlySet<Cause> = new Set([
  'normal',
  'busy',
  'declined',
  'canceled',
  'answered-elsewhere',
  'timeout',
]);
const FINAL_STATUSES: ReadonlySet<number> = new Set([403, 480, 482, 483]);

/** Makes outgoing calls, through one provider after the other where providers carry them. What comes of them is signalling's to tell. */
export class Dialler {
  readonly carried = new Carried();
  readonly #ports: DiallerPorts;
  readonly #life: CallLife;
  /** Legs whose servers are being looked for. */
  readonly #unlocated = new LiveMap<LegId, Invitation>();
  /** Legs that a provider carries, until they are answered or over. */
  readonly #underway = new LiveMap<LegId, Invitation>();

  constructor(ports: DiallerPorts, life: CallLife) {
    this.#ports = ports;
    this.#life = life;
  }

  /** The new call; the cause when there is no place for it. One to a name is dialled when its servers are found. */
  dial(dialling: Dialling, terms: DialTerms, now: Instant): Call | Cause {
    const leg = this.#ports.nextLeg();
    const first = this.#open(leg, { dialling, terms }, now);
    if (typeof first === 'string') return first;
    const { master, source, customerId, flowId = null, groupcallId = null } = terms;
    const { destination, extensionId } = dialling;
    const masterCallId = master?.record.id ?? null;
    const call = this.#life.ledger.create(
      leg,
      {
        customerId,
        direction: 'outgoing',
        source,
        destination,
        extensionId,
        trunkId: this.#trunkOf(first.dialling),
        flowId,
        masterCallId,
        groupcallId,
      },
      now,
    );
    this.#begin(leg, first);
    return call;
  }

  /** The servers of a name are found: the call is dialled, or ends when media cannot serve it. */
  located(leg: LegId, peer: TransportAddress, now: Instant): void {
    const invitation = this.#unlocated.get(leg);
    if (invitation === undefined || this.#life.ledger.get(leg)?.isGoingOn !== true) return;
    this.#unlocated.delete(leg);
    const opened = this.#ports.media.open(
      leg,
      peer,
      undefined,
      invitation.terms.master?.leg,
      invitation.dialling.media,
      urgencyOf(invitation.dialling),
      invitation.terms.near,
    );
    if (opened.kind === 'opened') this.#invite(leg, invitation);
    else this.#life.end(leg, opened.cause, now);
  }

  /** A provider did not carry the call, and not because of the callee: the next one does. False when none is left. */
  failsOver({ leg, cause, status }: Extract<SignalingEvent, { kind: 'failed' }>, now: Instant): boolean {
    const invitation = this.#underway.get(leg);
    const next = invitation?.dialling.carrier?.next;
    if (invitation === undefined || next === undefined) return false;
    if (FINAL_CAUSES.has(cause) || FINAL_STATUSES.has(status)) return false;
    const call = this.#life.ledger.get(leg);
    if (call?.isGoingOn !== true) return false;
    const wasLocating = this.#unlocated.delete(leg);
    this.carried.free(leg);
    this.#life.forgetOffer(leg);
    if (!wasLocating) this.#ports.media.close(leg);
    const second = this.#open(leg, { dialling: next, terms: invitation.terms }, now);
    if (typeof second === 'string') return false;
    call.carriedBy(this.#trunkOf(second.dialling));
    this.#begin(leg, second);
    return true;
  }

  /** The leg is answered: no other provider is asked any more. */
  answered(leg: LegId): void {
    this.#underway.delete(leg);
  }

  /** The leg is over. */
  over(leg: LegId): void {
    this.#unlocated.delete(leg);
    this.#underway.delete(leg);
    this.carried.free(leg);
  }

  /** The customer's own trunk that carries the call; null when none does. */
  #trunkOf({ carrier }: Dialling): TrunkId | null {
    return carrier === undefined ? null : (this.#ports.directory.trunks.get(carrier.gatewayId as TrunkId)?.id ?? null);
  }

  /** A place with media and with the first provider that has one; the cause when there is none. */
  #open(leg: LegId, invitation: Invitation, now: Instant): Invitation | Cause {
    let cause: Cause = 'overloaded';
    for (let next: Dialling | undefined = invitation.dialling; next !== undefined; next = next.carrier?.next) {
      const { terms } = invitation;
      if (!this.#takePlace(leg, next, terms, now)) continue;
      const { peer } = next;
      const beside = terms.master?.leg;
      const urgency = urgencyOf(next);
      const opened = peer && this.#ports.media.open(leg, peer, undefined, beside, next.media, urgency, terms.near);
      if (opened?.kind !== 'refused') return { dialling: next, terms };
      this.carried.free(leg);
      cause = opened.cause;
    }
    return cause;
  }

  #takePlace(leg: LegId, { carrier }: Dialling, { customerId }: DialTerms, now: Instant): boolean {
    if (carrier === undefined) return true;
    const { gatewayId, isEmergency, callsMax, callsPerSecondMax } = carrier;
    const customerCallsMax = this.#ports.directory.outboundConfigOf(customerId)?.callsMax ?? 0;
    // Help is called whatever the caps say; the call counts all the same.
    const caps = isEmergency ? UNCAPPED : { callsMax, callsPerSecondMax, customerCallsMax };
    return this.carried.take(leg, { gatewayId, customerId, ...caps }, now);
  }

  #begin(leg: LegId, invitation: Invitation): void {
    const { dialling } = invitation;
    if (dialling.carrier !== undefined) this.#underway.set(leg, invitation);
    if (dialling.peer !== undefined) this.#invite(leg, invitation);
    else {
      this.#unlocated.set(leg, invitation);
      this.#ports.signaling.locate(leg, dialling.target);
    }
  }

  #invite(leg: LegId, { dialling, terms }: Invitation): void {
    const { source, master, isAnonymous, referredBy } = terms;
    const { target, toUser, carrier, credentials } = dialling;
    const ownUser = source.target === '' ? NOBODY : source.target;
    this.#ports.signaling.dial(leg, {
      target,
      fromUser: carrier === undefined ? ownUser : carrier.caller || NOBODY,
      fromName: source.targetName,
      toUser,
      offer: carrier?.offer === 'late' ? undefined : this.#ports.media.describe(leg, master?.leg),
      ...(isAnonymous ? { isAnonymous } : {}),
      ...(credentials === undefined ? {} : { credentials }),
      ...(carrier === undefined ? {} : { wishes: carrier.wishes }),
      ...(dialling.extensionId === null ? {} : { extensionId: dialling.extensionId }),
      ...(master === undefined ? {} : { caller: master.leg }),
      ...(referredBy === undefined || carrier !== undefined ? {} : { referredBy }),
    });
  }
}

const UNCAPPED = { callsMax: 0, callsPerSecondMax: 0, customerCallsMax: 0 };

function urgencyOf({ carrier }: Dialling): Urgency {
  return carrier?.isEmergency === true ? 'emergency' : 'usual';
}
