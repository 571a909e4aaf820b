import type { Cause } from '../core/calls/cause.ts';
import type { ExtensionId, GatewayId, LegId, ParkSlotId } from '../core/kernel/ids.ts';
import { Queue } from '../core/kernel/queue.ts';
import type {
  Body,
  DialRequest,
  DialTarget,
  MessageRequest,
  ParkedParty,
  ReferRequest,
  Signaling,
} from '../core/ports.ts';

/** What the core asked of signalling, as data: one input of the stack. */
export type SignalingCommand =
  | { readonly kind: 'locate'; readonly leg: LegId; readonly target: DialTarget }
  | { readonly kind: 'dial'; readonly leg: LegId; readonly request: DialRequest }
  | { readonly kind: 'ring'; readonly leg: LegId; readonly early: Body | undefined }
  | { readonly kind: 'answer'; readonly leg: LegId; readonly body: Body }
  | { readonly kind: 'acknowledge'; readonly leg: LegId; readonly answer: Body }
  | { readonly kind: 'hangup'; readonly leg: LegId; readonly cause: Cause }
  | { readonly kind: 'reoffer'; readonly leg: LegId; readonly offer: Body }
  | { readonly kind: 'acceptOffer'; readonly leg: LegId; readonly answer: Body }
  | { readonly kind: 'refuseOffer'; readonly leg: LegId; readonly cause: Cause }
  | { readonly kind: 'restore'; readonly leg: LegId; readonly dialog: string }
  | { readonly kind: 'answerReferral'; readonly referral: number; readonly cause: Cause | undefined }
  | { readonly kind: 'reportReferral'; readonly referral: number; readonly status: number }
  | { readonly kind: 'refer'; readonly leg: LegId; readonly request: ReferRequest }
  | { readonly kind: 'sendMessage'; readonly delivery: number; readonly request: MessageRequest }
  | { readonly kind: 'answerMessage'; readonly message: number; readonly cause: Cause | undefined }
  | { readonly kind: 'reachability'; readonly extensionId: ExtensionId }
  | { readonly kind: 'slot'; readonly slot: ParkSlotId; readonly parked: ParkedParty | undefined }
  | { readonly kind: 'maintain'; readonly provider: GatewayId }
  | { readonly kind: 'probe'; readonly ticket: number; readonly provider: GatewayId }
  | { readonly kind: 'retire' };

/**
 * The core's port as a queue: every call returns at once, and whoever drives both machines hands the commands to
 * `SipStack.execute` when the stack is drained. So neither re-enters the other.
 */
export class QueuedSignaling implements Signaling {
  readonly #commands = new Queue<SignalingCommand>();

  /** The oldest command not yet executed. */
  poll(): SignalingCommand | undefined {
    return this.#commands.shift();
  }

  locate(leg: LegId, target: DialTarget): void {
    this.#commands.push({ kind: 'locate', leg, target });
  }

  dial(leg: LegId, request: DialRequest): void {
    this.#commands.push({ kind: 'dial', leg, request });
  }

  ring(leg: LegId, early: Body | undefined): void {
    this.#commands.push({ kind: 'ring', leg, early });
  }

  answer(leg: LegId, body: Body): void {
    this.#commands.push({ kind: 'answer', leg, body });
  }

  acknowledge(leg: LegId, answer: Body): void {
    this.#commands.push({ kind: 'acknowledge', leg, answer });
  }

  hangup(leg: LegId, cause: Cause): void {
    this.#commands.push({ kind: 'hangup', leg, cause });
  }

  reoffer(leg: LegId, offer: Body): void {
    this.#commands.push({ kind: 'reoffer', leg, offer });
  }

  acceptOffer(leg: LegId, answer: Body): void {
    this.#commands.push({ kind: 'acceptOffer', leg, answer });
  }

  refuseOffer(leg: LegId, cause: Cause): void {
    this.#commands.push({ kind: 'refuseOffer', leg, cause });
  }

  maintain(provider: GatewayId): void {
    this.#commands.push({ kind: 'maintain', provider });
  }

  probe(ticket: number, provider: GatewayId): void {
    this.#commands.push({ kind: 'probe', ticket, provider });
  }

  retire(): void {
    this.#commands.push({ kind: 'retire' });
  }

  restore(leg: LegId, dialog: string): void {
    this.#commands.push({ kind: 'restore', leg, dialog });
  }

  answerReferral(referral: number, cause: Cause | undefined): void {
    this.#commands.push({ kind: 'answerReferral', referral, cause });
  }

  reportReferral(referral: number, status: number): void {
    this.#commands.push({ kind: 'reportReferral', referral, status });
  }

  refer(leg: LegId, request: ReferRequest): void {
    this.#commands.push({ kind: 'refer', leg, request });
  }

  sendMessage(delivery: number, request: MessageRequest): void {
    this.#commands.push({ kind: 'sendMessage', delivery, request });
  }

  answerMessage(message: number, cause: Cause | undefined): void {
    this.#commands.push({ kind: 'answerMessage', message, cause });
  }

  reachabilityChanged(extensionId: ExtensionId): void {
    this.#commands.push({ kind: 'reachability', extensionId });
  }

  slotChanged(slot: ParkSlotId, parked: ParkedParty | undefined): void {
    this.#commands.push({ kind: 'slot', slot, parked });
  }
}
