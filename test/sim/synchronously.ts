import { createHook } from 'node:async_hooks';
import { assert } from '../../core/kernel/assert.ts';

/** What leaves work for after the present turn: a promise, a timer, a microtask, or another callback of the loop. */
const LATER = /^(PROMISE|Timeout|Immediate|Microtask|TickObject)$/;

/** Does something and asserts that it left nothing to be done afterwards: no promise, timer or microtask was made. */
export function synchronously<Result>(act: () => Result): Result {
  const left: string[] = [];
  const hook = createHook({
    init: (_, type) => {
      if (LATER.test(type)) left.push(type);
    },
  });
  hook.enable();
  try {
    return act();
  } finally {
    hook.disable();
    assert(left.length === 0, `machines leave nothing for later, but made ${left.join(', ')}`);
  }
}
