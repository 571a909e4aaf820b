import type { ExternalMediaId, MixId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { MixTerms } from '../../core/ports.ts';
import { setGain, takePart } from '../membership.ts';
import { Mix } from '../mix.ts';
import type { Mixes } from '../mixes.ts';
import { needVoice, type Stream } from '../slots.ts';
import type { Ticking } from '../ticking.ts';
import { ExternalMedia, type ExternalMediaOrder } from './external-media.ts';
import { Externals } from './externals.ts';

/** Which programs outside hear and speak where, on one media thread: who comes and goes. */
export class Attaching {
  readonly #ticking: Ticking;
  readonly #attached = new LiveMap<ExternalMediaId, { readonly external: ExternalMedia; readonly of: Stream | Mix }>();
  readonly #mixes: Mixes;

  constructor(ticking: Ticking, mixes: Mixes) {
    this.#ticking = ticking;
    this.#mixes = mixes;
  }

  attach(stream: Stream, order: ExternalMediaOrder, now: Instant): void {
    const external = new ExternalMedia(order);
    this.#attached.set(order.id, { external, of: stream });
    stream.externals ??= new Externals();
    stream.externals.add(external);
    needVoice(stream);
    this.#ticking.include(stream, now);
  }

  attachMix(id: MixId, order: ExternalMediaOrder, now: Instant): void {
    const external = new ExternalMedia(order);
    this.#attached.set(order.id, { external, of: this.#mixes.attach(id, external, now) });
  }

  /** Without effect when it is over already. */
  takePart(id: ExternalMediaId, terms: MixTerms, inDb: number, outDb: number): void {
    const external = this.#attached.get(id)?.external;
    if (external === undefined) return;
    takePart(external, terms);
    setGain(external, inDb, outDb);
  }

  /** Without effect when it is over already. */
  detach(id: ExternalMediaId, now: Instant): void {
    const attached = this.#attached.get(id);
    if (attached === undefined) return;
    this.#attached.delete(id);
    const { external, of } = attached;
    external.close();
    if (of instanceof Mix) this.#mixes.detach(of, external);
    else this.#leave(of, id, now);
  }

  /** The stream closes. */
  detachAll(stream: Stream, now: Instant): void {
    for (const { id } of [...(stream.externals?.all ?? [])]) this.detach(id, now);
  }

  #leave(stream: Stream, id: ExternalMediaId, now: Instant): void {
    stream.externals!.remove(id);
    if (stream.externals!.all.length === 0) stream.externals = undefined;
    needVoice(stream);
    this.#ticking.include(stream, now);
  }
}
