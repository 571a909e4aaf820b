import type { LegId, MixId, RecordingNumber } from '../core/kernel/ids.ts';
import { MixExchange } from './mix-exchange.ts';
import type { PlaneOutput } from './plane-output.ts';

/** Who is in one mix, thread by thread. */
interface PlaneMix {
  readonly members: ReadonlyMap<number, Set<LegId>>;
  readonly recordings: Map<RecordingNumber, number>;
  exchange: SharedArrayBuffer | undefined;
  /** Threads that carry it, as they were told. */
  workers: readonly number[];
}

/** A leg, and the thread that carries it. */
interface Member {
  readonly leg: LegId;
  readonly place: { readonly worker: number };
  readonly lost: boolean;
}

/** Which threads carry which conference. Those of one that spans several are given memory through which they hear each other. */
export class PlaneMixes {
  readonly #workerCount: number;
  readonly #outputs: PlaneOutput[];
  readonly #mixes = new Map<MixId, PlaneMix>();
  readonly #mixOf = new Map<LegId, MixId>();
  /** Mixes that the core does not know have numbers below 0. */
  #lastPair = 0;

  constructor(workerCount: number, outputs: PlaneOutput[]) {
    this.#workerCount = workerCount;
    this.#outputs = outputs;
  }

  get count(): number {
    return this.#mixes.size;
  }

  join(leg: LegId, worker: number, id: MixId): void {
    this.leave(leg, worker);
    const mix = this.#mix(id);
    mix.members.get(worker)!.add(leg);
    this.#mixOf.set(leg, id);
    this.#outputs.push({ kind: 'post', worker, message: { kind: 'join', leg, mix: id } });
    this.#span(id, mix);
  }

  /** Two legs of different threads, that cannot be relayed to each other, hear each other in a mix of their own. */
  pair(members: readonly [Member, Member]): void {
    const id = --this.#lastPair as MixId;
    for (const { leg, place, lost } of members) {
      if (lost) continue;
      this.#outputs.push({ kind: 'post', worker: place.worker, message: { kind: 'stopPlaying', leg } });
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
    this.#outputs.push({ kind: 'post', worker, message: { kind: 'leave', leg } });
    this.forget(leg, worker);
  }

  /** The thread that is to record the mix, told or not that it has members. */
  workerToRecord(id: MixId): number {
    return this.#mixes.get(id)?.workers[0] ?? 0;
  }

  /** After the thread was asked to record. */
  recordingStarted(id: MixId, recording: RecordingNumber, worker: number): void {
    const mix = this.#mix(id);
    mix.recordings.set(recording, worker);
    this.#span(id, mix);
  }

  recordingEnded(id: MixId, recording: RecordingNumber): void {
    const mix = this.#mixes.get(id);
    if (mix === undefined) return;
    mix.recordings.delete(recording);
    this.#span(id, mix);
  }

  #mix(id: MixId): PlaneMix {
    const known = this.#mixes.get(id);
    if (known !== undefined) return known;
    const workers = Array.from({ length: this.#workerCount }, (_, worker) => [worker, new Set<LegId>()] as const);
    const mix: PlaneMix = { members: new Map(workers), recordings: new Map(), exchange: undefined, workers: [] };
    this.#mixes.set(id, mix);
    return mix;
  }

  /** Tells the threads of a mix about each other when those that carry it have changed. */
  #span(id: MixId, mix: PlaneMix): void {
    const recording = new Set(mix.recordings.values());
    const workers = [...mix.members].filter(([worker, legs]) => legs.size > 0 || recording.has(worker));
    const now = workers.map(([worker]) => worker);
    const before = mix.workers;
    mix.workers = now;
    if (now.length === 0) this.#mixes.delete(id);
    const isSame = now.length === before.length && now.every((worker, i) => worker === before[i]);
    if (isSame || (now.length < 2 && before.length < 2)) return;
    mix.exchange ??= MixExchange.allocate(this.#workerCount);
    const { exchange } = mix;
    for (const own of now) {
      const others = now.filter((worker) => worker !== own);
      this.#outputs.push({ kind: 'post', worker: own, message: { kind: 'spanMix', mix: id, exchange, own, others } });
    }
  }
}
