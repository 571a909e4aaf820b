import { CAUSES, type Cause } from '../../core/calls/cause.ts';
import { assert } from '../../core/kernel/assert.ts';
import type { LegId, RecordingNumber } from '../../core/kernel/ids.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { TimerTable } from '../../core/kernel/timer-table.ts';
import type {
  Body,
  DialRequest,
  MediaEvent,
  MediaPlane,
  Signaling,
  SignalingEvent,
  TransportAddress,
} from '../../core/ports.ts';
import type { StreamReport } from '../../media/protocol.ts';
import { ignore, never } from '../../sip/transaction/transition.ts';
import {
  PHONE_TIMERS,
  PHONE_TRANSITIONS,
  type PhoneAction,
  type PhoneEvent,
  type PhoneState,
  type PhoneTimer,
} from './call-table.ts';

/** What the phone is to do. */
export interface CallOrder {
  readonly peer: TransportAddress;
  readonly dial: Omit<DialRequest, 'offer'>;
  /** WAV file that the callee hears; silence without one, and after it. */
  readonly play: string | undefined;
  /** WAV file that is written from the first sound of the other side on. */
  readonly record: string | undefined;
  /** Sent as telephone-events after the answer; '' for none. */
  readonly digits: string;
  /** The call is hung up so long after its answer; `NEVER` for not at all. */
  readonly talkMaxMs: number;
}

/** What became of a call. */
export interface CallResult {
  readonly answered: boolean;
  readonly hasRung: boolean;
  /** Final status of the INVITE; the one that our cause stands for when there was none. */
  readonly status: number;
  readonly cause: Cause;
  readonly endedBy: 'local' | 'remote';
  /** From the first INVITE to the answer; undefined without one. */
  readonly setupMs: number | undefined;
  /** From the answer to the end. */
  readonly talkMs: number;
  /** Undefined when the stream told nothing: there was none, or its thread died. */
  readonly report: StreamReport | undefined;
  /** Why the file could not be played; '' when it could. */
  readonly playFailure: string;
}

export type CallProgress =
  | { readonly kind: 'ringing' }
  | { readonly kind: 'answered'; readonly setupMs: number }
  | { readonly kind: 'over'; readonly result: CallResult };

export interface PhonePorts {
  readonly signaling: Signaling;
  readonly media: MediaPlane;
}

type End = Pick<CallResult, 'status' | 'cause' | 'endedBy'>;

const LEG = 1 as LegId;
const RECORDING = 1 as RecordingNumber;
/** What the other side says, to the end of the call. */
const HEARD = { source: { kind: 'leg', leg: LEG }, outPath: undefined, durationMs: 0, silenceMs: 0 } as const;
/** As long as a quick finger. */
const DIGIT_MS = 100;
const DIGIT_PAUSE_MS = 60;
/** The other side's stream is found by then, and its menu listens. */
const DIGITS_AFTER_MS = 500;
/** How long the other side may take to agree that the call is over: BYE and CANCEL are repeated meanwhile. */
const GOODBYE_LIMIT_MS = 4_000;
const REPORT_LIMIT_MS = 1_000;
/** Sent while nothing else is, so that the other side and every translator on the way know where we are. */
const SILENCE = { kind: 'sine', frequencyHz: 1_000, levelDbov: -127 } as const;

/**
 * One call of the phone, from INVITE to result: what it does in which state is `call-table.ts`. A machine: events of
 * signalling and media in, progress out by `poll`, effects through the ports.
 */
export class PhoneCall {
  readonly #order: CallOrder;
  readonly #ports: PhonePorts;
  readonly #timers = new TimerTable<PhoneTimer>();
  readonly #progress: CallProgress[] = [];
  #state: PhoneState = 'dialing';
  #dialedAt: Instant = 0;
  #answeredAt: Instant | undefined;
  #endedAt: Instant | undefined;
  #end: End | undefined;
  #hasRung = false;
  #isHearing = false;
  #report: StreamReport | undefined;
  #playFailure = '';

  constructor(order: CallOrder, ports: PhonePorts) {
    this.#order = order;
    this.#ports = ports;
  }

  get state(): PhoneState {
    return this.#state;
  }

  /** Sends the INVITE. */
  dial(now: Instant): void {
    const { media, signaling } = this.#ports;
    const { peer, dial } = this.#order;
    this.#dialedAt = now;
    const opened = media.open(LEG, peer, undefined, undefined);
    if (opened.kind === 'opened') {
      signaling.dial(LEG, { ...dial, offer: media.describe(LEG, undefined) });
      return;
    }
    this.#end = localEnd(opened.cause, CAUSES[opened.cause].sipStatus);
    this.#state = 'over';
    this.#tellOver(now);
  }

  receive(event: SignalingEvent | MediaEvent, now: Instant): void {
    switch (event.kind) {
      case 'ringing':
        this.#handle('ringing', now, event);
        break;
      case 'answered':
        this.#handle(this.#isWaiting() && !this.#hear(event.body) ? 'unusable' : 'answered', now);
        break;
      case 'workerLost':
        this.#handle('mediaLost', now, event);
        break;
      case 'failed':
      case 'ended':
      case 'reoffered':
      case 'silent':
      case 'played':
        this.#handle(event.kind, now, event);
        break;
      // Nobody calls this phone or registers at it; the rest asks nothing of it.
      case 'offered':
      case 'confirmed':
      case 'dialogChanged':
      case 'reanswered':
      case 'bound':
      case 'unbound':
      case 'digit':
      case 'recorded':
        break;
    }
  }

  /** How the stream was, once it is closed. */
  reported(report: StreamReport, now: Instant): void {
    this.#report = report;
    this.#handle('reported', now);
  }

  /** Ends the call, whatever it is doing. Again: no effect. */
  hangup(now: Instant): void {
    this.#handle('hangup', now);
  }

  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer !== undefined) this.#handle(`timer${timer}`, now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): CallProgress | undefined {
    return this.#progress.shift();
  }

  /** Whether an answer is what we wait for. */
  #isWaiting(): boolean {
    return this.#state === 'dialing' || this.#state === 'ringing';
  }

  /** Takes the other side's description, if there is a new one; false when nothing can be heard or said by it. */
  #hear(description: Body | undefined): boolean {
    const { media } = this.#ports;
    if (description === undefined) return this.#isHearing;
    if (media.accept(LEG, description).kind === 'refused') return false;
    if (this.#isHearing) return true;
    this.#isHearing = true;
    media.play(LEG, SILENCE);
    if (this.#order.record !== undefined) {
      media.record(RECORDING, { ...HEARD, inPath: this.#order.record });
    }
    return true;
  }

  #handle(event: PhoneEvent, now: Instant, said?: SignalingEvent | MediaEvent): void {
    const step = PHONE_TRANSITIONS[this.#state][event];
    assert(step !== never, `${event} cannot happen in ${this.#state}`);
    if (step === ignore) return;
    for (const action of step.actions) this.#perform(action, now, said);
    if (step.next === this.#state) return;
    this.#state = step.next;
    this.#timers.stopAll();
    for (const timer of PHONE_TIMERS[step.next]) this.#timers.start(timer, now + this.#durationOf(timer));
  }

  #durationOf(timer: PhoneTimer): number {
    switch (timer) {
      case 'Limit':
        return this.#order.talkMaxMs;
      case 'Digits':
        return this.#order.digits === '' ? NEVER : DIGITS_AFTER_MS;
      case 'Goodbye':
        return GOODBYE_LIMIT_MS;
      case 'Report':
        return REPORT_LIMIT_MS;
    }
  }

  #perform(action: PhoneAction, now: Instant, said: SignalingEvent | MediaEvent | undefined): void {
    const { media } = this.#ports;
    switch (action) {
      case 'hearEarly':
        if (said?.kind === 'ringing' && said.body !== undefined) this.#hear(said.body);
        break;
      case 'tellRinging':
        if (!this.#hasRung) this.#progress.push({ kind: 'ringing' });
        this.#hasRung = true;
        break;
      case 'talk':
        this.#answeredAt = now;
        this.#progress.push({ kind: 'answered', setupMs: now - this.#dialedAt });
        if (this.#order.play !== undefined) media.play(LEG, { kind: 'file', path: this.#order.play });
        break;
      case 'sendDigits':
        media.sendDigits(LEG, this.#order.digits, DIGIT_MS, DIGIT_PAUSE_MS);
        break;
      case 'playSilence':
        if (said?.kind === 'played' && said.outcome === 'failed') this.#playFailure = said.detail;
        media.play(LEG, SILENCE);
        break;
      case 'answerOffer':
        if (said?.kind === 'reoffered') this.#answerOffer(said.offer);
        break;
      case 'cancel':
        this.#leave('canceled', now);
        break;
      case 'release':
        this.#leave('normal', now);
        break;
      case 'refuseAnswer':
        this.#leave('not-acceptable', now);
        break;
      case 'leaveSilence':
        this.#leave('media-lost', now);
        break;
      case 'leaveBrokenMedia':
        this.#leave('media-failed', now);
        break;
      case 'noteEnd':
        this.#noteEnd(said, now);
        break;
      case 'closeMedia':
        media.close(LEG);
        break;
      case 'tellOver':
        this.#tellOver(now);
        break;
    }
  }

  #answerOffer(offer: Body | undefined): void {
    const { media, signaling } = this.#ports;
    if (offer === undefined) {
      signaling.acceptOffer(LEG, media.describe(LEG, undefined));
      return;
    }
    const verdict = media.renegotiate(LEG, offer);
    if (verdict.kind === 'answer') signaling.acceptOffer(LEG, verdict.body);
    else signaling.refuseOffer(LEG, verdict.cause);
  }

  #leave(cause: Cause, now: Instant): void {
    this.#endedAt = now;
    this.#end = localEnd(cause, this.#answeredAt === undefined ? CAUSES[cause].sipStatus : 200);
    this.#ports.signaling.hangup(LEG, cause);
  }

  #noteEnd(said: SignalingEvent | MediaEvent | undefined, now: Instant): void {
    this.#endedAt = now;
    if (said?.kind === 'failed') this.#end = { status: said.status, cause: said.cause, endedBy: 'remote' };
    else if (said?.kind === 'ended') this.#end = { status: 200, cause: said.cause, endedBy: said.by };
  }

  #tellOver(now: Instant): void {
    assert(this.#end !== undefined, 'a call that is over has an end');
    const answeredAt = this.#answeredAt;
    const isAnswered = answeredAt !== undefined;
    const result: CallResult = {
      ...this.#end,
      answered: isAnswered,
      hasRung: this.#hasRung,
      setupMs: isAnswered ? answeredAt - this.#dialedAt : undefined,
      talkMs: isAnswered ? (this.#endedAt ?? now) - answeredAt : 0,
      report: this.#report,
      playFailure: this.#playFailure,
    };
    this.#progress.push({ kind: 'over', result });
  }
}

function localEnd(cause: Cause, status: number): End {
  return { status, cause, endedBy: 'local' };
}
