import type { Json } from '../../core/flows/action.ts';
import type { ScriptSessionId } from '../../core/kernel/ids.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { ScriptEvent, ScriptLinks } from '../../core/ports.ts';
import { answerFrame, type FrameRefusal, readFrame, type UpFrame } from './frames.ts';
import { FrameHistory } from './history.ts';

/** A program that has not been reached by then is not waited for. */
export const OPEN_MAX_MS = 15_000;
/** A program whose socket broke comes back within it, or the session is over. */
export const RESUME_MAX_MS = 60_000;
/** First pause before we connect again; it doubles. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 8_000;

/** What a program asks for, or that it is not there any more. */
export type ScriptRequest =
  | Extract<UpFrame, { kind: 'actions' | 'command' }>
  | { readonly kind: 'gone'; readonly detail: string };

export interface ScriptSessionOptions {
  readonly id: ScriptSessionId;
  /** Where the program waits for us; undefined when it has connected to us. */
  readonly url: string | undefined;
  readonly scripts: ScriptLinks;
}

/**
 * One program's hold on a call: numbered frames down, requests up, over a socket that may break and come back. While
 * the socket is gone frames are kept. After it is back, nothing is sent but the first frame, until the program says
 * after which number it goes on; a program that says something else has missed everything.
 */
export class ScriptSession {
  readonly id: ScriptSessionId;
  readonly #url: string | undefined;
  readonly #scripts: ScriptLinks;
  readonly #history = new FrameHistory();
  /** The socket: of our own number, or that with which the program came back. */
  #link: ScriptSessionId;
  #state: 'opening' | 'open' | 'returned' | 'broken' | 'ended' = 'opening';
  #giveUpAt: Instant = NEVER;
  #retryAt: Instant = NEVER;
  #retryMs = RETRY_MS;

  constructor(options: ScriptSessionOptions, now: Instant) {
    this.id = options.id;
    this.#link = options.id;
    this.#url = options.url;
    this.#scripts = options.scripts;
    if (this.#url === undefined) this.#state = 'open';
    else {
      this.#giveUpAt = now + OPEN_MAX_MS;
      this.#scripts.open(this.id, this.#url);
    }
  }

  get link(): ScriptSessionId {
    return this.#link;
  }

  /** The next numbered frame; `frame` without its number. */
  say(frame: { readonly [key: string]: Json }): void {
    const text = this.#history.add(frame);
    if (this.#state === 'open') this.#scripts.send(this.#link, text);
  }

  answer(id: string, refusal: FrameRefusal | undefined): void {
    if (this.#state === 'open') this.#scripts.send(this.#link, answerFrame(id, refusal));
  }

  /** Takes an event of this session's socket. */
  receive(event: ScriptEvent, now: Instant): ScriptRequest | undefined {
    switch (event.kind) {
      case 'opened':
        this.#opened();
        return undefined;
      case 'closed':
        return this.#closed(event.detail, now);
      case 'received':
        return this.#received(readFrame(event.text));
    }
  }

  /** Whether nobody is there who could say or hear anything, for now. */
  get isBroken(): boolean {
    return this.#state === 'broken';
  }

  /** The program, or another one in its place, is back on a socket of its own. */
  moveTo(link: ScriptSessionId): void {
    this.#link = link;
    this.#returned();
  }

  deadline(): Instant {
    return Math.min(this.#giveUpAt, this.#retryAt);
  }

  expire(now: Instant): ScriptRequest | undefined {
    if (this.#giveUpAt <= now) {
      const detail = this.#history.last > 0 && this.#state === 'broken' ? 'did not come back' : 'was not reached';
      return { kind: 'gone', detail: `the program ${detail}` };
    }
    if (this.#retryAt <= now && this.#url !== undefined) {
      this.#retryAt = NEVER;
      this.#link = this.id;
      this.#scripts.open(this.id, this.#url);
    }
    return undefined;
  }

  /** Tells the program that it is over, and closes. */
  end(reason: string): void {
    if (this.#state === 'ended') return;
    this.say({ type: 'ended', reason });
    this.#state = 'ended';
    this.#giveUpAt = NEVER;
    this.#retryAt = NEVER;
    this.#scripts.close(this.#link, reason);
  }

  #opened(): void {
    if (this.#state === 'opening') {
      this.#state = 'open';
      this.#giveUpAt = NEVER;
      for (const text of this.#history.after(this.#history.reach)) this.#scripts.send(this.#link, text);
    } else if (this.#state === 'broken') {
      this.#returned();
    }
  }

  #returned(): void {
    this.#state = 'returned';
    this.#giveUpAt = NEVER;
    this.#retryAt = NEVER;
    this.#retryMs = RETRY_MS;
    this.#scripts.send(this.#link, this.#history.first);
  }

  #closed(detail: string, now: Instant): ScriptRequest | undefined {
    if (this.#state === 'ended') return undefined;
    if (this.#state === 'opening') return { kind: 'gone', detail: `the program was not reached: ${detail}` };
    if (this.#state !== 'broken') this.#giveUpAt = now + RESUME_MAX_MS;
    this.#state = 'broken';
    if (this.#url !== undefined) {
      this.#retryAt = now + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    }
    return undefined;
  }

  #received(frame: UpFrame): ScriptRequest | undefined {
    if (this.#state === 'ended' || this.#state === 'broken') return undefined;
    if (frame.kind === 'resume') {
      this.#resume(frame);
      return undefined;
    }
    if (this.#state === 'returned') this.#catchUp(Math.max(this.#history.reach, 1));
    if (frame.kind !== 'unreadable') return frame;
    this.answer(frame.id, frame.refusal);
    return undefined;
  }

  #resume(frame: Extract<UpFrame, { kind: 'resume' }>): void {
    const { reach, last } = this.#history;
    if (frame.sessionId !== this.id) {
      this.#refuse(frame.id, {
        code: 'RESOURCE_NOT_FOUND',
        field: 'session_id',
        expected: this.id,
      });
    } else if (frame.after < reach || frame.after > last) {
      this.#refuse(frame.id, {
        code: 'INVALID_ARGUMENT',
        field: 'after',
        expected: `a number from ${reach} to ${last}`,
      });
    } else {
      this.#catchUp(frame.after);
    }
  }

  #refuse(id: string, refusal: FrameRefusal): void {
    this.#scripts.send(this.#link, answerFrame(id, refusal));
  }

  #catchUp(after: number): void {
    this.#state = 'open';
    for (const text of this.#history.after(after)) this.#scripts.send(this.#link, text);
  }
}
