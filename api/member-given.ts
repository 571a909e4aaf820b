import Type, { type Static } from 'typebox';
import { GAIN_DB, type MemberTerms } from '../core/calls/member-terms.ts';
import { MEMBER_ROLES } from '../core/calls/who-hears-whom.ts';
import type { Refusal } from '../core/command.ts';
import { invalid } from '../core/refusal.ts';
import { given } from './schema.ts';

const GAIN = `decibels, ${GAIN_DB.min} to ${GAIN_DB.max}`;
const Gain = Type.Number({
  minimum: GAIN_DB.min,
  maximum: GAIN_DB.max,
  description: GAIN,
});

/** How somebody takes part in a conference; what is left out stays as it is. */
export const MEMBER_GIVEN = {
  role: Type.Optional(Type.Enum([...MEMBER_ROLES], { description: 'moderator, member or listener' })),
  muted: Type.Optional(Type.Boolean({ description: 'whether nobody hears it' })),
  deaf: Type.Optional(Type.Boolean({ description: 'whether it hears nothing' })),
  gain_in: Type.Optional(Gain),
  gain_out: Type.Optional(Gain),
};
export const MemberGiven = Type.Object(MEMBER_GIVEN);

export function memberTermsFrom(body: Static<typeof MemberGiven>): Partial<MemberTerms> {
  const { role, muted, deaf, gain_in, gain_out } = body;
  return given({ role, isMuted: muted, isDeaf: deaf, gainInDb: gain_in, gainOutDb: gain_out });
}

/** The same of a query. */
export function memberTermsOfQuery(query: URLSearchParams): Partial<MemberTerms> | Refusal {
  const terms: { -readonly [Name in keyof MemberTerms]?: MemberTerms[Name] } = {};
  const role = query.get('role') ?? '';
  if (role !== '') {
    const named = MEMBER_ROLES.find((name) => name === role);
    if (named === undefined) return invalid('role', MEMBER_ROLES.join(', '), role);
    terms.role = named;
  }
  for (const [field, name] of [
    ['muted', 'isMuted'],
    ['deaf', 'isDeaf'],
  ] as const) {
    const flag = query.get(field) ?? '';
    if (!['', 'true', 'false'].includes(flag)) return invalid(field, 'true or false', flag);
    if (flag !== '') terms[name] = flag === 'true';
  }
  for (const [field, name] of [
    ['gain_in', 'gainInDb'],
    ['gain_out', 'gainOutDb'],
  ] as const) {
    const text = query.get(field) ?? '';
    const gain = Number(text);
    if (!(gain >= GAIN_DB.min && gain <= GAIN_DB.max)) return invalid(field, GAIN, text);
    if (text !== '') terms[name] = gain;
  }
  return terms;
}
