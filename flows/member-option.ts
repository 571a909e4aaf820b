import { GAIN_DB, type MemberTerms } from '../core/calls/member-terms.ts';
import { MEMBER_ROLES } from '../core/calls/who-hears-whom.ts';
import { flagOf, integerOf, type Option, textOf } from './option.ts';

/** What an option says of how somebody takes part in a conference; what is left out is not among it. */
export function memberTermsOf(option: Option): Partial<MemberTerms> {
  const role = MEMBER_ROLES.find((name) => name === textOf(option, 'role'));
  const has = (name: string): boolean => Object.hasOwn(option, name);
  return {
    ...(role !== undefined && { role }),
    ...(has('muted') && { isMuted: flagOf(option, 'muted') }),
    ...(has('deaf') && { isDeaf: flagOf(option, 'deaf') }),
    ...(has('gain_in') && { gainInDb: gainOf(option, 'gain_in') }),
    ...(has('gain_out') && { gainOutDb: gainOf(option, 'gain_out') }),
  };
}

function gainOf(option: Option, name: string): number {
  return Math.max(GAIN_DB.min, Math.min(GAIN_DB.max, integerOf(option, name, 0)));
}
