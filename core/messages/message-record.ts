import type { Address } from '../calls/address.ts';
import type { CustomerId, MessageId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';

/** `queued` while phones are asked, `delivered` when one took it, `failed` when none did. */
export type MessageTargetStatus = 'received' | 'queued' | 'delivered' | 'failed';

/** One text from somebody to somebody, as MessageManagerMessage of the reference API has it. */
export interface MessageRecord {
  readonly id: MessageId;
  readonly customerId: CustomerId;
  readonly direction: 'inbound' | 'outbound';
  readonly source: Address;
  readonly destination: Address;
  readonly status: MessageTargetStatus;
  readonly text: string;
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
