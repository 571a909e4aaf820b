import type { LegId } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { PlayersPlane, PlayOrder, PlaySource } from '../core/ports.ts';
import type { Loaded, PlaneFiles } from './plane-files.ts';
import type { PlaneLeg } from './plane-leg.ts';
import type { PlaneMixes } from './plane-mixes.ts';
import type { PlaneOutput } from './plane-output.ts';
import type { FromFiles, ToWorker } from './protocol.ts';

/** Orders for one file that is still being read; reading takes a fraction of a second. */
const HELD_MAX = 20;

/** What is played to legs: requests, and the ends of those that are still wanted. */
export class PlaneSounds implements PlayersPlane {
  readonly #files: PlaneFiles;
  readonly #mixes: PlaneMixes;
  readonly #legs: Pick<LiveMap<LegId, PlaneLeg>, 'get'>;
  readonly #outputs: PlaneOutput[];
  /** What was ordered of files that are still being read, by their request. */
  readonly #held = new LiveMap<number, PlayOrder[]>();

  constructor(
    files: PlaneFiles,
    mixes: PlaneMixes,
    legs: Pick<LiveMap<LegId, PlaneLeg>, 'get'>,
    outputs: PlaneOutput[],
  ) {
    this.#files = files;
    this.#mixes = mixes;
    this.#legs = legs;
    this.#outputs = outputs;
  }

  play(own: PlaneLeg, source: PlaySource): void {
    const { leg } = own;
    own.play = this.#files.nextPlay();
    if (own.hearsNothingOfOurs) {
      this.played(leg, own.play, 'failed', 'its codec is relayed, and not made here');
      return;
    }
    if (source.kind !== 'file') {
      this.#post(own, { kind: 'play', leg, play: own.play, source });
      return;
    }
    this.#held.set(own.play, []);
    this.#outputs.push({ kind: 'postFiles', message: this.#files.load({ kind: 'leg', leg }, own.play, source) });
  }

  steer(leg: LegId, order: PlayOrder): void {
    const own = this.#legs.get(leg);
    if (own === undefined || own.play === 0) return;
    const held = this.#held.get(own.play);
    if (held === undefined) this.#post(own, { kind: 'steer', leg, play: own.play, order });
    else if (held.length < HELD_MAX) held.push(order);
  }

  stop(own: PlaneLeg): void {
    own.play = 0;
    this.#post(own, { kind: 'stopPlaying', leg: own.leg });
  }

  /** A file is in memory, or why not. */
  receive(message: Extract<FromFiles, { kind: 'loaded' | 'loadFailed' }>): void {
    const loaded = this.#files.receive(message);
    if (loaded === undefined) return;
    const { target } = loaded;
    if (target.kind === 'mix') this.#mixes.loaded(target.mix, loaded);
    else this.#loaded(target.leg, loaded);
  }

  played(leg: LegId, play: number, outcome: 'finished' | 'failed', detail: string): void {
    const own = this.#legs.get(leg);
    if (own === undefined || own.play !== play) return;
    own.play = 0;
    this.#outputs.push({ kind: 'played', leg, outcome, detail });
  }

  #loaded(leg: LegId, loaded: Loaded): void {
    const { play } = loaded;
    const held = this.#held.get(play) ?? [];
    this.#held.delete(play);
    const own = this.#legs.get(leg);
    if (own?.play !== play) return;
    if ('detail' in loaded) {
      this.played(leg, play, 'failed', loaded.detail);
      return;
    }
    this.#post(own, { kind: 'play', leg, play, source: loaded.source });
    for (const order of held) this.#post(own, { kind: 'steer', leg, play, order });
  }

  #post(own: PlaneLeg, message: ToWorker): void {
    if (!own.lost) this.#outputs.push({ kind: 'post', worker: own.place.worker, message });
  }
}
