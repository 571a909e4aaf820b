import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { branchOf, statusOf } from './sip-text.ts';

/** RFC 3261 §17.1.1.1. */
const T1_MS = 500;
const T2_MS = 4_000;
const GIVEN_UP_AFTER_MS = 64 * T1_MS;
/** How often it is looked for what must be repeated. */
const SWEEP_MS = 50;

/** Who sent a request and is told how it ended. `status` is 408 when nobody answered. */
export interface Requester {
  responded(status: number, response: string, now: Instant): void;
}

interface Waiting {
  readonly text: string;
  readonly requester: Requester;
  readonly isInvite: boolean;
  readonly startedAt: Instant;
  repeatAt: Instant;
  intervalMs: number;
}

/** Client transactions over UDP, reduced to what phones on one machine need: repeated until answered, matched by branch. */
export class Requests {
  readonly #waiting = new LiveMap<string, Waiting>();
  readonly #outputs: string[] = [];
  readonly #run: string;
  #lastBranch = 0;
  #sweepAt: Instant = 0;
  /** Messages repeated: the other side was slow, or something was lost. */
  repeated = 0;

  /** `run` keeps branches apart from those of an earlier run, which the switch remembers for a while. */
  constructor(run: string) {
    this.#run = run;
  }

  newBranch(): string {
    return `z9hG4bK${this.#run}${(++this.#lastBranch).toString(36)}`;
  }

  /** Sends a request whose topmost Via has this branch. */
  request(text: string, branch: string, requester: Requester, now: Instant): void {
    const isInvite = text.startsWith('INVITE ');
    const timing = { startedAt: now, repeatAt: now + T1_MS, intervalMs: T1_MS };
    this.#waiting.set(branch, { text, requester, isInvite, ...timing });
    this.send(text);
  }

  /** A response, or an ACK: sent once. */
  send(text: string): void {
    this.#outputs.push(text);
  }

  /** False for a response that nobody waits for. */
  receive(response: string, now: Instant): boolean {
    const branch = branchOf(response);
    const waiting = this.#waiting.get(branch);
    if (waiting === undefined) return false;
    const status = statusOf(response);
    if (status >= 200) this.#waiting.delete(branch);
    else if (waiting.isInvite) waiting.repeatAt = Infinity;
    waiting.requester.responded(status, response, now);
    return true;
  }

  expire(now: Instant): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_MS;
    for (const [branch, waiting] of this.#waiting) {
      if (now - waiting.startedAt > GIVEN_UP_AFTER_MS) {
        this.#waiting.delete(branch);
        waiting.requester.responded(408, '', now);
      } else if (now >= waiting.repeatAt) {
        waiting.intervalMs = waiting.isInvite ? 2 * waiting.intervalMs : Math.min(2 * waiting.intervalMs, T2_MS);
        waiting.repeatAt = now + waiting.intervalMs;
        this.repeated++;
        this.send(waiting.text);
      }
    }
  }

  poll(): string | undefined {
    return this.#outputs.shift();
  }
}
