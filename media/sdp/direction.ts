import type { Attribute } from './session-description.ts';

/** Seen from who states it (RFC 8866 §6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/**
 * `STREAM_DIRECTION[stated][willing]`: ours, when the peer states one and we would do the other (RFC 3264 §6.1). Serves
 * for the answer to an offer and for what an answer leaves of our offer.
 */
export const STREAM_DIRECTION: Readonly<Record<Direction, Readonly<Record<Direction, Direction>>>> = {
  sendrecv: { sendrecv: 'sendrecv', sendonly: 'sendonly', recvonly: 'recvonly', inactive: 'inactive' },
  sendonly: { sendrecv: 'recvonly', sendonly: 'inactive', recvonly: 'recvonly', inactive: 'inactive' },
  recvonly: { sendrecv: 'sendonly', sendonly: 'sendonly', recvonly: 'inactive', inactive: 'inactive' },
  inactive: { sendrecv: 'inactive', sendonly: 'inactive', recvonly: 'inactive', inactive: 'inactive' },
};

/** What is left of a direction for a peer that cannot be sent to: `c=0.0.0.0` (RFC 3264 §8.4). */
export const WITHOUT_ADDRESS: Readonly<Record<Direction, Direction>> = {
  sendrecv: 'sendonly',
  sendonly: 'sendonly',
  recvonly: 'inactive',
  inactive: 'inactive',
};

/** We may send. */
export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

/** We may be sent to. */
export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/** The first direction attribute, or undefined. */
export function directionOf(attributes: readonly Attribute[]): Direction | undefined {
  for (const { name } of attributes) if (Object.hasOwn(STREAM_DIRECTION, name)) return name as Direction;
  return undefined;
}
