import type { LegId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { SignalingCommand } from '../signaling.ts';
import type { InviteSession } from './invite-session.ts';

/** Commands of legs that exist, or did in an earlier process. */
export type SessionCommand = Exclude<Extract<SignalingCommand, { leg: LegId }>, { kind: 'locate' | 'dial' | 'refer' }>;
type LegCommand = Exclude<SessionCommand, { kind: 'restore' }>;

/** Does what our user wants with a leg that exists. */
export function instruct(session: InviteSession, command: LegCommand, now: Instant): void {
  switch (command.kind) {
    case 'ring':
      session.ring(command.early, now);
      break;
    case 'answer':
      session.answer(command.body, now);
      break;
    case 'acknowledge':
      session.acknowledge(command.answer, now);
      break;
    case 'hangup':
      session.hangup(command.cause, now);
      break;
    case 'reoffer':
      session.reoffer(command.offer, now);
      break;
    case 'acceptOffer':
      session.acceptOffer(command.answer, now);
      break;
    case 'refuseOffer':
      session.refuseOffer(command.cause, now);
      break;
  }
}
