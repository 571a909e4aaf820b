import type { LegId } from '../core/kernel/ids.ts';
import type { FromFiles, ToFiles } from './protocol.ts';

/** A file that was asked for is in memory, or why not. */
export type Loaded =
  | { readonly leg: LegId; readonly play: number; readonly samples: SharedArrayBuffer }
  | { readonly leg: LegId; readonly play: number; readonly detail: string };

type LoadAnswer = Extract<FromFiles, { kind: 'loaded' | 'loadFailed' }>;

/** Files on their way in, to be played. */
export class PlaneFiles {
  readonly #loading = new Map<number, LegId>();

  load(leg: LegId, play: number, path: string): ToFiles {
    this.#loading.set(play, leg);
    return { kind: 'load', request: play, path };
  }

  /** What a file asked for has become; undefined when nobody waits for it. */
  receive(message: LoadAnswer): Loaded | undefined {
    const { request } = message;
    const leg = this.#loading.get(request);
    this.#loading.delete(request);
    if (leg === undefined) return undefined;
    const outcome = message.kind === 'loaded' ? { samples: message.samples } : { detail: message.detail };
    return { leg, play: request, ...outcome };
  }

  /** The messages with which a dead file thread would have given everything up. */
  failures(detail: string): readonly LoadAnswer[] {
    return [...this.#loading.keys()].map((request) => ({ kind: 'loadFailed', request, detail }) as const);
  }
}
