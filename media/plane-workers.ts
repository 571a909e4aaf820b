import type { MediaFigures } from '../core/calls/media-figures.ts';
import { assert } from '../core/kernel/assert.ts';
import type { LegId } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import type { AddressBook } from './io/address-book.ts';
import type { MediaPeer } from './io/media-peer.ts';
import { type Placement, type PlacementMode, PortPool, type PortPoolOutput } from './io/port-pool.ts';
import type { PlaneLeg } from './plane-leg.ts';
import type { PlaneOutput } from './plane-output.ts';
import type { ToWorker } from './protocol.ts';
import { figuresOf } from './stream-figures.ts';
import { StreamMemory } from './stream-memory.ts';

/** Legs by which a worker may be ahead of the one with the fewest, and be preferred to it all the same. */
const AHEAD_MAX = 100;
/** A port that another program has is met here, before a call is placed on it. */
const SPARE_COUNT = 4;

export interface PlaneWorkersOptions {
  readonly workerCount: number;
  readonly portFrom: number;
  readonly portTo: number;
  readonly sharing: 'on' | 'off';
  /** Legs on one worker; a further one is refused. */
  readonly streamsMax: number;
}

interface WorkerState {
  pool: PortPool;
  slots: FreeSlots;
  readonly memory: StreamMemory;
  readonly legs: LiveMap<LegId, PlaneLeg>;
}

/** The media threads as the plane sees them: which legs and which ports each has. */
export class PlaneWorkers {
  readonly #options: PlaneWorkersOptions;
  readonly #outputs: PlaneOutput[];
  readonly #workers: readonly WorkerState[];

  constructor(options: PlaneWorkersOptions, outputs: PlaneOutput[]) {
    this.#options = options;
    this.#outputs = outputs;
    this.#workers = Array.from({ length: options.workerCount }, (_, worker) => ({
      pool: this.#makePool(worker),
      slots: new FreeSlots(),
      memory: new StreamMemory(options.streamsMax),
      legs: new LiveMap(),
    }));
    for (let worker = 0; worker < options.workerCount; worker++) this.#drain(worker);
  }

  /** RTP ports bound or about to be, each with its RTCP twin. */
  get portsUsed(): number {
    return this.#workers.reduce((sum, { pool }) => sum + pool.busyPorts(), 0);
  }

  /** For a new leg: the preferred worker, unless it has much more to do than another. */
  choose(preferred: number | undefined): number {
    const least = this.#leastBusy();
    if (preferred === undefined || this.isOverloaded(preferred)) return least;
    const count = this.legCount(preferred);
    return count < this.#options.streamsMax && count - this.legCount(least) <= AHEAD_MAX ? preferred : least;
  }

  /** The worker with the fewest legs, of those that can take more if there are any. */
  #leastBusy(): number {
    let best = 0;
    for (let worker = 1; worker < this.#workers.length; worker++) {
      const [own, other] = [this.#workers[worker]!, this.#workers[best]!];
      const isAlike = own.memory.isOverloaded === other.memory.isOverloaded;
      if (isAlike ? own.legs.size < other.legs.size : other.memory.isOverloaded) best = worker;
    }
    return best;
  }

  /** The thread has more to do than it can. */
  isOverloaded(worker: number): boolean {
    return this.#workers[worker]!.memory.isOverloaded;
  }

  legCount(worker: number): number {
    return this.#workers[worker]!.legs.size;
  }

  isLive(worker: number, leg: LegId): boolean {
    return this.#workers[worker]!.legs.has(leg);
  }

  /** The numbers of each worker's streams: share it with the thread. */
  get memories(): readonly StreamMemory[] {
    return this.#workers.map(({ memory }) => memory);
  }

  /** What the thread has counted of the leg's stream; undefined before the first packet. */
  figuresOf({ leg, place, encodings, isDescribed }: PlaneLeg): MediaFigures | undefined {
    const { memory } = this.#workers[place.worker]!;
    if (!isDescribed || !memory.isOf(place.slot, leg)) return undefined;
    return figuresOf(memory, place.slot, encodings[0] ?? '');
  }

  /** A port for the leg, and a slot; undefined when no port is free. `include` follows. */
  place(
    worker: number,
    leg: LegId,
    peer: MediaPeer,
    now: Instant,
  ): (Placement & { readonly slot: number }) | undefined {
    const { pool, slots } = this.#workers[worker]!;
    const placement = pool.place(leg, peer, now);
    return placement && { ...placement, slot: slots.take() };
  }

  include(own: PlaneLeg): void {
    const { worker } = own.place;
    this.#workers[worker]!.legs.set(own.leg, own);
    this.#drain(worker);
  }

  /** More is known of the peer: whether its address is certain by now. */
  settle(own: PlaneLeg, peer: MediaPeer, now: Instant): PlacementMode {
    const mode = this.#workers[own.place.worker]!.pool.settle(own.leg, peer, now);
    this.#drain(own.place.worker);
    return mode;
  }

  latched(worker: number, leg: LegId, remote: number): void {
    this.#workers[worker]!.pool.latched(leg, remote);
  }

  /** The numbers of IPv6 addresses on this thread. */
  addresses(worker: number): AddressBook {
    return this.#workers[worker]!.pool.addresses;
  }

  release(own: PlaneLeg, now: Instant): void {
    const { worker, slot } = own.place;
    const { pool, legs, slots } = this.#workers[worker]!;
    legs.delete(own.leg);
    // The thread is told of the end of a stream before it is told of the next in its slot.
    slots.giveBack(slot);
    pool.release(own.leg, now);
    // A stream that was never begun has no end to be told of.
    if (!own.isDescribed) pool.ended(own.leg, 'nothing');
    this.#drain(worker);
  }

  /** The stream of a leg that was released is over. */
  ended(worker: number, leg: LegId, heard: 'something' | 'nothing'): void {
    this.#workers[worker]!.pool.ended(leg, heard);
    this.#drain(worker);
  }

  /** The thread ended, and its replacement has no port yet; returns the legs that it had, which are forgotten. */
  lose(worker: number): readonly PlaneLeg[] {
    const state = this.#workers[worker]!;
    const lost = [...state.legs.values()];
    state.legs.clear();
    state.pool = this.#makePool(worker);
    state.slots = new FreeSlots();
    return lost;
  }

  /** After `lose`, once everything that the dead thread was asked is said: the ports of its replacement. */
  restart(worker: number): void {
    this.#drain(worker);
  }

  /** Another program has the port; returns the legs on it. */
  unbindable(worker: number, port: number): readonly PlaneLeg[] {
    const { pool, legs } = this.#workers[worker]!;
    const failed = pool.unbindable(port).map((leg) => legs.get(leg)!);
    // Another spare port takes its place, and must be bound too.
    this.#drain(worker);
    return failed;
  }

  deadline(): Instant {
    let earliest = NEVER;
    for (const { pool } of this.#workers) earliest = Math.min(earliest, pool.deadline());
    return earliest;
  }

  expire(now: Instant): void {
    for (const [worker, { pool }] of this.#workers.entries()) {
      if (pool.deadline() > now) continue;
      pool.expire(now);
      this.#drain(worker);
    }
  }

  /** Each worker has its own share of the port range, so that pools never meet. */
  #makePool(worker: number): PortPool {
    const { portFrom, portTo, workerCount, sharing } = this.#options;
    const first = portFrom + (portFrom % 2);
    const pairs = Math.floor((portTo - first + 1) / 2);
    const from = first + 2 * Math.floor((pairs * worker) / workerCount);
    const to = first + 2 * Math.floor((pairs * (worker + 1)) / workerCount) - 1;
    assert(to > from, `expected a port pair for each of ${workerCount} workers in ${portFrom}-${portTo}`);
    return new PortPool({ from, to, sharing, spareCount: SPARE_COUNT });
  }

  #drain(worker: number): void {
    const { pool } = this.#workers[worker]!;
    for (let output = pool.poll(); output !== undefined; output = pool.poll()) {
      this.#outputs.push({ kind: 'post', worker, message: messageOf(output) });
    }
  }
}

function messageOf(output: PortPoolOutput): ToWorker {
  switch (output.kind) {
    case 'bind':
      return { kind: 'bindPort', port: output.port };
    case 'unbind':
      return { kind: 'unbindPort', port: output.port };
    case 'learnAddress':
    case 'forgetAddress':
      return output;
  }
}

/** Numbers of streams that are not used: the one that was given back last comes first, so that they stay small. */
class FreeSlots {
  readonly #free: number[] = [];
  #count = 0;

  take(): number {
    return this.#free.pop() ?? this.#count++;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
