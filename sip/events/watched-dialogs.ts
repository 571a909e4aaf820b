import type { ExtensionId, LegId } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { InviteSession } from '../dialog/invite-session.ts';
import type { SessionState } from '../dialog/session-state.ts';

/** RFC 4235 §3.7.1. */
export type DialogPhase = 'trying' | 'early' | 'confirmed' | 'terminated';

/** A leg as those see it who watch its phone. */
export interface WatchedParty {
  readonly extensionId: ExtensionId;
  /** Whether the phone began the dialog. */
  readonly direction: 'initiator' | 'recipient';
  /** Who is at the other end: user part and display name. */
  readonly remoteUser: string;
  readonly remoteName: string;
}

/** One dialog of what is watched. Tags are its own, and those of the other side. */
export interface DialogSight extends Omit<WatchedParty, 'extensionId'> {
  readonly id: string;
  readonly callId: string;
  /** '' while the phone has none. */
  readonly localTag: string;
  readonly remoteTag: string;
  readonly phase: DialogPhase;
}

/** Dialogs of one phone that are shown; it will hardly have more. */
const DIALOGS_MAX = 8;

const PHASES: Readonly<Record<SessionState, DialogPhase>> = {
  offered: 'trying',
  ringing: 'early',
  assuring: 'early',
  answering: 'confirmed',
  releasing: 'terminated',
  refusing: 'terminated',
  dialing: 'trying',
  early: 'early',
  abandoning: 'terminated',
  canceling: 'terminated',
  owing: 'confirmed',
  established: 'confirmed',
  reoffering: 'confirmed',
  postponed: 'confirmed',
  reoffered: 'confirmed',
  reanswering: 'confirmed',
  ending: 'terminated',
  ended: 'terminated',
};

interface Watched {
  readonly live: Map<LegId, DialogSight>;
  /** The one that ended last. It stays to be seen: phones put their lamp out when they are told of an end. */
  last: DialogSight | undefined;
}

/** The dialogs of phones that somebody watches. Of all others it knows nothing. */
export class WatchedDialogs {
  readonly #watched = new Map<ExtensionId, Watched>();
  readonly #moved = new Queue<ExtensionId>();

  /** Phones that are watched. */
  get size(): number {
    return this.#watched.size;
  }

  watch(extensionId: ExtensionId): void {
    this.#watched.set(extensionId, { live: new Map(), last: undefined });
  }

  unwatch(extensionId: ExtensionId): void {
    this.#watched.delete(extensionId);
  }

  /** What a session looks like now, if its phone is watched. */
  follow(party: WatchedParty, session: InviteSession): void {
    if (this.see(party, session)) this.#moved.push(party.extensionId);
  }

  /** As `follow`, without news: whether something has changed. */
  see(party: WatchedParty, session: InviteSession): boolean {
    const watched = this.#watched.get(party.extensionId);
    if (watched === undefined) return false;
    const { live } = watched;
    const before = live.get(session.leg);
    const phase = PHASES[session.state];
    if (before === undefined ? phase === 'terminated' || live.size >= DIALOGS_MAX : before.phase === phase)
      return false;
    const { leg, callId, localTag: remoteTag, remoteTag: localTag } = session;
    const sight: DialogSight = { ...party, id: `leg${leg}`, callId, localTag, remoteTag, phase };
    if (phase === 'terminated') {
      live.delete(leg);
      watched.last = sight;
    } else live.set(leg, sight);
    return true;
  }

  /** The dialogs of a watched phone: those that live, and the one that ended last. */
  of(extensionId: ExtensionId): readonly DialogSight[] {
    const watched = this.#watched.get(extensionId);
    if (watched === undefined) return [];
    return watched.last === undefined ? [...watched.live.values()] : [...watched.live.values(), watched.last];
  }

  /** A phone of which something has changed. */
  poll(): ExtensionId | undefined {
    return this.#moved.shift();
  }
}
