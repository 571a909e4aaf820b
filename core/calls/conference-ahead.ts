import type { Action } from '../flows/action.ts';
import type { ConferenceId, MixId } from '../kernel/ids.ts';
import type { Conferences } from './conferences.ts';

/** Actions of a flow that are looked at: one that answers and greets joins soon. */
const ACTIONS_AHEAD = 5;

/** The mix that a flow brings its call into before long, while somebody is in it: where the call is placed best. */
export function mixAhead(
  actions: readonly Action[],
  conferences: Pick<Conferences, 'rosterOf' | 'mixOf'>,
): MixId | undefined {
  const join = actions.slice(0, ACTIONS_AHEAD).find(({ type }) => type === 'conference_join');
  const id = join?.option['conference_id'] as ConferenceId | undefined;
  return id === undefined || conferences.rosterOf(id).count === 0 ? undefined : conferences.mixOf(id);
}
