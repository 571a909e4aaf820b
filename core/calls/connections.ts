import type { LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { HoldMusic } from './hold-music.ts';
import type { Supervisions } from './supervisions.ts';

/** Two calls that hear each other. */
export interface Connection {
  readonly caller: LegId;
  readonly callee: LegId;
  /** Of the flow that asked for it: then the caller stays when the callee leaves. */
  readonly token: number | undefined;
}

/** Who is connected with whom. That they hear each other is their owner's to see to. */
export class Connections {
  readonly #music: HoldMusic;
  readonly #supervisions: Pick<Supervisions, 'tied' | 'released'>;
  /** By either leg. */
  readonly #byLeg = new LiveMap<LegId, Connection>();

  constructor(music: HoldMusic, supervisions: Pick<Supervisions, 'tied' | 'released'>) {
    this.#music = music;
    this.#supervisions = supervisions;
  }

  get count(): number {
    return this.#byLeg.size / 2;
  }

  of(leg: LegId): Connection | undefined {
    return this.#byLeg.get(leg);
  }

  /** Whom the party of this leg is connected to. */
  farOf(leg: LegId): LegId | undefined {
    const connection = this.#byLeg.get(leg);
    return connection && otherOf(connection, leg);
  }

  /** Two who were bridged share their fate from now on. */
  tie(connection: Connection): void {
    const { caller, callee } = connection;
    this.#byLeg.set(caller, connection).set(callee, connection);
    this.#music.bridged(caller);
    this.#music.bridged(callee);
    this.#supervisions.tied(connection);
  }

  /** They do not any more: each goes its way. */
  release(connection: Connection): void {
    const { caller, callee } = connection;
    this.#supervisions.released(connection);
    this.#byLeg.delete(caller);
    this.#byLeg.delete(callee);
    this.#music.moved(caller);
    this.#music.moved(callee);
  }
}

export function otherOf({ caller, callee }: Connection, leg: LegId): LegId {
  return leg === caller ? callee : caller;
}

/** Of the flow that waits for the end of this party's connection. */
export function tokenFor({ caller, token }: Connection, leg: LegId): number | undefined {
  return leg === caller ? token : undefined;
}
