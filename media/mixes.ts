import type { MixId, RecordingNumber } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import { Mix } from './mix.ts';
import { MixExchange } from './mix-exchange.ts';
import type { ToWorker } from './protocol.ts';
import { Recording, type RecordingOrder } from './recording.ts';
import { needVoice, type Stream } from './slots.ts';
import type { CodecTable } from './stream-formats.ts';
import type { RunningRecordings, Ticking } from './ticking.ts';

/** The conferences of a thread and what is recorded on it: who comes and goes. What happens in a tick is `Ticking`'s. */
export class Mixes {
  readonly #ticking: Ticking;
  readonly #recordings: RunningRecordings;
  readonly #codecs: CodecTable;
  readonly #mixes = new Map<MixId, Mix>();

  /** `recordings` is the register that `Ticking` takes those out of that have ended by themselves. */
  constructor(ticking: Ticking, recordings: RunningRecordings, codecs: CodecTable) {
    this.#codecs = codecs;
    this.#ticking = ticking;
    this.#recordings = recordings;
  }

  join(stream: Stream, id: MixId, now: Instant): void {
    const mix = this.#mix(id);
    mix.add(stream);
    needVoice(stream);
    this.#ticking.include(stream, now);
    this.#ticking.wake(mix, now);
  }

  leave(stream: Stream, now: Instant): void {
    const { mix } = stream;
    if (mix === undefined) return;
    mix.remove(stream);
    needVoice(stream);
    this.#ticking.include(stream, now);
    this.#dropUnused(mix);
  }

  span({ mix: id, exchange, own, others }: Extract<ToWorker, { kind: 'spanMix' }>, now: Instant): void {
    const mix = this.#mixes.get(id);
    if (mix === undefined) return;
    mix.exchange = others.length === 0 ? undefined : new MixExchange(exchange, own, others);
    mix.retune();
    this.#ticking.wake(mix, now);
  }

  record(id: MixId, order: RecordingOrder, now: Instant): void {
    const mix = this.#mix(id);
    const recording = new Recording(order);
    mix.recordings.push(recording);
    this.#recordings.set(order.recording, { recording, of: mix });
    this.#ticking.wake(mix, now);
  }

  recordStream(stream: Stream, order: RecordingOrder, now: Instant): void {
    const recording = new Recording(order);
    stream.recordings.push(recording);
    this.#recordings.set(order.recording, { recording, of: stream });
    needVoice(stream);
    this.#ticking.include(stream, now);
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
