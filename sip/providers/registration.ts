import { hexToken } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { TimerTable } from '../../core/kernel/timer-table.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { RegistrationStatus } from '../../core/provider-ports.ts';
import type { Field } from '../dialog/session-messages.ts';
import { formatHostPort } from '../grammar/host.ts';
import type { Response } from '../message.ts';
import type { SentBy } from '../transaction/transaction-layer.ts';
import { decided } from '../transaction/transition.ts';
import { type Errand, type ErrandOutcome, retryAfterMsOf } from './errands.ts';
import type { ProviderAim } from './provider-aim.ts';
import {
  REGISTRATION_TIMERS,
  REGISTRATION_TRANSITIONS,
  type RegistrationAction,
  type RegistrationEvent,
  type RegistrationState,
  type RegistrationTimer,
} from './registration-table.ts';

export interface RegistrationOptions {
  readonly aim: ProviderAim;
  /** User part of our Contact. */
  readonly line: string;
  readonly expiresS: number;
  readonly random: Random;
  readonly userAgent: string;
}

export type RegistrationOutput =
  | { readonly kind: 'begin'; readonly errand: Errand }
  | { readonly kind: 'abandon'; readonly errand: Errand }
  | { readonly kind: 'status'; readonly status: RegistrationStatus };

/** RFC 5626 §4.5: base-time when all flows failed, and max-time. */
const BACK_OFF_BASE_MS = 30_000;
const BACK_OFF_MAX_MS = 1_800_000;
/** A connection broke: the provider may well be there. */
const FLOW_BACK_OFF_BASE_MS = 2_000;
/** A binding is refreshed after this part of its time, or up to a tenth of it before. */
const REFRESH_PART = 0.85;
const REFRESH_SPREAD = 0.1;
const REMOVAL_MAX_MS = 3_000;
const EXPIRES_MAX_S = 86_400;

/** Our binding at one provider (RFC 3261 §10.2): made, refreshed, tried again, taken away. */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #timers = new TimerTable<RegistrationTimer>();
  readonly #outputs = new Queue<RegistrationOutput>();
  readonly #callId: string;
  #state: RegistrationState = 'waiting';
  #errand: Errand | undefined;
  #cseq = 0;
  #expiresS: number;
  /** Failures in a row (RFC 5626 §4.5). */
  #failures = 0;
  /** Why it is not registered, or how long it is. */
  #last: Pick<RegistrationStatus, 'status' | 'detail' | 'seenAs'> = { status: 0, detail: '', seenAs: '' };
  #expiresAt: Instant = 0;
  #retryAt: Instant = 0;
  /** What the provider said of when to come back. */
  #retryAfterMs = 0;
  #server: TransportAddress | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#expiresS = options.expiresS;
    this.#callId = hexToken(options.random, 16);
  }

  /** Whether nothing changes for this registration when these are its options. */
  isLike(options: Pick<RegistrationOptions, 'aim' | 'expiresS'>): boolean {
    return JSON.stringify(namesOf(this.#options)) === JSON.stringify(namesOf(options));
  }

  /** Whether another one with these options takes the place of its binding. */
  isReplacedBy({ aim }: Pick<RegistrationOptions, 'aim'>): boolean {
    return this.#options.aim.registrar.text === aim.registrar.text && this.#options.aim.account === aim.account;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** The server that holds the binding, or held it last. */
  get server(): TransportAddress | undefined {
    return this.#server;
  }

  begin(now: Instant): void {
    this.#handle('begin', now);
  }

  /** Takes the binding away. */
  stop(now: Instant): void {
    this.#handle('stop', now);
  }

  /** A connection to the server broke. */
  flowFailed(now: Instant): void {
    this.#handle('flowFailed', now);
  }

  /** How the errand that was begun last ended; others are abandoned. */
  receive(errand: Errand, outcome: ErrandOutcome, now: Instant): void {
    if (errand !== this.#errand) return;
    this.#errand = undefined;
    if (outcome.kind === 'failed') {
      this.#last = { ...this.#last, status: 0, detail: outcome.reason };
      this.#handle('unanswered', now);
      return;
    }
    const { response, server } = outcome;
    this.#server = server;
    this.#last = { status: response.status, detail: response.reason, seenAs: seenAsOf(response) };
    this.#handle(this.#eventOf(response, now), now);
  }

  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer !== undefined) this.#handle(`timer${timer}`, now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): RegistrationOutput | undefined {
    return this.#outputs.shift();
  }

  #eventOf(response: Response, now: Instant): RegistrationEvent {
    if (response.status < 300) {
      this.#expiresAt = now + 1_000 * this.#grantedS(response);
      return 'accepted';
    }
    if (response.status === 423) {
      const wantedS = Number(/^\s*\d{1,9}/.exec(response.first('Min-Expires') ?? '')?.[0] ?? 0);
      if (wantedS > this.#expiresS && wantedS <= EXPIRES_MAX_S) {
        this.#expiresS = wantedS;
        return 'tooBrief';
      }
    }
    this.#retryAfterMs = retryAfterMsOf(response);
    return 'refused';
  }

  /** RFC 3261 §10.2.4: what our own Contact was given, else the response as a whole, else what we asked for. */
  #grantedS(response: Response): number {
    const own = response.contacts.find(({ uri }) => uri.user === this.#options.line);
    const text = own?.parameters.get('expires') ?? response.first('Expires') ?? '';
    const seconds = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : this.#expiresS;
    // Less than a few seconds would be a storm of requests.
    return Math.min(EXPIRES_MAX_S, Math.max(10, seconds));
  }

  #handle(event: RegistrationEvent, now: Instant): void {
    const step = decided(REGISTRATION_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    const before = REGISTRATION_TIMERS[this.#state];
    this.#state = step.next;
    const wanted = REGISTRATION_TIMERS[step.next];
    for (const timer of before) if (!wanted.includes(timer)) this.#timers.stop(timer);
    if (step.next === 'removing') this.#timers.start('Removal', now + REMOVAL_MAX_MS);
    for (const action of step.actions) this.#perform(action, event, now);
  }

  #perform(action: RegistrationAction, event: RegistrationEvent, now: Instant): void {
    switch (action) {
      case 'register':
        this.#send(this.#expiresS);
        break;
      case 'remove':
        this.#send(0);
        break;
      case 'abandon':
        if (this.#errand !== undefined) this.#outputs.push({ kind: 'abandon', errand: this.#errand });
        this.#errand = undefined;
        break;
      case 'backOff':
        this.#backOff(event, now);
        break;
      case 'schedule':
        this.#schedule(now);
        break;
      case 'report':
        this.#report(now);
        break;
    }
  }

  /** RFC 5626 §4.5: doubled with each failure up to the maximum; a random part of it between a half and the whole. */
  #backOff(event: RegistrationEvent, now: Instant): void {
    this.#failures += 1;
    if (event === 'flowFailed') this.#last = { ...this.#last, status: 0, detail: 'connection lost' };
    const baseMs = event === 'flowFailed' ? FLOW_BACK_OFF_BASE_MS : BACK_OFF_BASE_MS;
    const upperMs = Math.min(BACK_OFF_MAX_MS, baseMs * 2 ** Math.min(this.#failures - 1, 16));
    const waitMs = Math.round(upperMs * (0.5 + this.#options.random.next() / 2));
    this.#retryAt = now + Math.max(waitMs, Math.min(this.#retryAfterMs, BACK_OFF_MAX_MS));
    this.#retryAfterMs = 0;
    this.#timers.start('Retry', this.#retryAt);
  }

  #schedule(now: Instant): void {
    this.#failures = 0;
    const grantedMs = this.#expiresAt - now;
    const part = REFRESH_PART - REFRESH_SPREAD * this.#options.random.next();
    this.#timers.start('Refresh', now + Math.floor(grantedMs * part));
    this.#timers.start('Expiry', this.#expiresAt);
  }

  #report(now: Instant): void {
    const isRegistered = this.#state === 'registered';
    this.#outputs.push({
      kind: 'status',
      status: {
        state: this.#state,
        ...this.#last,
        endsInMs: isRegistered ? this.#expiresAt - now : 0,
        retryInMs: this.#state === 'waiting' ? this.#retryAt - now : 0,
      },
    });
  }

  #send(expiresS: number): void {
    const { aim, line, random, userAgent } = this.#options;
    const tag = hexToken(random, 8);
    const contactOf = ({ host, port, transport }: SentBy): string => {
      const parameter = transport === 'udp' ? '' : `;transport=${transport}`;
      return `<sip:${line}@${formatHostPort(host.toLowerCase(), port)}${parameter}>;expires=${expiresS}`;
    };
    const errand: Errand = {
      method: 'REGISTER',
      uri: aim.registrar,
      next: aim.next,
      credentials: aim.credentials,
      nextCSeq: () => ++this.#cseq,
      fieldsFor: (sentBy): readonly Field[] => [
        ...aim.routes.map((route): Field => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', `${aim.account};tag=${tag}`],
        ['To', aim.account],
        ['Call-ID', this.#callId],
        ['Contact', contactOf(sentBy)],
        ['Expires', String(expiresS)],
        ['Supported', 'path'],
        ['User-Agent', userAgent],
      ],
    };
    this.#errand = errand;
    this.#outputs.push({ kind: 'begin', errand });
  }
}

function namesOf({ aim, expiresS }: Pick<RegistrationOptions, 'aim' | 'expiresS'>): readonly unknown[] {
  return [aim.registrar.text, aim.next.text, aim.account, aim.credentials, expiresS];
}

/** Where the provider saw the request come from (RFC 3261 §18.2.1, RFC 3581 §4); '' when it does not say. */
export function seenAsOf(response: Response): string {
  const { parameters, port } = response.topVia;
  const received = parameters.get('received');
  if (received === undefined || received === '') return '';
  return formatHostPort(received, Number(parameters.get('rport') ?? '') || port);
}
