import type { ActionId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One step of a flow as users write it (platform §3.1). What its options mean is known to `flows/` alone. */
export interface Action {
  readonly id: ActionId;
  /** The nil UUID when the one that stands after it is next. */
  readonly nextId: ActionId;
  readonly type: string;
  readonly option: { readonly [key: string]: Json };
  /** When it was begun; null before. */
  readonly executedAt: WallTime | null;
}
