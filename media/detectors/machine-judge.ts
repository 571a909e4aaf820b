import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { MachineReason, MachineTerms, MachineVerdict } from '../../core/media-port.ts';

/** Where a greeting stands. */
export type GreetingState =
  /** Nobody has said anything. */
  | 'waiting'
  /** Sound that may become a word. */
  | 'sound'
  /** A word is being said. */
  | 'word'
  /** Between words. */
  | 'pause'
  | 'over';

type GreetingInput = 'voice' | 'silence';

/** What comes next; `word` out of `sound` and `pause` out of `word` come when it has lasted long enough. */
const NEXT: Readonly<Record<GreetingState, Readonly<Record<GreetingInput, GreetingState>>>> = {
  waiting: { voice: 'sound', silence: 'waiting' },
  sound: { voice: 'sound', silence: 'pause' },
  word: { voice: 'word', silence: 'pause' },
  pause: { voice: 'sound', silence: 'pause' },
  over: { voice: 'over', silence: 'over' },
};

export interface Judgement {
  readonly verdict: MachineVerdict;
  readonly reason: MachineReason;
  readonly afterMs: number;
}

/**
 * Tells people from answering machines by how they greet: people say a word or two and wait, machines go on, or begin late.
 * Told once what it is.
 */
export class MachineJudge {
  readonly #terms: MachineTerms;
  readonly #startedAt: Instant;
  #state: GreetingState = 'waiting';
  /** Of the sound or word that goes on, of the pause, and of all voice. */
  #soundMs = 0;
  #pauseMs = 0;
  #voiceMs = 0;
  #words = 0;
  #judgement: Judgement | undefined;

  constructor(terms: MachineTerms, now: Instant) {
    this.#terms = terms;
    this.#startedAt = now;
  }

  get state(): GreetingState {
    return this.#state;
  }

  /** So long was voice, or was none. */
  receive(input: GreetingInput, durationMs: number, now: Instant): void {
    if (this.#state === 'over') return;
    this.#state = NEXT[this.#state][input];
    if (input === 'voice') this.#hearVoice(durationMs, now);
    else this.#hearSilence(durationMs, now);
  }

  /** A tone that no person makes. */
  hearTone(tone: 'beep' | 'fax', now: Instant): void {
    this.#decide('machine', tone, now);
  }

  deadline(): Instant {
    return this.#state === 'over' ? NEVER : this.#startedAt + this.#terms.totalMs;
  }

  expire(now: Instant): void {
    if (now >= this.deadline()) this.#decide('not-sure', 'too-long', now);
  }

  /** What it is, once. */
  poll(): Judgement | undefined {
    const judgement = this.#judgement;
    this.#judgement = undefined;
    return judgement;
  }

  #hearVoice(durationMs: number, now: Instant): void {
    const { wordMinMs, wordMaxMs, wordsMax, greetingMs } = this.#terms;
    this.#soundMs += durationMs;
    this.#pauseMs = 0;
    if (this.#state === 'sound' && this.#soundMs >= wordMinMs) {
      this.#state = 'word';
      this.#words++;
      this.#voiceMs += this.#soundMs;
    } else if (this.#state === 'word') this.#voiceMs += durationMs;
    if (this.#words > wordsMax) this.#decide('machine', 'many-words', now);
    else if (this.#soundMs >= wordMaxMs) this.#decide('machine', 'long-word', now);
    else if (this.#voiceMs >= greetingMs) this.#decide('machine', 'long-greeting', now);
  }

  #hearSilence(durationMs: number, now: Instant): void {
    const { betweenWordsMs, afterGreetingMs, initialSilenceMs } = this.#terms;
    this.#pauseMs += durationMs;
    if (this.#pauseMs >= betweenWordsMs) this.#soundMs = 0;
    else if (this.#soundMs >= this.#terms.wordMinMs) this.#state = 'word';
    if (this.#words > 0 && this.#pauseMs >= afterGreetingMs) this.#decide('human', 'short-greeting', now);
    else if (this.#words === 0 && now - this.#startedAt >= initialSilenceMs) {
      this.#decide('machine', 'initial-silence', now);
    }
  }

  #decide(verdict: MachineVerdict, reason: MachineReason, now: Instant): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#judgement = { verdict, reason, afterMs: now - this.#startedAt };
  }
}
