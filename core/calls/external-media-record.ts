import type { AudioDirection, StreamEncapsulation, StreamFormatName, StreamTransport } from '../external-media-port.ts';
import type { CustomerId, ExternalMediaId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { RecordingReference } from './recording-record.ts';

/** What whoever connects a program with a call or conference says of it. */
export interface ExternalMediaWish {
  readonly transport: StreamTransport;
  readonly encapsulation: StreamEncapsulation;
  readonly format: StreamFormatName;
  readonly listen: AudioDirection;
  readonly speak: AudioDirection;
  /** A ws or wss URL, or host:port; undefined when the program connects to us. */
  readonly target: string | undefined;
  /** Told to the program where its messages have a place for it. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A program outside that hears and speaks in a call or conference, as users see it. It lives as long as its connection. */
export interface ExternalMediaRecord extends ExternalMediaWish {
  readonly id: ExternalMediaId;
  readonly customerId: CustomerId;
  readonly reference: RecordingReference;
  readonly status: 'running' | 'terminating' | 'terminated';
  readonly localAddress: string;
  readonly localPort: number;
  readonly createdAt: WallTime;
}
