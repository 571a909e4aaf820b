import { fail } from '../../core/kernel/assert.ts';

/** One cell of a state table: where to go, and what to do on the way, in order. */
export interface Step<State, Action> {
  readonly next: State;
  readonly actions: readonly Action[];
}

/** `ignore`: may happen, changes nothing. `never`: cannot happen; a bug if it does. */
export type Cell<State, Action> = Step<State, Action> | 'ignore' | 'never';

/** Every state against every event: no cell is left open. */
export type Table<State extends string, Event extends string, Action extends string> = Readonly<
  Record<State, Readonly<Record<Event, Cell<State, Action>>>>
>;

/** The step that a cell holds; undefined when the event changes nothing. Asserts that it can happen in this state. */
export function decided<State extends string, Action extends string>(
  cell: Cell<State, Action>,
  event: string,
  state: string,
): Step<State, Action> | undefined {
  if (cell === never) fail(`${event} cannot happen in ${state}`);
  return cell === ignore ? undefined : cell;
}

export const ignore = 'ignore';
export const never = 'never';

/** A cell that leads to `next`. */
export function to<State extends string, Action extends string>(
  next: State,
  ...actions: Action[]
): Step<State, Action> {
  return { next, actions };
}
