import type { LegId } from '../kernel/ids.ts';
import type { MixTerms } from '../media-port.ts';

/** What somebody is in a conference. */
export const MEMBER_ROLES = ['moderator', 'member', 'listener'] as const;
/** What a supervisor does to the call of somebody else. */
export const SUPERVISOR_MODES = ['listen', 'whisper', 'barge'] as const;

export type MemberRole = (typeof MEMBER_ROLES)[number];
export type SupervisorMode = (typeof SUPERVISOR_MODES)[number];
export type Role = MemberRole | SupervisorMode;

/**
 * Who hears a voice: everybody else in the room, the one who is supervised alone, or nobody. There is no other table:
 * whoever is not deaf hears all whose voice is for them.
 */
export const HEARD_BY: Readonly<Record<Role, 'everybody' | 'supervised' | 'nobody'>> = {
  moderator: 'everybody',
  member: 'everybody',
  listener: 'nobody',
  listen: 'nobody',
  whisper: 'supervised',
  barge: 'everybody',
};

/** Somebody in a room. */
export interface Presence {
  readonly leg: LegId;
  readonly role: Role;
  /** Nobody hears it; it hears nothing. */
  readonly isMuted: boolean;
  readonly isDeaf: boolean;
  /** Whom a supervisor supervises. */
  readonly supervises?: LegId;
}

/** Whether one hears what the other says. */
export function hears(hearer: Presence, speaker: Presence): boolean {
  if (hearer.leg === speaker.leg || hearer.isDeaf || speaker.isMuted) return false;
  const heardBy = HEARD_BY[speaker.role];
  return heardBy === 'everybody' || (heardBy === 'supervised' && speaker.supervises === hearer.leg);
}

/** The same as media is told it. */
export function mixTermsOf({ role, isMuted, isDeaf, supervises }: Omit<Presence, 'leg'>): MixTerms {
  const heardBy = isMuted ? 'nobody' : HEARD_BY[role];
  return { heardBy: heardBy === 'supervised' ? (supervises ?? 'nobody') : heardBy, hears: !isDeaf };
}
