import { hexToken } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { formatHostPort } from '../grammar/host.ts';
import { type Table, to } from '../transaction/transition.ts';
import type { Errand, ErrandOutcome } from './errands.ts';
import type { ProviderAim } from './provider-aim.ts';

export type LivenessState = 'unknown' | 'healthy' | 'unhealthy';
/** `lost`: as many probes in a row as are allowed were not answered. */
type Event = 'answered' | 'missed' | 'lost';

/** Every cell is decided. Each change of state is reported. */
export const LIVENESS_TRANSITIONS: Table<LivenessState, Event, never> = {
  unknown: { answered: to('healthy'), missed: to('unknown'), lost: to('unhealthy') },
  healthy: { answered: to('healthy'), missed: to('healthy'), lost: to('unhealthy') },
  unhealthy: { answered: to('healthy'), missed: to('unhealthy'), lost: to('unhealthy') },
};

export interface LivenessOptions {
  readonly aim: ProviderAim;
  readonly intervalMs: number;
  readonly failuresMax: number;
  readonly random: Random;
  readonly userAgent: string;
}

export type LivenessOutput =
  | { readonly kind: 'begin'; readonly errand: Errand }
  | { readonly kind: 'status'; readonly state: LivenessState; readonly detail: string };

/** The first probe is spread over this time, so that a start does not ask everybody at once. */
const FIRST_MS = 1_000;
/** A quarter of the interval either way, for the same reason. */
const SPREAD = 0.25;

/**
 * Whether a provider lives: OPTIONS at intervals (RFC 3261 §11). Whatever it answers means that it does, but for 408 and
 * 503, by which it says that it serves nobody.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #outputs = new Queue<LivenessOutput>();
  readonly #callId: string;
  #state: LivenessState = 'unknown';
  #errand: Errand | undefined;
  #at: Instant;
  #misses = 0;
  #cseq = 0;

  constructor(options: LivenessOptions, now: Instant) {
    this.#options = options;
    this.#callId = hexToken(options.random, 16);
    this.#at = now + Math.floor(options.random.next() * FIRST_MS);
  }

  get state(): LivenessState {
    return this.#state;
  }

  receive(errand: Errand, outcome: ErrandOutcome, now: Instant): void {
    if (errand !== this.#errand) return;
    this.#errand = undefined;
    const { intervalMs, random, failuresMax } = this.#options;
    this.#at = now + Math.floor(intervalMs * (1 + SPREAD * (2 * random.next() - 1)));
    const isAlive = outcome.kind === 'answered' && outcome.response.status !== 408 && outcome.response.status !== 503;
    this.#misses = isAlive ? 0 : this.#misses + 1;
    const event = isAlive ? 'answered' : this.#misses >= failuresMax ? 'lost' : 'missed';
    const step = LIVENESS_TRANSITIONS[this.#state][event];
    if (step === 'ignore' || step === 'never') return;
    const isNew = step.next !== this.#state;
    this.#state = step.next;
    const detail = outcome.kind === 'failed' ? outcome.reason : `${outcome.response.status} ${outcome.response.reason}`;
    if (isNew || isAlive) this.#outputs.push({ kind: 'status', state: this.#state, detail });
  }

  expire(now: Instant): void {
    if (now < this.#at) return;
    this.#at = NEVER;
    const { aim, random, userAgent } = this.#options;
    const tag = hexToken(random, 8);
    const errand: Errand = {
      method: 'OPTIONS',
      uri: aim.registrar,
      next: aim.next,
      credentials: undefined,
      nextCSeq: () => ++this.#cseq,
      fieldsFor: ({ host, port }) => [
        ...aim.routes.map((route) => ['Route', route] as const),
        ['Max-Forwards', '70'],
        ['From', `<sip:${formatHostPort(host.toLowerCase(), port)}>;tag=${tag}`],
        ['To', `<${aim.registrar.text}>`],
        ['Call-ID', this.#callId],
        ['Contact', `<sip:${formatHostPort(host.toLowerCase(), port)}>`],
        ['Accept', 'application/sdp'],
        ['User-Agent', userAgent],
      ],
    };
    this.#errand = errand;
    this.#outputs.push({ kind: 'begin', errand });
  }

  deadline(): Instant {
    return this.#at;
  }

  poll(): LivenessOutput | undefined {
    return this.#outputs.shift();
  }
}
