import type {
  ActiveflowId,
  CallId,
  CustomerId,
  ExtensionId,
  FlowId,
  GroupcallId,
  RecordingId,
  TrunkId,
} from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Address } from './address.ts';
import type { Cause } from './cause.ts';
import type { MediaFigures } from './media-figures.ts';

/** Status of the reference (platform §5.4): forward only, `hangup` is final. */
export type CallStatus = 'dialing' | 'ringing' | 'progressing' | 'terminating' | 'canceling' | 'hangup';
export type MuteDirection = '' | 'both' | 'in' | 'out';
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
  /** The trunk at the far end, when it is one. */
  readonly trunkId: TrunkId | null;
  /** The flow that runs on it, if any, and the stored template it came from. */
  readonly flowId: FlowId | null;
  readonly activeflowId: ActiveflowId | null;
  /** Every recording made of it; the last one may still run (`recordingId`). */
  readonly recordingIds: readonly RecordingId[];
  readonly recordingId: RecordingId | null;
  /** What the far end may not do: `in` be heard, `out` hear. */
  readonly muteDirection: MuteDirection;
  readonly masterCallId: CallId | null;
  readonly chainedCallIds: readonly CallId[];
  readonly groupcallId: GroupcallId | null;
  readonly hangupBy: HangupBy;
  readonly hangupReason: HangupReason;
  /** Our own, finer than the reference's reason; null until hung up. */
  readonly cause: Cause | null;
  /** How it was heard; null until hung up, and where no packet went either way. */
  readonly media: MediaFigures | null;
  readonly createdAt: WallTime;
  readonly ringingAt: WallTime | null;
  readonly progressingAt: WallTime | null;
  readonly hangupAt: WallTime | null;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
