import type { CustomerId, ExtensionId, ParkSlotId } from '../kernel/ids.ts';

/** Slots of each customer: 1 to this. */
export const PARK_SLOTS = 99;

/** Which slot: its number, or the first that is free. */
export type ParkPlace = number | 'any';

const CODE = '*85';
const SLOT_DIGITS = 2;

/**
 * What a phone dials, or transfers to, that wants to park: `*85`, or `*85` and the two digits of a slot. Undefined for
 * everything else.
 */
export function parkPlaceOf(user: string): ParkPlace | undefined {
  if (!user.startsWith(CODE)) return undefined;
  if (user === CODE) return 'any';
  const digits = user.slice(CODE.length);
  const slot = Number(digits);
  return digits.length === SLOT_DIGITS && slot >= 1 && slot <= PARK_SLOTS ? slot : undefined;
}

/** What is dialled for a slot. */
export function userOfSlot(slot: number): string {
  return CODE + String(slot).padStart(SLOT_DIGITS, '0');
}

/** The slot of one customer, as those name it who watch it. */
export function parkSlotId(customerId: CustomerId, slot: number): ParkSlotId {
  return `${userOfSlot(slot)} of ${customerId}` as ParkSlotId;
}

/** Whether it is a slot that is watched, and no phone. */
export function isParkSlot(watched: ExtensionId | ParkSlotId): watched is ParkSlotId {
  return watched.startsWith(CODE);
}
