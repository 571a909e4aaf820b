import type { CallCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Signaling, SignalingEvent } from '../ports.ts';
import { notFound, stateInvalid } from '../refusal.ts';
import { type ParkPlace, parkPlaceOf } from '../routing/park-slot.ts';
import { isOfNobody, routeOf } from '../routing/route.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import { CAUSES } from './cause.ts';
import { type Connections, otherOf, tokenFor } from './connections.ts';
import type { Parking } from './parking.ts';
import type { Referring } from './referring.ts';
import { isOurs, isSameParty } from './transfer-target.ts';
import type { Pair, Transfers } from './transfers.ts';

export interface ParkTransfersPorts {
  readonly directory: Directory;
  readonly signaling: Pick<Signaling, 'answerReferral' | 'reportReferral'>;
  readonly media: Pick<MediaPlane, 'unbridge'>;
  readonly calendar: Calendar;
  /** ISO 3166-1 alpha-2, for national forms of numbers; '' for none. */
  readonly country: string;
}

export interface ParkTransfersParts {
  readonly life: CallLife;
  readonly connections: Connections;
  readonly parking: Parking;
  readonly transfers: Transfers;
  readonly referring: Referring;
}

type Referred = Extract<SignalingEvent, { kind: 'referred' }>;

/** Calls that are parked by whom they are connected to: by a transfer to a slot, or by command. */
export class ParkTransfers {
  readonly #ports: ParkTransfersPorts;
  readonly #parts: ParkTransfersParts;

  constructor(ports: ParkTransfersPorts, parts: ParkTransfersParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  /** False when the transfer is to no slot, and nothing was done. */
  referred(referred: Referred, now: Instant): boolean {
    const { parking, transfers } = this.#parts;
    const { leg, replaces, referral } = referred;
    const place = parkPlaceOf(referred.toUser);
    const placeholder = this.#placeholder(replaces);
    if (replaces === undefined ? place === undefined : placeholder === undefined) return false;
    const pair = transfers.pairOf(leg);
    if (pair === undefined || !isOurs(pair.transferor.record)) return false;
    if (placeholder !== undefined) return this.#exchange(pair, placeholder, referral, now);
    if (place === undefined || !this.#isForSlots(referred, pair, now)) return false;
    this.#ports.signaling.answerReferral(referral, undefined);
    if (!parking.hasRoom(pair.transferee.record.customerId, place)) {
      this.#ports.signaling.reportReferral(referral, CAUSES.busy.sipStatus);
      return true;
    }
    this.#park(pair, place, now);
    transfers.letGo(referral, pair.transferor.leg, now);
    return true;
  }

  /** Why it cannot be; undefined when it is done. */
  execute({ id, place }: Extract<CallCommand, { kind: 'parkCall' }>, now: Instant): Refusal | undefined {
    return place === 'returned' ? this.#giveBack(id, now) : this.#parkAlone(id, place, now);
  }

  #parkAlone(id: CallId, place: ParkPlace, now: Instant): Refusal | undefined {
    const { life, connections, parking, transfers, referring } = this.#parts;
    const call = life.goingOn(id);
    if (call === undefined) return notFound('live call', id);
    const connection = connections.of(call.leg);
    const pair = connection && transfers.pairOf(otherOf(connection, call.leg));
    if (pair === undefined || referring.isReferring(pair)) {
      return stateInvalid(`call ${id} cannot be parked`, 'a call that is connected to another one', call.status);
    }
    if (!parking.hasRoom(call.record.customerId, place)) {
      return stateInvalid(`no place for call ${id}`, 'a slot that is free', String(place));
    }
    this.#park(pair, place, now);
    const { transferor } = pair;
    this.#ports.media.unbridge(transferor.leg);
    life.disconnect(transferor.leg, tokenFor(pair.connection, transferor.leg), 'normal', now);
    return undefined;
  }

  #giveBack(id: CallId, now: Instant): Refusal | undefined {
    const { life, parking } = this.#parts;
    const call = life.goingOn(id);
    if (call === undefined) return notFound('live call', id);
    if (!parking.isParked(call.leg))
      return stateInvalid(`call ${id} is not parked`, 'a call that is parked', call.status);
    parking.giveBack(call.leg, now);
    return undefined;
  }

  #placeholder(replaces: LegId | undefined): Call | undefined {
    const { life, parking } = this.#parts;
    return replaces !== undefined && parking.isParked(replaces) ? life.ledger.get(replaces) : undefined;
  }

  /** Slots have the names that nobody else has. */
  #isForSlots({ toUser, toHost }: Referred, { transferor }: Pair, now: Instant): boolean {
    const { directory, calendar, country } = this.#ports;
    const { customerId } = transferor.record;
    const customer = toHost === '' ? directory.customers.get(customerId) : directory.customerForHost(toHost);
    return customer?.id === customerId && isOfNobody(routeOf(directory, customerId, toUser, calendar(now), country));
  }

  /** Attended: whom the transferor talks to takes its place in the slot that it has dialled meanwhile. */
  #exchange(pair: Pair, placeholder: Call, referral: number, now: Instant): boolean {
    const { parking, transfers, life } = this.#parts;
    if (!isSameParty(pair.transferor.record, placeholder.record)) return false;
    const slot = parking.slotOf(placeholder.leg)!;
    this.#ports.signaling.answerReferral(referral, undefined);
    parking.part(placeholder.leg, now);
    this.#park(pair, slot, now);
    transfers.letGo(referral, pair.transferor.leg, now);
    life.end(placeholder.leg, 'normal', now);
    return true;
  }

  #park({ transferor, transferee, connection }: Pair, place: ParkPlace, now: Instant): void {
    const { connections, parking } = this.#parts;
    const terms = { parkedBy: transferor.record.extensionId, token: tokenFor(connection, transferee.leg) };
    connections.release(connection);
    this.#ports.media.unbridge(transferee.leg);
    parking.park(transferee, place, terms, now);
  }
}
