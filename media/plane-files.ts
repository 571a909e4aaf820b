import type { LegId, MixId } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { PlaySource } from '../core/ports.ts';
import type { FromFiles, PlayedSource, ToFiles } from './protocol.ts';

/** To whom a file is to be played. */
export type PlayTarget = { readonly kind: 'leg'; readonly leg: LegId } | { readonly kind: 'mix'; readonly mix: MixId };

type PlayedFile = Extract<PlaySource, { kind: 'file' }>;

/** A file that was asked for is in memory, or why not. */
export type Loaded<Target = PlayTarget> =
  | { readonly target: Target; readonly play: number; readonly source: PlayedSource }
  | { readonly target: Target; readonly play: number; readonly detail: string };

type LoadAnswer = Extract<FromFiles, { kind: 'loaded' | 'loadFailed' }>;

/** Requests to play, by number, and files on their way in for them. */
export class PlaneFiles {
  readonly #loading = new LiveMap<number, { readonly target: PlayTarget; readonly file: PlayedFile }>();
  #lastPlay = 0;

  /** The number of a new request to play. */
  nextPlay(): number {
    return ++this.#lastPlay;
  }

  load(target: PlayTarget, play: number, file: PlayedFile): ToFiles {
    this.#loading.set(play, { target, file });
    return { kind: 'load', request: play, path: file.path };
  }

  /** What a file asked for has become; undefined when nobody waits for it. */
  receive(message: LoadAnswer): Loaded | undefined {
    const { request } = message;
    const wanted = this.#loading.get(request);
    this.#loading.delete(request);
    if (wanted === undefined) return undefined;
    const { target, file } = wanted;
    if (message.kind === 'loadFailed') return { target, play: request, detail: message.detail };
    return { target, play: request, source: { kind: 'samples', samples: message.samples, times: file.times } };
  }

  /** The messages with which a dead file thread would have given everything up. */
  failures(detail: string): readonly LoadAnswer[] {
    return [...this.#loading.keys()].map((request) => ({ kind: 'loadFailed', request, detail }) as const);
  }
}
