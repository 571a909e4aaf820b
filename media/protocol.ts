import type { MuteDirection } from '../core/calls/call-record.ts';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import type { ExternalMediaId, LegId, MixId, RecordingNumber } from '../core/kernel/ids.ts';
import type {
  ListeningWish,
  MediaEvent,
  MixMember,
  MixTerms,
  PlayedTimes,
  PlayOrder,
  PlaySource,
} from '../core/ports.ts';
import type { OpusLibrary } from './codec/opus.ts';
import type { AddressBookOutput } from './io/address-book.ts';
import type { RecordingOrder, RingReason } from './recording.ts';
import type { ProtectionState } from './srtp/protection.ts';
import type { AudioCodec, StreamFormat } from './stream-formats.ts';
import type { ExternalMediaOrder } from './streams/external-media.ts';

/**
 * What the main thread and the media threads say to each other: two closed unions for each pair, plain objects and
 * numbers, shared memory where audio passes. Remote addresses are packed as in `media/io/addresses.ts`.
 */

/** How one stream is to be received and sent, as negotiated. */
export interface StreamSettings {
  /** Our RTP port. RTCP is one above. */
  readonly port: number;
  /** The peer's RTP address when it is certain (packed), else 0: then the stream latches. */
  readonly remote: number;
  /** The peer's RTCP address when its description names one, else 0: then it is the port above RTP's. */
  readonly remoteRtcp: number;
  /** RTP and RTCP share our port and the peer's (RFC 5761). */
  readonly rtcpMux: boolean;
  /** Addresses (as numbers, see `io/addresses.ts`) from which an unlatched stream may be taken up. */
  readonly allowed: readonly number[];
  /** What arrives: payload types that the peer may send and what they mean. */
  readonly receivePayloadTypes: readonly {
    readonly payloadType: number;
    readonly format: StreamFormat;
  }[];
  readonly sendCodec: AudioCodec;
  /** What the peer asks for in `a=fmtp` of that codec; nothing unless said. */
  readonly sendParameters?: string;
  readonly sendPayloadType: number;
  /** Payload type for telephone-events towards the peer; -1 when it takes none. */
  readonly sendEventPayloadType: number;
  /** The clock of telephone-events, where it is not that of the codec. */
  readonly eventClockRateHz?: number | undefined;
  /** Payload type for comfort noise towards the peer (RFC 3389); -1, and unless said, when it takes none. */
  readonly sendNoisePayloadType?: number;
  /** The peer's keys come as sound, if at all: they are listened for. */
  readonly hearsKeys: boolean;
  /** Our direction (RFC 3264 §6.1): whether we send to the peer, and whether we take what it sends. */
  readonly sends: boolean;
  readonly receives: boolean;
  /** How both ways are protected (SRTP), whoever agreed on it: by descriptions, or by a handshake; not at all unless said. */
  readonly protection?: ProtectionState | undefined;
  /** The peer's description is known: from now on its silence counts. */
  readonly supervised: boolean;
}

/** Where played audio comes from: what the media thread makes itself, or samples in shared memory (16 bits, 8 kHz). */
export type PlayedSource =
  | Exclude<PlaySource, { kind: 'file' }>
  | { readonly kind: 'samples'; readonly samples: SharedArrayBuffer; readonly times?: PlayedTimes | undefined };

export type ToWorker =
  | { readonly kind: 'bindPort'; readonly port: number }
  | { readonly kind: 'unbindPort'; readonly port: number }
  | AddressBookOutput
  /** Where its numbers lie in the shared memory (`StreamMemory`): `slot`, which no other stream has. */
  | { readonly kind: 'open'; readonly leg: LegId; readonly slot: number; readonly settings: StreamSettings }
  /** New settings of an open stream (an answer, a re-INVITE); its own SSRC and sequence go on. */
  | { readonly kind: 'update'; readonly leg: LegId; readonly settings: StreamSettings }
  | { readonly kind: 'close'; readonly leg: LegId }
  | { readonly kind: 'bridge'; readonly a: LegId; readonly b: LegId }
  | { readonly kind: 'unbridge'; readonly leg: LegId }
  /** Sends back what arrives, at once. */
  | { readonly kind: 'echo'; readonly leg: LegId }
  /** `play` numbers the request, so that the end of one that was replaced is not taken for the end of its successor. */
  | { readonly kind: 'play'; readonly leg: LegId; readonly play: number; readonly source: PlayedSource }
  | { readonly kind: 'stopPlaying'; readonly leg: LegId }
  /** No effect when that is over. */
  | { readonly kind: 'steer'; readonly leg: LegId; readonly play: number; readonly order: PlayOrder }
  | {
      readonly kind: 'digits';
      readonly leg: LegId;
      readonly digits: string;
      readonly durationMs: number;
      readonly intervalMs: number;
    }
  /** A key that the peer told by other means than RTP: for whoever hears it, unless RTP brings the same. */
  | { readonly kind: 'passDigit'; readonly leg: LegId; readonly digit: string; readonly durationMs: number }
  | { readonly kind: 'listen'; readonly leg: LegId; readonly wish: ListeningWish }
  | { readonly kind: 'mute'; readonly leg: LegId; readonly direction: MuteDirection }
  | { readonly kind: 'amplify'; readonly leg: LegId; readonly inDb: number; readonly outDb: number }
  /** Joining the mix that it is in changes its terms. */
  | { readonly kind: 'join'; readonly leg: LegId; readonly mix: MixId; readonly terms?: MixTerms | undefined }
  | { readonly kind: 'leave'; readonly leg: LegId }
  /** The mix has members on other threads too, or no longer: their places, and this thread's, in the shared memory. */
  | {
      readonly kind: 'spanMix';
      readonly mix: MixId;
      readonly exchange: SharedArrayBuffer;
      readonly own: number;
      readonly others: readonly number[];
    }
  /** `play` as for a leg. */
  | { readonly kind: 'playMix'; readonly mix: MixId; readonly play: number; readonly source: PlayedSource }
  | { readonly kind: 'stopMix'; readonly mix: MixId }
  | { readonly kind: 'steerMix'; readonly mix: MixId; readonly play: number; readonly order: PlayOrder }
  /** Something happens in it on another thread again. */
  | { readonly kind: 'wakeMix'; readonly mix: MixId }
  | { readonly kind: 'watchTalkers'; readonly mix: MixId; readonly mode: 'on' | 'off' }
  /** Copies what is said, and what is told to the peer, into rings, until a limit, the stop, or the end of the leg. */
  | { readonly kind: 'record'; readonly leg: LegId; readonly order: RecordingOrder }
  | { readonly kind: 'recordMix'; readonly mix: MixId; readonly order: RecordingOrder }
  | { readonly kind: 'stopRecording'; readonly recording: RecordingNumber }
  | { readonly kind: 'pauseRecording'; readonly recording: RecordingNumber; readonly mode: 'paused' | 'running' }
  /** A program outside hears and speaks in the call of the leg, by rings, until it is let go or the stream ends. */
  | { readonly kind: 'attach'; readonly leg: LegId; readonly order: ExternalMediaOrder }
  | { readonly kind: 'attachMix'; readonly mix: MixId; readonly order: ExternalMediaOrder }
  /** How one that is attached to a mix takes part there; gains in dB. */
  | {
      readonly kind: 'partake';
      readonly external: ExternalMediaId;
      readonly terms: MixTerms;
      readonly inDb: number;
      readonly outDb: number;
    }
  | { readonly kind: 'detach'; readonly external: ExternalMediaId }
  /** Breaks the thread on purpose, as a bug would: for tests of its replacement. */
  | { readonly kind: 'fail' };

export type FromWorker =
  /** The thread runs; `wakeHandle` makes its wait return, and `opus` is its library for that codec. `ipv6`: it has sockets for that. */
  | {
      readonly kind: 'ready';
      readonly wakeHandle: number;
      readonly io: 'batch' | 'dgram';
      readonly ipv6: boolean;
      readonly opus?: OpusLibrary['kind'] | undefined;
      /** Whether the kernel lets it run before others. */
      readonly priority?: 'raised' | 'refused';
    }
  | { readonly kind: 'portFailed'; readonly port: number }
  /** The stream found its peer (again) at this packed address. */
  | { readonly kind: 'latched'; readonly leg: LegId; readonly remote: number }
  | { readonly kind: 'played'; readonly leg: LegId; readonly play: number }
  | { readonly kind: 'mixPlayed'; readonly mix: MixId; readonly play: number }
  /** Something happens on this thread in a mix that others carry too, and that had rested. */
  | { readonly kind: 'mixWoke'; readonly mix: MixId }
  /** Who of this thread is the loudest; `member` undefined when nobody talks. */
  | {
      readonly kind: 'talkerChanged';
      readonly mix: MixId;
      readonly member: MixMember | undefined;
      readonly levelDbov: number;
    }
  | Extract<MediaEvent, { kind: 'digit' | 'talkChanged' | 'toneHeard' | 'judged' }>
  /** No RTP and no RTCP for the time-out; said once. */
  | { readonly kind: 'silent'; readonly leg: LegId }
  /** The stream is gone; how it was. */
  | { readonly kind: 'closed'; readonly leg: LegId; readonly report: StreamReport }
  /** The thread's last words before it ends because of a bug. */
  | { readonly kind: 'failed'; readonly reason: string };

/** One stream's life in numbers. Loss as a share (0 to 1), `Remote` as the peer's last RTCP report said of our stream. */
export interface StreamReport {
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly jitterMs: number;
  readonly remoteLossShare: number;
  readonly remoteJitterMs: number;
  /** -1 while unknown. */
  readonly roundTripMs: number;
}

export type ToFiles =
  | { readonly kind: 'load'; readonly request: number; readonly path: string }
  /** Writes each track to its file until the rings are closed and drained. */
  | { readonly kind: 'record'; readonly recording: RecordingNumber; readonly tracks: readonly RecordedTrack[] }
  /** Puts right files that a crash left behind. */
  | { readonly kind: 'salvage'; readonly recording: RecordingNumber; readonly paths: readonly string[] }
  | { readonly kind: 'remove'; readonly paths: readonly string[] };

export interface RecordedTrack {
  /** Ogg with Opus when it ends with `.ogg`, else WAV. */
  readonly path: string;
  readonly ring: SharedArrayBuffer;
  /** The other side, in the same file: at the right of the first, or mixed with it. */
  readonly other?: { readonly ring: SharedArrayBuffer; readonly join: 'stereo' | 'mixed' } | undefined;
}

export type FromFiles =
  | { readonly kind: 'loaded'; readonly request: number; readonly samples: SharedArrayBuffer }
  | { readonly kind: 'loadFailed'; readonly request: number; readonly detail: string }
  /** `lostSamples` did not fit into the rings and are silence in the files. */
  | {
      readonly kind: 'recorded';
      readonly recording: RecordingNumber;
      readonly reason: RingReason;
      readonly files: readonly RecordingFile[];
      readonly lostSamples: number;
      readonly detail: string;
    };
