import type { CallId, CustomerId, ExtensionId, GroupcallId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Address } from './address.ts';
import type { Cause } from './cause.ts';

/** Status of the reference (platform §5.4): forward only, `hangup` is final. */
export type CallStatus = 'dialing' | 'ringing' | 'progressing' | 'terminating' | 'canceling' | 'hangup';
export type HangupBy = '' | 'remote' | 'local';
export type HangupReason = '' | 'normal' | 'failed' | 'busy' | 'cancel' | 'timeout' | 'noanswer' | 'dialout' | 'amd';

/**
 * A call as users see it and as the store keeps it: one party connected to the switch. Two phones talking are two
 * calls, the outgoing one with the incoming one as its master.
 */
export interface CallRecord {
  readonly id: CallId;
  readonly customerId: CustomerId;
  readonly direction: 'incoming' | 'outgoing';
  readonly status: CallStatus;
  readonly source: Address;
  readonly destination: Address;
  /** The extension at the far end, when it is one. */
  readonly extensionId: ExtensionId | null;
  readonly masterCallId: CallId | null;
  readonly chainedCallIds: readonly CallId[];
  readonly groupcallId: GroupcallId | null;
  readonly hangupBy: HangupBy;
  readonly hangupReason: HangupReason;
  /** Our own, finer than the reference's reason; null until hung up. */
  readonly cause: Cause | null;
  readonly createdAt: WallTime;
  readonly ringingAt: WallTime | null;
  readonly progressingAt: WallTime | null;
  readonly hangupAt: WallTime | null;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
