import type { Clock } from './clock.ts';
import type { Instant } from './time.ts';

/** Longest that a timer is armed for: more does not fit Node's timers, and waking once an hour costs nothing. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Drives a machine in real time: one timer, armed for the machine's earliest deadline. The only place that knows
 * timers. `turn` acts on what is due and drains every output; it is never entered twice.
 */
export class Driver {
  readonly #clock: Clock;
  readonly #turn: (now: Instant) => void;
  readonly #deadline: () => Instant;
  #timer: NodeJS.Timeout | undefined;
  #armedFor: Instant = Infinity;
  #again: NodeJS.Immediate | undefined;
  #state: 'idle' | 'turning' | 'stopped' = 'idle';

  constructor(clock: Clock, turn: (now: Instant) => void, deadline: () => Instant) {
    this.#clock = clock;
    this.#turn = turn;
    this.#deadline = deadline;
  }

  /**
   * After each input. Outside a turn the machine is turned at once; inside one, another turn follows in its own
   * macrotask, one for however many calls.
   */
  wake(): void {
    if (this.#state === 'idle') this.#run();
    else if (this.#state === 'turning') this.#soon();
  }

  /** No turn begins after this. */
  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    clearImmediate(this.#again);
  }

  #run(): void {
    this.#state = 'turning';
    try {
      this.#turn(this.#clock.now());
    } finally {
      if (this.#state === 'turning') this.#state = 'idle';
    }
    if (this.#state === 'idle') this.#arm();
  }

  #soon(): void {
    this.#again ??= setImmediate(() => {
      this.#again = undefined;
      this.wake();
    });
  }

  /** A timer that fires too early is left alone: asking again then is cheaper than arming it anew at each input. */
  #arm(): void {
    const at = this.#deadline();
    if (at >= this.#armedFor) return;
    clearTimeout(this.#timer);
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    if (at <= now) {
      this.#soon();
      return;
    }
    const wait = Math.min(Math.ceil(at - now), LONGEST_WAIT_MS);
    this.#armedFor = at;
    this.#timer = setTimeout(() => this.#fire(), wait);
  }

  #fire(): void {
    this.#armedFor = Infinity;
    if (this.#deadline() <= this.#clock.now()) this.#run();
    else this.#arm();
  }
}
