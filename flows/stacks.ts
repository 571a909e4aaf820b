import type { Action } from '../core/flows/action.ts';
import type { ActionId } from '../core/kernel/ids.ts';
import { FINISH_ID, NEXT_ID, NIL_ACTION_ID } from './document.ts';

/** One level of actions; when it is through, what follows the action that pushed it is next. */
interface Stack {
  actions: readonly Action[];
  /** Index of the current action; -1 before the first. */
  index: number;
  /** What stays when it is through, waiting for more actions. */
  readonly isOpen: boolean;
  /** Jumps left of each `goto`. */
  readonly jumpsLeft: Map<ActionId, number>;
}

/** Flows within flows; one more is refused. */
export const STACKS_MAX = 100;

/** Actions that are done, to which those of an open stack can still jump back. */
const DONE_KEPT_MAX = 200;

/** What comes next: an action, more from the program that keeps this stack open, or nothing at all. */
export type Following = Action | 'waiting' | 'finished';

/** The actions of one activeflow and the place in them: a stack of lists, innermost last. */
export class Stacks {
  readonly #stacks: Stack[] = [];
  #forward: ActionId | null = null;

  constructor(actions: readonly Action[]) {
    this.#stacks.push({ actions, index: -1, isOpen: false, jumpsLeft: new Map() });
  }

  get depth(): number {
    return this.#stacks.length;
  }

  get forward(): ActionId | null {
    return this.#forward;
  }

  /** The current action, undefined before the first and between two. */
  get current(): Action | undefined {
    const stack = this.#stacks.at(-1);
    return stack?.actions[stack.index];
  }

  has(id: ActionId): boolean {
    return id === FINISH_ID || id === NEXT_ID || this.#stacks.some((stack) => indexOf(stack, id) !== -1);
  }

  /** False when it would be too deep. An open one waits when it is through, instead of returning. */
  push(actions: readonly Action[], mode: 'returning' | 'open'): boolean {
    if (this.#stacks.length >= STACKS_MAX) return false;
    this.#stacks.push({ actions, index: -1, isOpen: mode === 'open', jumpsLeft: new Map() });
    return true;
  }

  /** The innermost open stack gets more actions; those above it are left when these are to come at once. */
  extend(actions: readonly Action[], mode: 'append' | 'replace' | 'now'): void {
    const place = this.#stacks.findLastIndex((stack) => stack.isOpen);
    const stack = this.#stacks[place];
    if (stack === undefined) return;
    if (mode === 'now') {
      this.#stacks.length = place + 1;
      // Whatever the action that is broken off names as its next.
      this.#forward = NEXT_ID;
    }
    // What is done is not kept: an open stack may live for hours.
    const first = Math.max(0, stack.index + 1 - DONE_KEPT_MAX);
    const end = mode === 'append' ? stack.actions.length : stack.index + 1;
    stack.actions = [...stack.actions.slice(first, end), ...actions];
    stack.index -= first;
    for (const id of stack.jumpsLeft.keys()) if (indexOf(stack, id) === -1) stack.jumpsLeft.delete(id);
  }

  /** Whether a program keeps a stack open. */
  get isOpen(): boolean {
    return this.#stacks.some((stack) => stack.isOpen);
  }

  /** Actions of the innermost open stack that have not begun. */
  openLength(): number {
    const stack = this.#stacks.findLast((candidate) => candidate.isOpen);
    return stack === undefined ? 0 : stack.actions.length - stack.index - 1;
  }

  /** Leaves the innermost open stack and all above it: what follows the action that pushed it is next. */
  close(): void {
    const place = this.#stacks.findLastIndex((stack) => stack.isOpen);
    if (place !== -1) this.#stacks.length = place;
  }

  /** The next step goes there. False when it is nowhere in the stacks. */
  jump(id: ActionId): boolean {
    if (!this.has(id)) return false;
    this.#forward = id;
    return true;
  }

  /** Takes one of the jumps of the current `goto`; false when none is left. */
  takeJump(goto: ActionId, count: number): boolean {
    const jumpsLeft = this.#stacks.at(-1)!.jumpsLeft;
    const left = jumpsLeft.get(goto) ?? count;
    if (left <= 0) return false;
    jumpsLeft.set(goto, left - 1);
    return true;
  }

  /** Moves on: to where a jump leads, else by `next_id`, else to the one that stands after it, else out of the stack. */
  next(): Following {
    const forward = this.#forward;
    this.#forward = null;
    if (forward === FINISH_ID) return 'finished';
    if (forward !== null && forward !== NEXT_ID && this.#goTo(forward)) return this.current!;
    return this.#successor(forward === NEXT_ID);
  }

  #successor(isExplicitIgnored: boolean): Following {
    for (let ignored = isExplicitIgnored; ; ignored = false) {
      const stack = this.#stacks.at(-1);
      if (stack === undefined) return 'finished';
      const explicit = ignored ? NIL_ACTION_ID : (this.current?.nextId ?? NIL_ACTION_ID);
      if (explicit === FINISH_ID) return 'finished';
      if (explicit !== NIL_ACTION_ID && explicit !== NEXT_ID && this.#goTo(explicit)) return this.current!;
      if (stack.index + 1 < stack.actions.length) {
        stack.index += 1;
        return stack.actions[stack.index]!;
      }
      if (stack.isOpen) return 'waiting';
      this.#stacks.pop();
    }
  }

  /** Looks in the innermost stack first, then outwards; what lies above the place is left. */
  #goTo(id: ActionId): boolean {
    for (let place = this.#stacks.length - 1; place >= 0; place--) {
      const stack = this.#stacks[place]!;
      const index = indexOf(stack, id);
      if (index === -1) continue;
      this.#stacks.length = place + 1;
      stack.index = index;
      return true;
    }
    return false;
  }
}

function indexOf(stack: Stack, id: ActionId): number {
  return stack.actions.findLastIndex((action) => action.id === id);
}
