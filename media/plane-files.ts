import type { LegId, MixId } from '../core/kernel/ids.ts';
import type { FromFiles, ToFiles } from './protocol.ts';

/** To whom a file is to be played. */
export type PlayTarget = { readonly kind: 'leg'; readonly leg: LegId } | { readonly kind: 'mix'; readonly mix: MixId };

/** A file that was asked for is in memory, or why not. */
export type Loaded<Target = PlayTarget> =
  | { readonly target: Target; readonly play: number; readonly samples: SharedArrayBuffer }
  | { readonly target: Target; readonly play: number; readonly detail: string };

type LoadAnswer = Extract<FromFiles, { kind: 'loaded' | 'loadFailed' }>;

/** Requests to play, by number, and files on their way in for them. */
export class PlaneFiles {
  readonly #loading = new Map<number, PlayTarget>();
  #lastPlay = 0;

  /** The number of a new request to play. */
  nextPlay(): number {
    return ++this.#lastPlay;
  }

  load(target: PlayTarget, play: number, path: string): ToFiles {
    this.#loading.set(play, target);
    return { kind: 'load', request: play, path };
  }

  /** What a file asked for has become; undefined when nobody waits for it. */
  receive(message: LoadAnswer): Loaded | undefined {
    const { request } = message;
    const target = this.#loading.get(request);
    this.#loading.delete(request);
    if (target === undefined) return undefined;
    const outcome = message.kind === 'loaded' ? { samples: message.samples } : { detail: message.detail };
    return { target, play: request, ...outcome };
  }

  /** The messages with which a dead file thread would have given everything up. */
  failures(detail: string): readonly LoadAnswer[] {
    return [...this.#loading.keys()].map((request) => ({ kind: 'loadFailed', request, detail }) as const);
  }
}
