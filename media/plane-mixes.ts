import type { ExternalMediaId, LegId, MixId, RecordingNumber } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { MixesPlane, MixMember, MixTerms, PlayOrder, PlaySource } from '../core/ports.ts';
import { MixExchange } from './mix-exchange.ts';
import type { Loaded, PlaneFiles } from './plane-files.ts';
import type { PlaneOutput } from './plane-output.ts';
import type { FromWorker, PlayedSource, ToWorker } from './protocol.ts';

type TalkerChange = Extract<FromWorker, { kind: 'talkerChanged' }>;

/** A recording of a mix, or a program outside that hears it and speaks in it. */
type TapId = RecordingNumber | ExternalMediaId;

/** Who is in one mix, thread by thread. */
interface PlaneMix {
  readonly members: ReadonlyMap<number, Set<LegId>>;
  /** What hears all of it, each with its thread. */
  readonly taps: Map<TapId, number>;
  exchange: SharedArrayBuffer | undefined;
  /** Threads that carry it, as they were told. */
  workers: readonly number[];
  playing: Playing | undefined;
  /** Who talks is to be told: the loudest of each thread, and who was told. */
  talkers: Talkers | undefined;
}

/** What is played into a mix: the number of the request, and the thread that plays it, -1 while it is loaded. */
interface Playing {
  readonly play: number;
  readonly worker: number;
  /** What was ordered of it while it is loaded. */
  readonly held: PlayOrder[];
}

/** Orders for one file that is still being read; reading takes a fraction of a second. */
const HELD_MAX = 20;

interface Talkers {
  readonly byWorker: Map<number, { readonly member: MixMember; readonly levelDbov: number }>;
  told: MixMember | undefined;
}

/** A leg, and the thread that carries it. */
interface Member {
  readonly leg: LegId;
  readonly place: { readonly worker: number };
  readonly lost: boolean;
}

/** Which threads carry which conference. Those of one that spans several are given memory through which they hear each other. */
export class PlaneMixes implements MixesPlane {
  readonly #workerCount: number;
  readonly #files: PlaneFiles;
  readonly #outputs: PlaneOutput[];
  readonly #mixes = new LiveMap<MixId, PlaneMix>();
  readonly #mixOf = new Map<LegId, MixId>();
  /** Mixes that the core does not know have numbers below 0. */
  #lastPair = 0;

  constructor(workerCount: number, files: PlaneFiles, outputs: PlaneOutput[]) {
    this.#workerCount = workerCount;
    this.#files = files;
    this.#outputs = outputs;
  }

  get count(): number {
    return this.#mixes.size;
  }

  /** Terms alone change for one who is in the mix already. */
  join(leg: LegId, worker: number, id: MixId, terms?: MixTerms): void {
    const isIn = this.#mixOf.get(leg) === id;
    if (!isIn) this.leave(leg, worker);
    const mix = this.#mix(id);
    mix.members.get(worker)!.add(leg);
    this.#mixOf.set(leg, id);
    this.#post(worker, { kind: 'join', leg, mix: id, terms });
    if (!isIn) this.#span(id, mix);
  }

  play(id: MixId, source: PlaySource): void {
    const mix = this.#mixes.get(id);
    if (mix === undefined) return;
    this.stopPlaying(id);
    const play = this.#files.nextPlay();
    if (source.kind === 'file') {
      mix.playing = { play, worker: -1, held: [] };
      const message = this.#files.load({ kind: 'mix', mix: id }, play, source);
      this.#outputs.push({ kind: 'postFiles', message });
    } else this.#begin(id, mix, play, source);
  }

  stopPlaying(id: MixId): void {
    const mix = this.#mixes.get(id);
    if (mix?.playing === undefined) return;
    if (mix.playing.worker >= 0) this.#post(mix.playing.worker, { kind: 'stopMix', mix: id });
    mix.playing = undefined;
    this.#span(id, mix);
  }

  steer(id: MixId, order: PlayOrder): void {
    const playing = this.#mixes.get(id)?.playing;
    if (playing === undefined) return;
    const { play, worker, held } = playing;
    if (worker >= 0) this.#post(worker, { kind: 'steerMix', mix: id, play, order });
    else if (held.length < HELD_MAX) held.push(order);
  }

  /** A file for a mix is in memory, or why not. */
  loaded(id: MixId, loaded: Loaded<unknown>): void {
    const mix = this.#mixes.get(id);
    if (mix?.playing?.play !== loaded.play) return;
    if ('detail' in loaded) this.#played(id, mix, 'failed', loaded.detail);
    else this.#begin(id, mix, loaded.play, loaded.source);
  }

  watchTalkers(id: MixId, mode: 'on' | 'off'): void {
    const mix = this.#mixes.get(id);
    if (mix === undefined || (mix.talkers !== undefined) === (mode === 'on')) return;
    mix.talkers = mode === 'on' ? { byWorker: new Map(), told: undefined } : undefined;
    for (const worker of mix.workers) this.#post(worker, { kind: 'watchTalkers', mix: id, mode });
  }

  receive(worker: number, message: Extract<FromWorker, { kind: 'mixPlayed' | 'mixWoke' | 'talkerChanged' }>): void {
    const mix = this.#mixes.get(message.mix);
    if (mix === undefined) return;
    if (message.kind === 'talkerChanged') this.#hearTalker(worker, mix, message);
    else if (message.kind === 'mixWoke') this.#wakeOthers(worker, mix, message.mix);
    else if (mix.playing?.play === message.play) this.#played(message.mix, mix, 'finished', '');
  }

  /** Two legs of different threads, that cannot be relayed to each other, hear each other in a mix of their own. */
  pair(members: readonly [Member, Member]): void {
    const id = --this.#lastPair as MixId;
    for (const { leg, place, lost } of members) {
      if (lost) continue;
      this.#post(place.worker, { kind: 'stopPlaying', leg });
      this.join(leg, place.worker, id);
    }
  }

  /** Neither of a pair hears the other any more. False when the leg is in none. */
  unpair(leg: LegId): boolean {
    const id = this.#mixOf.get(leg);
    if (id === undefined || id >= 0) return false;
    const { members } = this.#mixes.get(id)!;
    for (const [worker, legs] of members) for (const member of [...legs]) this.leave(member, worker);
    return true;
  }

  /** The leg is in no mix any more; its thread knows, or is dead. */
  forget(leg: LegId, worker: number): void {
    const id = this.#mixOf.get(leg);
    if (id === undefined) return;
    this.#mixOf.delete(leg);
    const mix = this.#mixes.get(id)!;
    mix.members.get(worker)!.delete(leg);
    this.#span(id, mix);
  }

  leave(leg: LegId, worker: number): void {
    if (!this.#mixOf.has(leg)) return;
    this.#post(worker, { kind: 'leave', leg });
    this.forget(leg, worker);
  }

  /** The thread is dead, and what it played. */
  lose(worker: number): void {
    for (const [id, mix] of this.#mixes) {
      mix.talkers?.byWorker.delete(worker);
      if (mix.playing?.worker === worker) this.#played(id, mix, 'failed', 'its media thread was lost');
    }
  }

  /** The thread with the most of its members; undefined while it has none. */
  workerOf(id: MixId): number | undefined {
    const members = [...(this.#mixes.get(id)?.members ?? [])].sort(([, a], [, b]) => b.size - a.size);
    return members[0] === undefined || members[0][1].size === 0 ? undefined : members[0][0];
  }

  /** The thread that is to record the mix, or to let a program hear it, told or not that it has members. */
  workerToTap(id: MixId): number {
    return this.#mixes.get(id)?.workers[0] ?? 0;
  }

  /** After the thread was asked to record it, or to let a program hear it: the mix is there as long as that lasts. */
  tap(id: MixId, by: TapId, worker: number): void {
    const mix = this.#mix(id);
    mix.taps.set(by, worker);
    this.#span(id, mix);
  }

  untap(id: MixId, by: TapId): void {
    const mix = this.#mixes.get(id);
    if (mix === undefined) return;
    mix.taps.delete(by);
    this.#span(id, mix);
  }

  #mix(id: MixId): PlaneMix {
    const known = this.#mixes.get(id);
    if (known !== undefined) return known;
    const workers = Array.from({ length: this.#workerCount }, (_, worker) => [worker, new Set<LegId>()] as const);
    const mix: PlaneMix = {
      members: new Map(workers),
      taps: new Map(),
      exchange: undefined,
      workers: [],
      playing: undefined,
      talkers: undefined,
    };
    this.#mixes.set(id, mix);
    return mix;
  }

  #post(worker: number, message: ToWorker): void {
    this.#outputs.push({ kind: 'post', worker, message });
  }

  #begin(id: MixId, mix: PlaneMix, play: number, source: PlayedSource): void {
    const worker = mix.workers[0]!;
    const { held } = mix.playing ?? { held: [] };
    mix.playing = { play, worker, held: [] };
    this.#post(worker, { kind: 'playMix', mix: id, play, source });
    for (const order of held) this.#post(worker, { kind: 'steerMix', mix: id, play, order });
  }

  #played(id: MixId, mix: PlaneMix, outcome: 'finished' | 'failed', detail: string): void {
    mix.playing = undefined;
    this.#outputs.push({ kind: 'mixPlayed', mix: id, outcome, detail });
    this.#span(id, mix);
  }

  #wakeOthers(worker: number, { workers }: PlaneMix, id: MixId): void {
    for (const other of workers) if (other !== worker) this.#post(other, { kind: 'wakeMix', mix: id });
  }

  /** Each thread knows its own loudest: who is told is the loudest of these. */
  #hearTalker(worker: number, { talkers }: PlaneMix, message: TalkerChange): void {
    if (talkers === undefined) return;
    const { mix, member, levelDbov } = message;
    if (member === undefined) talkers.byWorker.delete(worker);
    else talkers.byWorker.set(worker, { member, levelDbov });
    const [loudest] = [...talkers.byWorker.values()].sort((a, b) => b.levelDbov - a.levelDbov);
    if (loudest?.member === talkers.told) return;
    talkers.told = loudest?.member;
    this.#outputs.push({ kind: 'talkerChanged', mix, member: talkers.told });
  }

  /** Tells the threads of a mix about each other when those that carry it have changed. */
  #span(id: MixId, mix: PlaneMix): void {
    const tapping = new Set(mix.taps.values());
    const isHeard = tapping.size > 0 || [...mix.members.values()].some(({ size }) => size > 0);
    const playing = isHeard ? mix.playing?.worker : undefined;
    const carries = ([worker, legs]: readonly [number, Set<LegId>]): boolean =>
      legs.size > 0 || tapping.has(worker) || worker === playing;
    const now = [...mix.members].filter(carries).map(([worker]) => worker);
    const before = mix.workers;
    mix.workers = now;
    if (now.length === 0) this.#end(id, mix);
    if (mix.talkers !== undefined) this.#watch(id, before, now);
    const isSame = now.length === before.length && now.every((worker, i) => worker === before[i]);
    if (isSame || (now.length < 2 && before.length < 2)) return;
    mix.exchange ??= MixExchange.allocate(this.#workerCount);
    const { exchange } = mix;
    for (const own of now) {
      const others = now.filter((worker) => worker !== own);
      this.#post(own, { kind: 'spanMix', mix: id, exchange, own, others });
    }
  }

  /** Nobody is there any more who could hear it. */
  #end(id: MixId, mix: PlaneMix): void {
    if ((mix.playing?.worker ?? -1) >= 0) this.#post(mix.playing!.worker, { kind: 'stopMix', mix: id });
    this.#mixes.delete(id);
  }

  #watch(id: MixId, before: readonly number[], now: readonly number[]): void {
    for (const worker of now) {
      if (!before.includes(worker)) this.#post(worker, { kind: 'watchTalkers', mix: id, mode: 'on' });
    }
  }
}
