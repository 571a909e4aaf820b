import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { SignalingEvent } from '../../core/ports.ts';
import type { WorkerMediaPlane } from '../../media/media-plane.ts';
import type { QueuedSignaling } from '../../sip/signaling.ts';
import type { SipStack, StackOutput } from '../../sip/stack.ts';
import type { Post } from '../node.ts';
import type { CallProgress, PhoneCall } from './phone-call.ts';

type Send = Extract<StackOutput, { kind: 'send' }>;

export interface PhoneParts {
  readonly stack: SipStack;
  readonly signaling: QueuedSignaling;
  readonly plane: WorkerMediaPlane;
  readonly call: PhoneCall;
}

export type PhoneOutput =
  | { readonly kind: 'send'; readonly send: Send }
  | { readonly kind: 'post'; readonly post: Post }
  | { readonly kind: 'progress'; readonly progress: CallProgress };

/** The machines of one phone, and the order in which they are drained: SIP, media and the call between them. */
export class PhoneNode {
  readonly #parts: PhoneParts;
  readonly #signals: SignalingEvent[] = [];

  constructor(parts: PhoneParts) {
    this.#parts = parts;
  }

  expire(now: Instant): void {
    const { stack, plane, call } = this.#parts;
    while (stack.deadline() <= now) stack.expire(now);
    while (call.deadline() <= now) call.expire(now);
    if (plane.deadline() <= now) plane.expire(now);
  }

  deadline(): Instant {
    const { stack, plane, call } = this.#parts;
    return Math.min(stack.deadline(), plane.deadline(), call.deadline(), NEVER);
  }

  /** The next thing for the outside, after moving what the machines say to each other; undefined when all is done. */
  poll(now: Instant): PhoneOutput | undefined {
    for (;;) {
      const output = this.#next(now);
      if (output !== 'moved') return output;
    }
  }

  #next(now: Instant): PhoneOutput | 'moved' | undefined {
    const { stack, signaling, plane, call } = this.#parts;
    const spoken = stack.poll();
    if (spoken?.kind === 'send') return { kind: 'send', send: spoken };
    if (spoken?.kind === 'signal') {
      this.#signals.push(spoken.event);
      return 'moved';
    }
    const command = signaling.poll();
    if (command !== undefined) {
      stack.execute(command, now);
      return 'moved';
    }
    const signal = this.#signals.shift();
    if (signal !== undefined) {
      call.receive(signal, now);
      return 'moved';
    }
    const media = plane.poll();
    if (media?.kind === 'post' || media?.kind === 'postFiles') return { kind: 'post', post: media };
    // A phone is listened to by no program outside.
    if (media !== undefined && media.kind !== 'link') {
      call.receive(media, now);
      return 'moved';
    }
    const progress = call.poll();
    return progress === undefined ? undefined : { kind: 'progress', progress };
  }
}
