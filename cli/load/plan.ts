import type { Instant } from '../../core/kernel/time.ts';
import type { LoadOptions } from './load-options.ts';
import type { Phones } from './phones.ts';
import type { Tally } from './tally.ts';

/** Registrations under way at once before the calls begin. */
const REGISTER_CONCURRENCY = 20;
/** Calls that do not settle in this time are measured without. */
const SETTLE_MAX_MS = 15_000;
const ENDING_MAX_MS = 10_000;

/**
 * registering → placing (all of the held calls, or none) → warming → measuring → ending → done. The rim reads what it
 * measures when `phase` enters and leaves `measuring`.
 */
export type Phase = 'registering' | 'placing' | 'warming' | 'measuring' | 'ending' | 'done';

/** When the phones do what. */
export class Plan {
  phase: Phase = 'registering';
  readonly #options: LoadOptions;
  readonly #phones: Phones;
  readonly #tally: Tally;
  #since: Instant;
  /** By the rate, the next call is due then. */
  #dueAt: Instant = 0;
  #nextRegistration = 0;

  constructor(options: LoadOptions, phones: Phones, tally: Tally, now: Instant) {
    this.#options = options;
    this.#phones = phones;
    this.#tally = tally;
    this.#since = now;
  }

  expire(now: Instant): void {
    const { measuredMs, warmUpMs, held } = this.#options;
    const elapsedMs = now - this.#since;
    switch (this.phase) {
      case 'registering':
        if (this.#registerAll(now)) this.#enter('placing', now);
        break;
      case 'placing':
        if (held === 0 || this.#placeHeld(elapsedMs, now)) this.#enter('warming', now);
        break;
      case 'warming':
        this.#keepUp(now);
        if (elapsedMs >= warmUpMs) this.#enter('measuring', now);
        break;
      case 'measuring':
        this.#keepUp(now);
        if (elapsedMs >= measuredMs) this.#enter('ending', now);
        break;
      case 'ending':
        this.#phones.hangupAnswered(now, now);
        if (this.#isQuiet() || elapsedMs > ENDING_MAX_MS) this.#enter('done', now);
        break;
      case 'done':
        break;
    }
  }

  #enter(phase: Phase, now: Instant): void {
    this.phase = phase;
    this.#since = now;
    if (phase === 'placing' || phase === 'warming') this.#dueAt = now;
  }

  #isQuiet(): boolean {
    const { liveCount, callees, registrations } = this.#phones;
    return liveCount === 0 && callees.liveCount === 0 && registrations.every(({ isPending }) => !isPending);
  }

  /** True when every account has been answered. */
  #registerAll(now: Instant): boolean {
    const { registrations } = this.#phones;
    this.#register(now, Math.min(registrations.length, this.#nextRegistration + REGISTER_CONCURRENCY));
    return this.#nextRegistration === registrations.length && registrations.every(({ isPending }) => !isPending);
  }

  /** Begins registrations up to this one, as far as not too many are under way. */
  #register(now: Instant, end: number): void {
    const { registrations } = this.#phones;
    let pending = registrations.reduce((count, { isPending }) => count + (isPending ? 1 : 0), 0);
    for (; this.#nextRegistration < end && pending < REGISTER_CONCURRENCY; pending++) {
      registrations[this.#nextRegistration++]!.register(now);
    }
  }

  /** True when all held calls stand, or no more will. */
  #placeHeld(elapsedMs: number, now: Instant): boolean {
    const { held, ratePerS } = this.#options;
    this.#place(now, held);
    const settled = this.#tally.answeredCount + this.#tally.failedCount >= held;
    const placingMs = ratePerS > 0 ? (held / ratePerS) * 1000 : 0;
    return this.#tally.placedCount >= held && (settled || elapsedMs > placingMs + SETTLE_MAX_MS);
  }

  /** While calls or registrations come and go. */
  #keepUp(now: Instant): void {
    const { subject, held, durationMs } = this.#options;
    if (subject === 'registrations') this.#registerMore(now);
    else if (held === 0) {
      this.#phones.hangupAnswered(now - durationMs, now);
      this.#place(now, Infinity);
    }
  }

  #place(now: Instant, end: number): void {
    while (this.#tally.placedCount < end && this.#mayBegin(this.#phones.liveCount, now)) this.#phones.place(now);
  }

  #registerMore(now: Instant): void {
    const { registrations } = this.#phones;
    let pending = registrations.reduce((count, { isPending }) => count + (isPending ? 1 : 0), 0);
    for (let tries = 0; tries < registrations.length; tries++) {
      const next = registrations[this.#nextRegistration++ % registrations.length]!;
      if (next.isPending) continue;
      if (!this.#mayBegin(pending, now)) break;
      if (this.#options.challenges === 'always') next.account.forget();
      next.register(now);
      pending++;
    }
  }

  /** Whether rate and concurrency allow one more; takes the turn when they do. */
  #mayBegin(underWay: number, now: Instant): boolean {
    const { ratePerS, concurrency } = this.#options;
    if (underWay >= concurrency || (ratePerS > 0 && now < this.#dueAt)) return false;
    if (ratePerS > 0) this.#dueAt += 1000 / ratePerS;
    return true;
  }
}
