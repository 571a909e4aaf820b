import type { Directory } from '../directory/directory.ts';
import type { EventBody } from '../event.ts';
import type { Journal } from '../journal.ts';
import { assert } from '../kernel/assert.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CustomerId, ExtensionId, LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Signaling } from '../ports.ts';
import { type Dialling, reachOf } from '../routing/destination.ts';
import { PARK_SLOTS, type ParkPlace, parkSlotId } from '../routing/park-slot.ts';
import { address } from './address.ts';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { Cause } from './cause.ts';
import type { Connections } from './connections.ts';
import type { Dialler } from './dialler.ts';
import type { HoldMusic } from './hold-music.ts';
import { addressOf } from './transfer-target.ts';

export interface ParkingPorts {
  readonly directory: Directory;
  readonly signaling: Pick<Signaling, 'slotChanged'>;
  readonly media: Pick<MediaPlane, 'bridge' | 'unbridge'>;
  readonly journal: Journal;
  readonly calendar: Calendar;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
}

export interface ParkingParts {
  readonly life: CallLife;
  readonly dialler: Dialler;
  readonly connections: Connections;
  readonly music: HoldMusic;
}

/** Who parks, and what waits for the call that is parked. */
export interface ParkTerms {
  /** Whose phones ring when nobody has taken it; null for nobody. */
  readonly parkedBy: ExtensionId | null;
  /** Of the flow that waits for the end of its connection. */
  readonly token: number | undefined;
}

/** A call that waits in a slot. */
interface Parked extends ParkTerms {
  readonly call: Call;
  readonly slot: number;
  /** The phones of who parked it, while they ring. */
  attempt: Attempt | undefined;
  /** How often they have rung in vain. */
  returnCount: number;
}

/** Who parked a call has it back when nobody has taken it for so long; in vain so many times, it ends. */
const PARK_TIMEOUT_MS = 60_000;
const RETURNS_MAX = 3;

type Unparked = 'retrieved' | 'returned' | 'left';

/**
 * Calls that are parked (RFC 5359 §2.15): each waits in a slot and hears music until somebody dials the slot. After a while
 * the phones of who parked it ring for it; it stays in its slot, and can be taken, until one of them answers.
 */
export class Parking {
  readonly counters = { parked: 0, retrieved: 0, returned: 0 };
  readonly #ports: ParkingPorts;
  readonly #parts: ParkingParts;
  readonly #slots = new Map<CustomerId, Map<number, Parked>>();
  readonly #byLeg = new LiveMap<LegId, Parked>();
  /** By the phones that ring. */
  readonly #byCallee = new LiveMap<LegId, Parked>();

  constructor(ports: ParkingPorts, parts: ParkingParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  /** Calls that are parked. */
  get liveCount(): number {
    return this.#byLeg.size;
  }

  /** Legs that are parked, or ring for one that is. */
  get size(): number {
    return this.#byLeg.size + this.#byCallee.size;
  }

  isParked(leg: LegId): boolean {
    return this.#byLeg.has(leg);
  }

  isTarget(leg: LegId): boolean {
    return this.#byCallee.has(leg);
  }

  /** The slot in which a call waits. */
  slotOf(leg: LegId): number | undefined {
    return this.#byLeg.get(leg)?.slot;
  }

  /** Who waits in a slot of this customer. */
  occupant(customerId: CustomerId, place: ParkPlace | undefined): Call | undefined {
    return typeof place === 'number' ? this.#slots.get(customerId)?.get(place)?.call : undefined;
  }

  /** Whether the place is free, or for any whether one is. */
  hasRoom(customerId: CustomerId, place: ParkPlace): boolean {
    return this.#freeSlot(customerId, place) !== undefined;
  }

  // ── Coming ────────────────────────────────────────────────────────────────────────────────────────────────

  /** An answered call that is connected to nobody waits from now on. There is room for it. */
  park(call: Call, place: ParkPlace, terms: ParkTerms, now: Instant): void {
    const slot = this.#freeSlot(call.record.customerId, place);
    assert(slot !== undefined, 'a call is parked where there is room');
    this.#enter({ ...terms, call, slot, attempt: undefined, returnCount: 0 }, now);
  }

  /** A phone dialled a place: it takes who waits there, or waits there itself. */
  dialled(caller: Call, place: ParkPlace, now: Instant): void {
    const { life } = this.#parts;
    const parked = this.occupant(caller.record.customerId, place);
    if (parked !== undefined) this.retrieve(caller, parked.leg, now);
    else if (!this.hasRoom(caller.record.customerId, place)) life.end(caller.leg, 'busy', now);
    else {
      life.answer(caller, undefined, now);
      life.armDuration(caller.leg, now);
      this.park(caller, place, { parkedBy: null, token: undefined }, now);
    }
  }

  #enter(parked: Parked, now: Instant): void {
    const { call, slot } = parked;
    const { customerId } = call.record;
    const slots = this.#slots.get(customerId) ?? new Map<number, Parked>();
    this.#slots.set(customerId, slots.set(slot, parked));
    this.#byLeg.set(call.leg, parked);
    this.counters.parked += 1;
    this.#parts.music.wait(call.leg, 'on');
    this.#parts.life.arm('ring', call.leg, now + PARK_TIMEOUT_MS);
    this.#publish({ type: 'call_parked', callId: call.record.id, slot }, parked, now);
    const { target, targetName } = addressOf(call.record);
    this.#ports.signaling.slotChanged(parkSlotId(customerId, slot), { leg: call.leg, user: target, name: targetName });
  }

  #freeSlot(customerId: CustomerId, place: ParkPlace): number | undefined {
    const slots = this.#slots.get(customerId);
    if (place !== 'any') return slots?.has(place) === true ? undefined : place;
    for (let slot = 1; slot <= PARK_SLOTS; slot++) if (slots?.has(slot) !== true) return slot;
    return undefined;
  }

  // ── Going ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** The caller goes on with the one who waits. */
  retrieve(caller: Call, leg: LegId, now: Instant): void {
    const { life } = this.#parts;
    const parked = this.#byLeg.get(leg)!;
    parked.call.chain([caller.record.id]);
    life.answer(caller, leg, now);
    this.#connect(parked, caller, 'retrieved', now);
    this.counters.retrieved += 1;
  }

  #connect(parked: Parked, other: Call, reason: Unparked, now: Instant): void {
    const { call, token } = parked;
    this.#leave(parked, reason, now);
    this.#ports.media.bridge(call.leg, other.leg);
    this.#parts.connections.tie({ caller: call.leg, callee: other.leg, token });
    this.#parts.life.armDuration(other.leg, now);
  }

  /** The call waits no more, and nobody rings for it. */
  #leave(parked: Parked, reason: Unparked, now: Instant): void {
    const { life, music } = this.#parts;
    const { call, slot } = parked;
    const { customerId, id } = call.record;
    this.#stopRinging(parked, 'canceled', now);
    life.disarm('ring', call.leg);
    this.#byLeg.delete(call.leg);
    const slots = this.#slots.get(customerId)!;
    slots.delete(slot);
    if (slots.size === 0) this.#slots.delete(customerId);
    music.wait(call.leg, 'off');
    this.#publish({ type: 'call_unparked', callId: id, slot, reason }, parked, now);
    this.#ports.signaling.slotChanged(parkSlotId(customerId, slot), undefined);
  }

  /** A call ends, or its flow wants something else of it. */
  part(leg: LegId, now: Instant): void {
    const parked = this.#byLeg.get(leg);
    if (parked !== undefined) this.#leave(parked, 'left', now);
  }

  // ── Back to who parked it ─────────────────────────────────────────────────────────────────────────────────

  /** Nobody took it in time, or who parked it did not answer. False when the leg is not parked. */
  giveUp(leg: LegId, now: Instant): boolean {
    const parked = this.#byLeg.get(leg);
    if (parked === undefined) return false;
    if (parked.attempt === undefined) this.giveBack(leg, now);
    else {
      this.#stopRinging(parked, 'no-answer', now);
      this.#missed(parked, now);
    }
    return true;
  }

  /** The phones of who parked it ring now. Without effect while they do. */
  giveBack(leg: LegId, now: Instant): void {
    const parked = this.#byLeg.get(leg);
    if (parked === undefined || parked.attempt !== undefined) return;
    const { life, dialler } = this.#parts;
    const { call } = parked;
    const attempt = new Attempt(leg, []);
    const terms = {
      customerId: call.record.customerId,
      source: addressOf(call.record),
      master: call,
      isAnonymous: false,
    };
    for (const dialling of this.#phonesOf(parked, now)) {
      const callee = dialler.dial(dialling, terms, now);
      if (typeof callee !== 'string') attempt.add(callee.leg);
    }
    if (attempt.callees.length === 0) {
      this.#missed(parked, now);
      return;
    }
    parked.attempt = attempt;
    for (const callee of attempt.callees) this.#byCallee.set(callee, parked);
    call.chain(attempt.callees.map((callee) => life.ledger.get(callee)!.record.id));
    life.arm('ring', leg, now + this.#ports.ringTimeoutMs);
  }

  ringing(callee: Call, _early: Uint8Array | undefined, now: Instant): void {
    this.#parts.life.markRinging(callee, now);
  }

  answered(callee: Call, body: Uint8Array | undefined, dialog: string, now: Instant): void {
    const { life } = this.#parts;
    if (!life.accept(callee, body, dialog, now)) return;
    const parked = this.#byCallee.get(callee.leg)!;
    life.markAnswered(callee, now);
    parked.attempt!.drop(callee.leg, 'normal');
    this.#byCallee.delete(callee.leg);
    this.#stopRinging(parked, 'answered-elsewhere', now);
    this.#connect(parked, callee, 'returned', now);
    this.counters.returned += 1;
  }

  /** One that rang is over. */
  missed(leg: LegId, cause: Cause, now: Instant): void {
    const parked = this.#byCallee.get(leg);
    if (parked === undefined) return;
    this.#byCallee.delete(leg);
    if (!parked.attempt!.drop(leg, cause)) return;
    parked.attempt = undefined;
    this.#missed(parked, now);
  }

  #phonesOf({ call, parkedBy }: Parked, now: Instant): readonly Dialling[] {
    if (parkedBy === null) return [];
    const { directory, calendar } = this.#ports;
    const calling = { customerId: call.record.customerId, source: addressOf(call.record), forwardedFrom: '' };
    const reach = reachOf(directory, calling, address('extension', parkedBy), calendar(now));
    return reach.kind === 'diallings' ? reach.diallings : [];
  }

  /** It waits on; when nobody has it back, who has waited long enough is let go. */
  #missed(parked: Parked, now: Instant): void {
    const { life } = this.#parts;
    const { leg } = parked.call;
    parked.returnCount += 1;
    if (parked.returnCount < RETURNS_MAX) {
      life.arm('ring', leg, now + PARK_TIMEOUT_MS);
      return;
    }
    this.#leave(parked, 'left', now);
    this.#ports.media.unbridge(leg);
    life.disconnect(leg, parked.token, 'no-answer', now);
  }

  #stopRinging(parked: Parked, cause: Cause, now: Instant): void {
    for (const callee of parked.attempt?.callees ?? []) {
      this.#byCallee.delete(callee);
      this.#parts.life.end(callee, cause, now);
    }
    parked.attempt = undefined;
  }

  #publish(body: EventBody, { call }: Parked, now: Instant): void {
    this.#ports.journal.append(call.record.customerId, body, this.#ports.calendar(now));
  }
}
