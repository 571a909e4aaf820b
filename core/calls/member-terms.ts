import type { AudioDirection } from '../external-media-port.ts';
import type { MemberRole } from './who-hears-whom.ts';

/** How a call takes part in a conference; it may change while it does. */
export interface MemberTerms {
  readonly role: MemberRole;
  /** Nobody hears it; it hears nothing. */
  readonly isMuted: boolean;
  readonly isDeaf: boolean;
  /** How much louder others hear it, and it hears others. */
  readonly gainInDb: number;
  readonly gainOutDb: number;
}

/** Gains beyond this are mistakes: four times softer than a whisper, or nothing but clipping. */
export const GAIN_DB = { min: -40, max: 20 } as const;

export const MEMBER_TERMS: MemberTerms = {
  role: 'member',
  isMuted: false,
  isDeaf: false,
  gainInDb: 0,
  gainOutDb: 0,
};

/** A program that says nothing is there to listen, unless it is told otherwise. */
export function programTerms(speak: AudioDirection, changes: Partial<MemberTerms> = {}): MemberTerms {
  return { ...MEMBER_TERMS, role: speak === '' ? 'listener' : 'member', ...changes };
}

export function isAmplified({ gainInDb, gainOutDb }: MemberTerms): boolean {
  return gainInDb !== 0 || gainOutDb !== 0;
}
