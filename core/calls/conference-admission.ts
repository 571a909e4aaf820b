import type { Conference } from '../directory/records.ts';
import type { ConferenceId, CustomerId } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import type { MemberTerms } from './member-terms.ts';
import type { Room } from './rooms.ts';

/** Why a call or program of this customer may not join a conference; undefined when it may. */
export function admissionRefusal(
  customerId: CustomerId,
  id: ConferenceId,
  conference: Conference | undefined,
  { role }: MemberTerms,
  room: Room | undefined,
  roomCount: number,
): string | undefined {
  if (conference === undefined || conference.customerId !== customerId) return `no conference ${id}`;
  const { status } = conference;
  if (status !== 'progressing') return `conference ${id} must be progressing, is ${status}`;
  if (room === undefined) {
    return roomCount >= LIMITS.conferencesLiveMax
      ? `more than ${LIMITS.conferencesLiveMax} conferences are busy`
      : undefined;
  }
  if (room.isLocked && role !== 'moderator') return `conference ${id} is locked`;
  const size = room.stays.size;
  return size >= LIMITS.conferenceMembersMax ? `conference ${id} is full with ${size} members` : undefined;
}
