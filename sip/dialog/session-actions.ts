import { CAUSES, type Cause } from '../../core/calls/cause.ts';
import { assert } from '../../core/kernel/assert.ts';
import type { Body } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import { type Field, reasonField, refusalFields } from './session-messages.ts';
import type { Pending } from './session-output.ts';
import type { SessionSpeaker } from './session-speaker.ts';
import type { ModificationAction, ReliableAction, SpokenAction } from './session-state.ts';

/** What an event brings along. */
export interface Input {
  readonly pending?: Pending;
  readonly response?: Response;
  readonly cancel?: Request;
  readonly body?: Body | undefined;
  readonly cause?: Cause;
  readonly authorization?: Field;
  /** The response brings an offer of the callee's. */
  readonly isOffer?: boolean;
}

/** Carries out the actions of the session table that say something to the peer. */
export function speak(speaker: SessionSpeaker, action: SpokenAction, input: Input, cause: Cause): void {
  switch (action) {
    case 'sendProvisional':
      speaker.provisional(present(speaker.offered), input.body);
      break;
    case 'sendAnswer':
      speaker.accept(present(speaker.offered), input.body);
      break;
    case 'repeatAnswer':
      speaker.repeat(present(speaker.given));
      break;
    case 'refuse':
      refuse(speaker, present(speaker.offered), cause);
      break;
    case 'sayTerminated':
      speaker.respond(present(speaker.offered), 487);
      break;
    case 'resend':
      speaker.resend(present(input.response), input.authorization, cause);
      break;
    case 'inviteNext':
      speaker.inviteNext();
      break;
    case 'establish':
      speaker.establish(present(input.response));
      break;
    case 'cancelInvite':
      speaker.cancelInvite(cause);
      break;
    case 'abandonInvite':
      speaker.abandonInvite();
      break;
    case 'acknowledge':
      speaker.acknowledge(present(input.response));
      break;
    case 'releaseFork':
      speaker.releaseFork(present(input.response));
      break;
    case 'sendBye':
      speaker.bye(cause);
      break;
    case 'replyOk':
      speaker.respond(present(input.pending), 200);
      break;
    case 'sendReinvite':
      speaker.reoffer(input.body);
      break;
    case 'sendUpdate':
      speaker.update();
      break;
    default:
      speakReliably(speaker, action, input, cause);
  }
}

/** Provisional responses that must be acknowledged, ours and the peer's (RFC 3262). */
function speakReliably(
  speaker: SessionSpeaker,
  action: ReliableAction | ModificationAction,
  input: Input,
  cause: Cause,
): void {
  switch (action) {
    case 'sendReliably': {
      const { transaction } = present(speaker.offered);
      const reliable = speaker.reliably();
      const fields = [RELIABLE_FIELD, ['RSeq', String(reliable.nextNumber)]] as const;
      reliable.sent(transaction, speaker.provisional(present(speaker.offered), input.body, fields));
      break;
    }
    case 'repeatProvisional':
      speaker.repeat(present(speaker.reliable?.awaited));
      break;
    case 'deferProvisional':
      speaker.reliable?.defer({ kind: 'ring', body: input.body });
      break;
    case 'deferAnswer':
      speaker.reliable?.defer({ kind: 'answer', body: present(input.body) });
      break;
    case 'refuseUnassured':
      speaker.respond(present(speaker.offered), 504, [reasonField(cause)]);
      break;
    case 'sendPrack':
      speaker.acknowledgeProvisional(present(input.response));
      break;
    case 'answerOffer':
      speaker.answerOffer(input.body);
      break;
    default:
      speakOfModification(speaker, action, input);
  }
}

const RELIABLE_FIELD: Field = ['Require', '100rel'];

/** Answers to the peer's re-INVITE or UPDATE: the one that waits, or one that comes at the wrong time. */
function speakOfModification(speaker: SessionSpeaker, action: ModificationAction, input: Input): void {
  switch (action) {
    case 'sayPending':
      speaker.respond(present(input.pending), 491);
      break;
    case 'sayUnknown':
      speaker.respond(present(input.pending), 481);
      break;
    case 'sayRetry':
      speaker.sayRetry(present(input.pending));
      break;
    case 'acceptModify':
      speaker.accept(present(speaker.modification), input.body);
      speaker.modification = undefined;
      break;
    case 'refuseModify':
      refuse(speaker, present(speaker.modification), present(input.cause));
      speaker.modification = undefined;
      break;
    case 'terminateModify':
      speaker.respond(present(speaker.modification), 487);
      speaker.modification = undefined;
      break;
  }
}

function refuse(speaker: SessionSpeaker, pending: Pending, cause: Cause): void {
  speaker.respond(pending, CAUSES[cause].sipStatus, refusalFields(cause));
}

/** What the event that led here always brings along. */
export function present<Value>(value: Value | undefined): Value {
  assert(value !== undefined, 'the event brings what its actions need');
  return value;
}
