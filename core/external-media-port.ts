/** Programs outside that hear and speak in calls and conferences, as the core asks media for them; part of `ports.ts`. */

import type { ExternalMediaId, LegId, MixId } from './kernel/ids.ts';
import type { MixTerms } from './media-port.ts';

/** Of a call, as its far end is concerned: `in` what it says, `out` what it is told. */
export type AudioDirection = '' | 'both' | 'in' | 'out';

export const STREAM_TRANSPORTS = ['websocket', 'tcp', 'udp'] as const;
export type StreamTransport = (typeof STREAM_TRANSPORTS)[number];

/**
 * How sound is packed: bare samples (`none`), RTP packets, the frames of AudioSocket, or JSON messages with events, marks
 * and payloads in base64. `unknown` carries nothing either way.
 */
export const STREAM_ENCAPSULATIONS = ['none', 'rtp', 'audiosocket', 'messages', 'unknown'] as const;
export type StreamEncapsulation = (typeof STREAM_ENCAPSULATIONS)[number];

/** G.711, or 16-bit samples at 8, 16, 24 or 48 kHz. */
export const STREAM_FORMATS = ['ulaw', 'alaw', 'slin', 'slin16', 'slin24', 'slin48'] as const;
export type StreamFormatName = (typeof STREAM_FORMATS)[number];

export interface ExternalMediaRequest {
  readonly source: { readonly kind: 'leg'; readonly leg: LegId } | { readonly kind: 'mix'; readonly mix: MixId };
  readonly transport: StreamTransport;
  readonly encapsulation: StreamEncapsulation;
  readonly format: StreamFormatName;
  /** Of a conference everything is heard, and everybody spoken to, unless they are ''. */
  readonly listen: AudioDirection;
  readonly speak: AudioDirection;
  /** A ws or wss URL, or host:port; undefined when the program has connected to us and is known by the id. */
  readonly target: string | undefined;
  /** What messages tell the program: whose sound it is, and what whoever asked for it wants it to know. */
  readonly account: string;
  readonly reference: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** How it was, at its end. */
export interface ExternalMediaFigures {
  readonly heardMs: number;
  readonly saidMs: number;
  /** Said, but too much to be kept; heard, but not taken by the program in time. */
  readonly droppedMs: number;
  readonly lostMs: number;
  /** Frames that could not be read. */
  readonly malformed: number;
}

export interface ExternalMediaPlane {
  /** Connects a program with a call or conference. Outcome: externalOpened, then externalEnded; or externalEnded alone. */
  attach(id: ExternalMediaId, request: ExternalMediaRequest): void;
  /** Without effect when it is over already. */
  detach(id: ExternalMediaId): void;
  /**
   * How one that was attached to a mix takes part there; gains in dB, of what it says and of what it hears. Everybody hears it
   * and it hears everybody until this is said. Without effect when it is over.
   */
  takePart(id: ExternalMediaId, terms: MixTerms, inDb: number, outDb: number): void;
  /** A key of the far end, for the program. */
  key(id: ExternalMediaId, digit: string): void;
}

export type ExternalMediaEvent =
  /** Sound passes from now on; our own address where that is an own one. */
  | {
      readonly kind: 'externalOpened';
      readonly external: ExternalMediaId;
      readonly localAddress: string;
      readonly localPort: number;
    }
  | {
      readonly kind: 'externalEnded';
      readonly external: ExternalMediaId;
      /** By us; by the program; or it never came to be, or broke. */
      readonly reason: 'stopped' | 'closed' | 'failed';
      readonly detail: string;
      readonly figures: ExternalMediaFigures;
    };

// ── The way to programs ──────────────────────────────────────────────────────────────────────────────────────

/** What is asked of the sockets to programs, by the id of what they are connected with. */
export type StreamLinkOrder =
  /** Outcome: opened, or closed with why. */
  | {
      readonly kind: 'open';
      readonly id: ExternalMediaId;
      readonly transport: StreamTransport;
      readonly target: string;
    }
  /** One message, or bytes of a connection. What a slow program does not take is dropped and counted. */
  | { readonly kind: 'send'; readonly id: ExternalMediaId; readonly message: string | Uint8Array }
  | { readonly kind: 'close'; readonly id: ExternalMediaId; readonly reason: string };

export type StreamLinkEvent =
  | {
      readonly kind: 'opened';
      readonly id: ExternalMediaId;
      readonly localAddress: string;
      readonly localPort: number;
    }
  | { readonly kind: 'received'; readonly id: ExternalMediaId; readonly message: string | Uint8Array }
  /** `dropped`: messages that the program did not take in time. */
  | { readonly kind: 'closed'; readonly id: ExternalMediaId; readonly detail: string; readonly dropped: number };
