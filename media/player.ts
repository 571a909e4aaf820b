import type { PlayOrder } from '../core/ports.ts';
import { tonesOf } from './dsp/country-tones.ts';
import {
  BEEP,
  BEEP_MS,
  CONFERENCE_ENTRY,
  CONFERENCE_EXIT,
  CONFERENCE_TONE_MS,
  FAX_ANSWER,
  FAX_ANSWER_MS,
  FAX_CALLING,
  SPECIAL_INFORMATION,
  sine,
  type Tone,
  ToneGenerator,
  type ToneName,
} from './dsp/tone.ts';
import type { PlayedSource } from './protocol.ts';

const CLOCK_RATE_HZ = 8000;

/** What a tick plays to a stream, frame by frame. */
export interface Player {
  /** Nothing is left to play. Never for a tone. */
  readonly finished: boolean;
  /** Fills `into` with what comes next, with silence behind the end. */
  take(into: Int16Array): void;
}

/** Can be sought in: the position behind the samples played so far, of all. */
interface Seekable {
  readonly lengthSamples: number;
  positionSamples: number;
}

/** Plays samples once. */
export class SamplesPlayer implements Player, Seekable {
  positionSamples = 0;
  readonly #samples: Int16Array;

  constructor(samples: Int16Array) {
    this.#samples = samples;
  }

  get finished(): boolean {
    return this.positionSamples === this.#samples.length;
  }

  get lengthSamples(): number {
    return this.#samples.length;
  }

  take(into: Int16Array): void {
    const from = this.positionSamples;
    const count = Math.min(into.length, this.#samples.length - from);
    for (let i = 0; i < count; i++) into[i] = this.#samples[from + i]!;
    into.fill(0, count);
    this.positionSamples = from + count;
  }
}

/** Plays samples again and again: the first follows the last, also within a frame. */
export class LoopPlayer implements Player, Seekable {
  readonly finished = false;
  positionSamples = 0;
  readonly #samples: Int16Array;

  /** At least one sample. */
  constructor(samples: Int16Array) {
    this.#samples = samples;
  }

  get lengthSamples(): number {
    return this.#samples.length;
  }

  take(into: Int16Array): void {
    const samples = this.#samples;
    let position = this.positionSamples % samples.length;
    for (let i = 0; i < into.length; i++) {
      into[i] = samples[position]!;
      if (++position === samples.length) position = 0;
    }
    this.positionSamples = position;
  }
}

/** Sounds a tone in its cadence until it is replaced. */
export class TonePlayer implements Player {
  readonly finished = false;
  readonly #generator: ToneGenerator;

  constructor(tone: Tone) {
    this.#generator = new ToneGenerator(tone, CLOCK_RATE_HZ);
  }

  take(into: Int16Array): void {
    this.#generator.fill(into, 0, into.length);
  }
}

/** Sounds a tone for so long. */
export class BurstPlayer implements Player {
  readonly #generator: ToneGenerator;
  #remaining: number;

  constructor(tone: Tone, durationMs: number) {
    this.#generator = new ToneGenerator(tone, CLOCK_RATE_HZ);
    this.#remaining = (durationMs * CLOCK_RATE_HZ) / 1000;
  }

  get finished(): boolean {
    return this.#remaining === 0;
  }

  take(into: Int16Array): void {
    const count = Math.min(into.length, this.#remaining);
    this.#generator.fill(into, 0, count);
    into.fill(0, count);
    this.#remaining -= count;
  }
}

/** Silence, until what is behind it goes on. */
class PausedPlayer implements Player {
  readonly finished = false;
  readonly behind: Player;

  constructor(behind: Player) {
    this.behind = behind;
  }

  take(into: Int16Array): void {
    into.fill(0);
  }
}

/** The player as it goes on after the order. */
export function steered(player: Player, order: PlayOrder): Player {
  const playing = player instanceof PausedPlayer ? player.behind : player;
  switch (order.kind) {
    case 'pause':
      return player === playing ? new PausedPlayer(player) : player;
    case 'resume':
      return playing;
    case 'seek':
      if (playing instanceof SamplesPlayer || playing instanceof LoopPlayer) seek(playing, order.toMs, order.from);
      return player;
  }
}

function seek(player: Seekable, toMs: number, from: 'begin' | 'here'): void {
  const wanted = (from === 'begin' ? 0 : player.positionSamples) + Math.round((toMs * CLOCK_RATE_HZ) / 1000);
  player.positionSamples = Math.max(0, Math.min(player.lengthSamples, wanted));
}

export function playerOf(source: PlayedSource, tones: Readonly<Record<ToneName, Tone>>): Player {
  switch (source.kind) {
    case 'samples': {
      const samples = new Int16Array(source.samples);
      return source.times === 'endlessly' && samples.length > 0 ? new LoopPlayer(samples) : new SamplesPlayer(samples);
    }
    case 'tone':
      return tonePlayerOf(source, tones);
    case 'sine':
      return new TonePlayer(sine(source.frequencyHz, source.levelDbov));
  }
}

function tonePlayerOf(
  { tone, country }: Extract<PlayedSource, { kind: 'tone' }>,
  tones: Readonly<Record<ToneName, Tone>>,
): Player {
  switch (tone) {
    case 'beep':
      return new BurstPlayer(BEEP, BEEP_MS);
    case 'conference-entry':
      return new BurstPlayer(CONFERENCE_ENTRY, CONFERENCE_TONE_MS);
    case 'conference-exit':
      return new BurstPlayer(CONFERENCE_EXIT, CONFERENCE_TONE_MS);
    case 'fax-answer':
      return new BurstPlayer(FAX_ANSWER, FAX_ANSWER_MS);
    case 'fax-calling':
      return new TonePlayer(FAX_CALLING);
    case 'special-information':
      return new TonePlayer(SPECIAL_INFORMATION);
    default:
      return new TonePlayer((country === undefined ? tones : tonesOf(country))[tone]);
  }
}
