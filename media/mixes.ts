import type { MixId, RecordingNumber } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { MixTerms } from '../core/ports.ts';
import type { Tone, ToneName } from './dsp/tone.ts';
import { takePart } from './membership.ts';
import { Mix } from './mix.ts';
import { MixExchange } from './mix-exchange.ts';
import { MixTalker, talkerNews } from './mix-talker.ts';
import { playerOf, steered } from './player.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { Recording, type RecordingOrder } from './recording.ts';
import { needVoice, type Stream } from './slots.ts';
import type { CodecTable } from './stream-formats.ts';
import type { ExternalMedia } from './streams/external-media.ts';
import type { RunningRecordings, Ticking } from './ticking.ts';

/** What a thread is told of a mix as a whole. */
export type AboutMix = Extract<
  ToWorker,
  { kind: 'spanMix' | 'playMix' | 'stopMix' | 'steerMix' | 'wakeMix' | 'watchTalkers' }
>;

/** The conferences of a thread and what is recorded on it: who comes and goes. What happens in a tick is `Ticking`'s. */
export class Mixes {
  readonly #ticking: Ticking;
  readonly #recordings: RunningRecordings;
  readonly #codecs: CodecTable;
  readonly #tones: Readonly<Record<ToneName, Tone>>;
  readonly #outputs: FromWorker[];
  readonly #mixes = new LiveMap<MixId, Mix>();

  /** `recordings` is the register that `Ticking` takes those out of that have ended by themselves. */
  constructor(
    ticking: Ticking,
    recordings: RunningRecordings,
    codecs: CodecTable,
    tones: Readonly<Record<ToneName, Tone>>,
    outputs: FromWorker[],
  ) {
    this.#codecs = codecs;
    this.#ticking = ticking;
    this.#recordings = recordings;
    this.#tones = tones;
    this.#outputs = outputs;
  }

  /** Only its terms are new for one who is in it already. */
  join(stream: Stream, id: MixId, terms: MixTerms | undefined, now: Instant): void {
    takePart(stream, terms);
    if (stream.mix?.id === id) {
      stream.mix.seat(stream);
      return;
    }
    const mix = this.#mix(id);
    mix.add(stream);
    needVoice(stream);
    this.#ticking.include(stream, now);
    this.#ticking.wake(mix, now);
  }

  leave(stream: Stream, now: Instant): void {
    const { mix } = stream;
    if (mix === undefined) return;
    const isTalker = mix.talker?.talker === stream;
    mix.remove(stream);
    if (isTalker) this.#outputs.push(talkerNews(mix));
    takePart(stream, undefined);
    needVoice(stream);
    this.#ticking.include(stream, now);
    this.#dropUnused(mix);
  }

  /** What is said of a mix that this thread does not have is nothing to it, but for what it is to play. */
  handle(message: AboutMix, now: Instant): void {
    const mix = message.kind === 'playMix' ? this.#mix(message.mix) : this.#mixes.get(message.mix);
    if (mix === undefined) return;
    switch (message.kind) {
      case 'spanMix':
        this.#span(mix, message);
        break;
      case 'playMix':
        mix.play = message.play;
        mix.player = playerOf(message.source, this.#tones);
        break;
      case 'stopMix':
        mix.player = undefined;
        this.#dropUnused(mix);
        return;
      case 'steerMix':
        if (mix.play === message.play && mix.player !== undefined) mix.player = steered(mix.player, message.order);
        return;
      case 'wakeMix':
        mix.exchange?.stir();
        break;
      case 'watchTalkers':
        mix.talker = message.mode === 'on' ? (mix.talker ?? new MixTalker()) : undefined;
    }
    this.#ticking.wake(mix, now);
  }

  #span(mix: Mix, { exchange, own, others }: Extract<ToWorker, { kind: 'spanMix' }>): void {
    if (others.length === 0) mix.exchange = undefined;
    else {
      mix.exchange ??= new MixExchange(exchange, own);
      mix.exchange.span(others);
    }
    mix.retune();
  }

  record(id: MixId, order: RecordingOrder, now: Instant): void {
    const mix = this.#mix(id);
    const recording = new Recording(order);
    mix.recordings.push(recording);
    this.#recordings.set(order.recording, { recording, of: mix });
    this.#ticking.wake(mix, now);
  }

  /** A program outside hears and speaks in the mix. */
  attach(id: MixId, external: ExternalMedia, now: Instant): Mix {
    const mix = this.#mix(id);
    mix.externals.push(external);
    this.#ticking.wake(mix, now);
    return mix;
  }

  detach(mix: Mix, external: ExternalMedia): void {
    mix.externals.splice(mix.externals.indexOf(external), 1);
    const isTalker = mix.talker?.talker === external;
    mix.talker?.forget(external);
    if (isTalker) this.#outputs.push(talkerNews(mix));
    this.#dropUnused(mix);
  }

  recordStream(stream: Stream, order: RecordingOrder, now: Instant): void {
    const recording = new Recording(order);
    stream.recordings.push(recording);
    this.#recordings.set(order.recording, { recording, of: stream });
    needVoice(stream);
    this.#ticking.include(stream, now);
  }

  /** No effect on one that is over. */
  pauseRecording(number: RecordingNumber, mode: 'paused' | 'running'): void {
    const running = this.#recordings.get(number);
    if (running !== undefined) running.recording.isPaused = mode === 'paused';
  }

  stopRecording(number: RecordingNumber, now: Instant): void {
    const running = this.#recordings.get(number);
    if (running === undefined) {
      // It has ended by itself, and a mix that nobody is in existed for it alone.
      for (const mix of this.#mixes.values()) this.#dropUnused(mix);
      return;
    }
    const { recording, of } = running;
    this.#recordings.delete(number);
    recording.close('stopped');
    of.recordings.splice(of.recordings.indexOf(recording), 1);
    if (of instanceof Mix) {
      this.#dropUnused(of);
      return;
    }
    needVoice(of);
    this.#ticking.include(of, now);
  }

  /** The stream closes. */
  endRecordings(stream: Stream, now: Instant): void {
    for (const { number } of [...stream.recordings]) this.stopRecording(number, now);
    this.#ticking.include(stream, now);
  }

  close(now: Instant): void {
    for (const number of [...this.#recordings.keys()]) this.stopRecording(number, now);
  }

  #mix(id: MixId): Mix {
    const known = this.#mixes.get(id);
    if (known !== undefined) return known;
    const mix = new Mix(id, this.#codecs);
    this.#mixes.set(id, mix);
    return mix;
  }

  /** A mix that only others carry on is none of this thread. */
  #dropUnused(mix: Mix): void {
    if (!mix.isUnused) return;
    this.#ticking.rest(mix);
    this.#mixes.delete(mix.id);
    mix.close();
  }
}
