import type { Cause } from '../../core/calls/cause.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { Body, Redirect } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import { causeOfReason } from './cause-of-reason.ts';
import { causeOfFailure } from './cause-of-status.ts';
import { callsByConnection, isOfferless } from './dialled.ts';
import type { Flow } from './next-hop.ts';
import { redirectsIn } from './redirects.ts';
import { type Input, present } from './session-actions.ts';
import { intervalFrom } from './session-interval.ts';
import { sessionDescription } from './session-messages.ts';
import type { SessionSpeaker } from './session-speaker.ts';
import type { ReportAction, SessionAction } from './session-state.ts';

interface Outcome {
  readonly status: number;
  readonly cause: Cause;
  readonly redirects?: readonly Redirect[];
}

/** Carries out the actions of the session table that tell our user what happened, and remembers why it did. */
export class SessionReports {
  readonly #leg: LegId;
  readonly #role: 'caller' | 'callee';
  readonly #speaker: SessionSpeaker;
  /** Why we end the leg, once we do. */
  cause: Cause | undefined;
  isRinging = false;
  #isHungUp = false;
  #wasAnswered = false;
  /** Status and cause of the last response or failure that our INVITE met. */
  #outcome: Outcome = UNREACHABLE;

  constructor(leg: LegId, role: 'caller' | 'callee', speaker: SessionSpeaker) {
    this.#leg = leg;
    this.#role = role;
    this.#speaker = speaker;
  }

  hungUp(cause: Cause): void {
    this.#isHungUp = true;
    this.cause ??= cause;
  }

  /** Our INVITE got this final response. */
  refused(response: Response): void {
    if (this.cause !== undefined) return;
    const redirects = redirectsIn(response);
    this.#outcome = {
      status: response.status,
      cause: causeOfFailure(response),
      ...(redirects.length === 0 ? {} : { redirects }),
    };
  }

  /** Our INVITE got none. */
  unanswered(reason: 'timeout' | 'transport error'): void {
    if (reason === 'timeout') this.#outcome = { status: 408, cause: 'unavailable' };
    // RFC 5626 §11.5: the phone's connection is gone.
    else this.#outcome = callsByConnection(this.#speaker.dialled) ? { status: 430, cause: 'unavailable' } : UNREACHABLE;
  }

  /** Remote target and address as the peer's re-INVITE, UPDATE or 2xx shows them. */
  refresh(message: Request | Response, flow: Flow): void {
    if (this.#speaker.dialog?.refresh(message, flow) === true) this.#reportDialog();
  }

  /** Where requests go is new. */
  moved(): void {
    this.#reportDialog();
  }

  make(action: ReportAction, input: Input): void {
    const leg = this.#leg;
    const speaker = this.#speaker;
    switch (action) {
      case 'reportRinging': {
        const { status } = present(input.response);
        if (status === 100) break;
        this.isRinging = true;
        const body = this.#describedIn(input);
        speaker.signal({ kind: 'ringing', leg, status, body, ...(input.isOffer === true && OFFER) });
        break;
      }
      case 'reportAnswered': {
        this.#wasAnswered = true;
        const dialog = present(speaker.dialog).toText();
        const response = present(input.response);
        if (input.isOffer === true) {
          speaker.signal({ kind: 'answered', leg, body: sessionDescription(response), dialog, ...OFFER });
        } else speaker.signal({ kind: 'answered', leg, body: speaker.answerIn(response), dialog });
        break;
      }
      case 'reportDialog':
        this.#reportDialog();
        break;
      case 'reportConfirmed':
        speaker.signal({ kind: 'confirmed', leg, body: input.body });
        break;
      case 'reportReoffer':
        speaker.modification = present(input.pending);
        speaker.signal({ kind: 'reoffered', leg, offer: input.body });
        break;
      case 'reportModified': {
        const response = present(input.response);
        speaker.interval = intervalFrom(response, speaker.interval);
        speaker.signal({ kind: 'reanswered', leg, status: response.status, body: descriptionIn(input) });
        this.refresh(response, present(speaker.dialog).flow);
        break;
      }
      case 'reportUnmodified':
        speaker.signal({ kind: 'reanswered', leg, status: present(input.response).status, body: undefined });
        break;
      case 'reportPending':
        speaker.signal({ kind: 'reanswered', leg, status: 491, body: undefined });
        break;
      default:
        this.#end(action, input);
    }
  }

  /** Of a callee who makes the offer, anything else is not yet said, or said already. */
  #describedIn(input: Input): Body | undefined {
    return input.isOffer === true || !isOfferless(this.#speaker.dialled) ? descriptionIn(input) : undefined;
  }

  #end(action: EndAction, input: Input): void {
    const leg = this.#leg;
    switch (action) {
      case 'blameNetwork':
        this.cause ??= 'network-failed';
        break;
      case 'blameNoAnswer':
        this.cause ??= 'no-answer';
        this.#outcome = { status: 408, cause: 'no-answer' };
        break;
      case 'blameExpiry':
        this.cause ??= 'session-expired';
        break;
      case 'reportCanceled':
        this.#speaker.signal({ kind: 'ended', leg, cause: this.#causeOfCancel(input), by: 'remote' });
        break;
      case 'reportRemoteEnd':
        this.#speaker.signal({
          kind: 'ended',
          leg,
          cause: causeOfReason(present(input.pending).request) ?? 'normal',
          by: 'remote',
        });
        break;
      case 'reportOver':
        this.#reportOver();
        break;
    }
  }

  /** A caller who was answered elsewhere says so, that nobody takes it for a missed call. */
  #causeOfCancel({ cancel }: Input): Cause {
    const said = cancel && causeOfReason(cancel);
    return said === 'answered-elsewhere' ? said : 'canceled';
  }

  #reportDialog(): void {
    this.#speaker.signal({ kind: 'dialogChanged', leg: this.#leg, dialog: present(this.#speaker.dialog).toText() });
  }

  /** A leg that we dialled fails unless it was answered, or we hung it up. */
  #reportOver(): void {
    const leg = this.#leg;
    const fails = this.#role === 'caller' && !this.#wasAnswered && !this.#isHungUp;
    if (fails) this.#speaker.signal({ kind: 'failed', leg, ...this.#outcome });
    else this.#speaker.signal({ kind: 'ended', leg, cause: this.cause ?? 'normal', by: 'local' });
  }
}

export function isReport(action: SessionAction): action is ReportAction {
  return REPORTS.has(action);
}

const OFFER = { isOffer: true } as const;
const UNREACHABLE = { status: 503, cause: 'network-failed' } as const;

type EndAction = 'blameNetwork' | 'blameNoAnswer' | 'blameExpiry' | 'reportCanceled' | 'reportRemoteEnd' | 'reportOver';

const REPORTS: ReadonlySet<SessionAction> = new Set<ReportAction>([
  'reportRinging',
  'reportAnswered',
  'reportDialog',
  'reportConfirmed',
  'reportModified',
  'reportUnmodified',
  'reportPending',
  'reportReoffer',
  'blameNetwork',
  'blameNoAnswer',
  'blameExpiry',
  'reportCanceled',
  'reportRemoteEnd',
  'reportOver',
]);

function descriptionIn({ response }: Input): Body | undefined {
  return response === undefined ? undefined : sessionDescription(response);
}
