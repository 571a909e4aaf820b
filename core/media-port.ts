/** What the core asks of media, and hears from it; part of `ports.ts`. */

import type { MuteDirection } from './calls/call-record.ts';
import type { MediaFigures } from './calls/media-figures.ts';
import type { RecordingFile } from './calls/recording-record.ts';
import type { ExternalMediaEvent, ExternalMediaPlane } from './external-media-port.ts';
import type { ExternalMediaId, LegId, MixId, RecordingNumber } from './kernel/ids.ts';
import type { SrtpPolicy } from './kernel/srtp-policy.ts';
import type { Body, TransportAddress } from './ports.ts';

export const PLAYED_TONES = [
  'ringback',
  'busy',
  'dial',
  'congestion',
  'special-information',
  'fax-calling',
  'fax-answer',
  'beep',
  'conference-entry',
  'conference-exit',
] as const;

export type PlayedTone = (typeof PLAYED_TONES)[number];

export type PlaySource =
  /**
   * Goes on until it is stopped, save `beep`, `fax-answer` and those of conferences, which end by themselves. Those of exchanges sound as they
   * do in `country` (ISO 3166-1 alpha-2), that of the installation without one.
   */
  | { readonly kind: 'tone'; readonly tone: PlayedTone; readonly country?: string }
  /** 1 to 32,000 Hz sine for tests and demonstrations; `levelDbov` is negative. */
  | { readonly kind: 'sine'; readonly frequencyHz: number; readonly levelDbov: number }
  /** From its begin again when it has ended, without a gap, if it is played `endlessly`. */
  | { readonly kind: 'file'; readonly path: string; readonly times?: PlayedTimes };

export type PlayedTimes = 'once' | 'endlessly';

/** How what is played goes on, within a frame. Only what has a begin can be sought in; beyond its end it is over. */
export type PlayOrder =
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'seek'; readonly toMs: number; readonly from: 'begin' | 'here' };

export type OpenResult =
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'refused';
      readonly cause: 'not-acceptable' | 'srtp-required' | 'media-overloaded';
      readonly detail: string;
    };

/** What is said of a peer's audio beforehand. */
export interface LegTerms {
  /**
   * An offer of ours names no others than these, in their order, if we speak any of them; of what the peer offers the first of
   * them is taken that is there. All of them unless said.
   */
  readonly encodings?: readonly string[] | undefined;
  /** `off` unless said. */
  readonly srtp?: SrtpPolicy | undefined;
}

export type RecordingSource =
  | { readonly kind: 'leg'; readonly leg: LegId }
  | { readonly kind: 'mix'; readonly mix: MixId };

export interface RecordingRequest {
  readonly source: RecordingSource;
  /** What the far end says, or the mix: Ogg with Opus when it ends with `.ogg`, else WAV. */
  readonly inPath: string;
  /** What the far end is told, sample for sample beside the first; undefined for a mix, and for both sides in one file. */
  readonly outPath: string | undefined;
  /** Both sides of a leg in the file of the first: beside each other, or as one channel. */
  readonly together?: 'stereo' | 'mixed' | undefined;
  /** Ends by itself after so long, and after so much silence from the far end; 0 for never. */
  readonly durationMs: number;
  readonly silenceMs: number;
}

/** How people and answering machines are told apart by their greeting. */
export interface MachineTerms {
  /** Nobody says anything for so long: a machine. */
  readonly initialSilenceMs: number;
  /** So much voice in all: a machine. */
  readonly greetingMs: number;
  /** So much silence behind a word: a person waits for an answer. */
  readonly afterGreetingMs: number;
  /** Still undecided: not sure. */
  readonly totalMs: number;
  /** Shorter sounds are no words; longer ones are no person. */
  readonly wordMinMs: number;
  readonly wordMaxMs: number;
  /** Shorter pauses do not part words. */
  readonly betweenWordsMs: number;
  /** More words: a machine. */
  readonly wordsMax: number;
}

export type MachineVerdict = 'human' | 'machine' | 'not-sure';
export type MachineReason =
  | 'short-greeting'
  | 'initial-silence'
  | 'long-greeting'
  | 'long-word'
  | 'many-words'
  | 'beep'
  | 'fax'
  | 'too-long';

/** What is listened for in the sound of a far end, beside its keys. */
export interface ListeningWish {
  /** When it begins and ends to talk. Outcome: talkChanged. */
  readonly talk: boolean;
  /** Beeps and fax machines. Outcome: toneHeard. */
  readonly tones: boolean;
  /** Whether it is an answering machine, from now on. Outcome: judged, once. Undefined leaves a judging that goes on alone. */
  readonly machine: MachineTerms | undefined;
}

/** Who is in a mix: a leg, or a program outside that is in it by itself. */
export type MixMember = LegId | ExternalMediaId;

/** How a leg, or a program, takes part in a mix. */
export interface MixTerms {
  /** Who hears it: everybody else, nobody, or one leg alone. */
  readonly heardBy: 'everybody' | 'nobody' | LegId;
  readonly hears: boolean;
}

/** What is being played to legs. */
export interface PlayersPlane {
  /** Also while it is still being read. Without effect when nothing is played. */
  steer(leg: LegId, order: PlayOrder): void;
}

/** Recordings that run. */
export interface RecordersPlane {
  /** Leaves out what is said while it is `paused`. Without effect when it is over. */
  pause(recording: RecordingNumber, mode: 'paused' | 'running'): void;
}

/** Mixes as a whole; who is in one is said leg by leg. One that nobody is in, and nobody records, is nothing. */
export interface MixesPlane {
  /**
   * Everybody in the mix hears it, and its recordings have it. Replaces what was played there before. Outcome: mixPlayed,
   * unless it is replaced, or all leave before its end.
   */
  play(mix: MixId, source: PlaySource): void;
  stopPlaying(mix: MixId): void;
  /** As that of a leg. */
  steer(mix: MixId, order: PlayOrder): void;
  /** Tells who talks from now on, or does not any more. Outcome: talkerChanged, a few times a second at most. */
  watchTalkers(mix: MixId, mode: 'on' | 'off'): void;
}

/** A call for help is opened whatever the load. */
export type Urgency = 'usual' | 'emergency';

export interface MediaPlane {
  readonly externals: ExternalMediaPlane;
  /**
   * Reserves a stream for the leg: worker, port, codecs. With the peer's offer it checks that something is common;
   * without one, `describe` makes our offer. `peer` is where the leg's signalling comes from or goes to; the stream is
   * placed on the worker of the leg `beside`, with which it will be bridged.
   * While the media threads have more to do than they can, a leg is refused that is beside none and no emergency. One that
   * will be in the mix `near` is placed with those that are in it, unless their worker has much more to do than others.
   */
  open(
    leg: LegId,
    peer: TransportAddress,
    offer: Body | undefined,
    beside: LegId | undefined,
    terms?: LegTerms,
    urgency?: Urgency,
    near?: MixId,
  ): OpenResult;
  /**
   * Our session description: the answer to the offer given, else our offer. The first call settles the codec;
   * `like` prefers the codec that another leg already has, or those that it offered, after the leg's own `encodings`.
   */
  describe(leg: LegId, like: LegId | undefined): Body;
  /** The peer's answer to our offer. May be called again (early media, then 200). */
  accept(leg: LegId, answer: Body): OpenResult;
  /**
   * The peer's new offer in an established session, or the first of one who was called without: the answer to give, or
   * why not (then nothing changed; `answer` is there for a first offer that must be answered nevertheless). `like` as
   * for `describe`, for a first offer.
   */
  renegotiate(
    leg: LegId,
    offer: Body,
    like?: LegId,
  ):
    | { readonly kind: 'answer'; readonly body: Body }
    | (OpenResult & { readonly kind: 'refused'; readonly answer?: Body });
  /** By its newest description the far end does not hear us: it holds (RFC 3264 §8.4). */
  isHolding(leg: LegId): boolean;
  /** Each hears the other. Replaces whatever either was connected to or played. */
  bridge(a: LegId, b: LegId): void;
  unbridge(leg: LegId): void;
  /** The far end hears itself. Replaces whatever the leg was connected to; `unbridge` ends it. */
  echo(leg: LegId): void;
  /**
   * Everybody in the mix hears all others, and what is played to the leg besides. Replaces whatever the leg was
   * connected to; a mix exists while somebody is in it or records it. Legs of several workers may meet. Terms, where
   * they are given, hold from the first packet on; joining again the mix that it is in changes them alone.
   */
  join(leg: LegId, mix: MixId, terms?: MixTerms): void;
  leave(leg: LegId): void;
  readonly mixes: MixesPlane;
  readonly players: PlayersPlane;
  readonly recorders: RecordersPlane;
  /** What the far end says is made louder by so much, and what it hears; in dB, below 0 for softer. In bridges and mixes. */
  amplify(leg: LegId, inDb: number, outDb: number): void;
  /** `in`: nobody hears the far end; `out`: the far end hears nothing; '' undoes both. */
  mute(leg: LegId, direction: MuteDirection): void;
  /** Our new offer that holds the far end (sendonly) or takes it back; give it to `Signaling.reoffer`, then `accept`. */
  hold(leg: LegId, mode: 'held' | 'active'): Body;
  /** Plays to the leg until it ends (`played`), is replaced, or stopped. Tones go on. */
  play(leg: LegId, source: PlaySource): void;
  stopPlaying(leg: LegId): void;
  /** Outcome: recorded, once, whatever ends it: `stopRecording`, a limit, the end of the leg or mix, a full disk. */
  record(recording: RecordingNumber, request: RecordingRequest): void;
  /** Without effect when it is over already. */
  stopRecording(recording: RecordingNumber): void;
  /**
   * Puts right files that a crash left behind, and measures them. Outcome: recorded, with the files
   * that are there; `failed` when one is missing.
   */
  salvage(recording: RecordingNumber, inPath: string, outPath: string | undefined): void;
  /** Removes files after everything asked before is done with them. One that is not there is no failure. */
  removeFiles(paths: readonly string[]): void;
  /** Sends digits as telephone-events (RFC 4733), as sound where the peer takes none, each so long, with so much silence between. */
  sendDigits(leg: LegId, digits: string, durationMs: number, intervalMs: number): void;
  /**
   * A digit of the far end that came by SIP, for whom it is bridged with. Those that come by RTP are passed on by
   * themselves; a peer that tells each in both ways is heard in the way of its first.
   */
  passDigit(leg: LegId, digit: string, durationMs: number): void;
  /** Listens for this in place of what was wished before; costs nothing where nothing is. */
  listen(leg: LegId, wish: ListeningWish): void;
  /** How it is heard, as counted up to now; undefined before the first packet, and after `close`. */
  figures(leg: LegId): MediaFigures | undefined;
  close(leg: LegId): void;
}

export type MediaEvent =
  | ExternalMediaEvent
  | { readonly kind: 'played'; readonly leg: LegId; readonly outcome: 'finished' | 'failed'; readonly detail: string }
  | {
      readonly kind: 'mixPlayed';
      readonly mix: MixId;
      readonly outcome: 'finished' | 'failed';
      readonly detail: string;
    }
  /** The loudest of those who talk; undefined when nobody does. */
  | { readonly kind: 'talkerChanged'; readonly mix: MixId; readonly member: MixMember | undefined }
  | { readonly kind: 'digit'; readonly leg: LegId; readonly digit: string; readonly durationMs: number }
  | {
      readonly kind: 'recorded';
      readonly recording: RecordingNumber;
      /** What ended it; `failed` when the files are missing or shorter than what was said. */
      readonly reason: 'stopped' | 'duration' | 'silence' | 'failed';
      readonly files: readonly RecordingFile[];
      /** Samples that did not fit into the ring while the disk was slow, and are silence in the files. */
      readonly lostSamples: number;
      readonly detail: string;
    }
  | {
      readonly kind: 'talkChanged';
      readonly leg: LegId;
      readonly change: 'begun' | 'ended';
      /** How loud it was at its loudest, so far. */
      readonly levelDbov: number;
    }
  | {
      readonly kind: 'toneHeard';
      readonly leg: LegId;
      readonly tone: 'beep' | 'fax-calling' | 'fax-answer';
      readonly frequencyHz: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'judged';
      readonly leg: LegId;
      readonly verdict: MachineVerdict;
      readonly reason: MachineReason;
      readonly afterMs: number;
    }
  /** No RTP and no RTCP for the time-out. */
  | { readonly kind: 'silent'; readonly leg: LegId }
  /** The thread that carried these legs died; their streams are gone. */
  | { readonly kind: 'workerLost'; readonly legs: readonly LegId[] };
