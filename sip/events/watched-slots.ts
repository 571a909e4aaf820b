import type { ParkSlotId } from '../../core/kernel/ids.ts';
import type { ParkedParty } from '../../core/ports.ts';
import type { InviteSession } from '../dialog/invite-session.ts';
import type { DialogSight } from './watched-dialogs.ts';

type Names = Pick<InviteSession, 'callId' | 'localTag' | 'remoteTag'>;

/** Who waits in which slot, as a watcher sees it: one dialog of the slot, with whoever is parked there. */
export class WatchedSlots {
  readonly #sights = new Map<ParkSlotId, DialogSight>();

  /** A call waits there from now on, in the dialog with these names. */
  put(slot: ParkSlotId, { user, name, leg }: ParkedParty, { callId, localTag, remoteTag }: Names): void {
    this.#sights.set(slot, {
      id: `leg${leg}`,
      callId,
      localTag,
      remoteTag,
      direction: 'recipient',
      remoteUser: user,
      remoteName: name,
      phase: 'confirmed',
    });
  }

  /** Nobody waits there any more. That stays to be seen: phones put their lamp out when they are told of an end. */
  end(slot: ParkSlotId): void {
    const sight = this.#sights.get(slot);
    if (sight !== undefined) this.#sights.set(slot, { ...sight, phase: 'terminated' });
  }

  /** Nobody watches it any more: what has ended is forgotten. */
  unwatch(slot: ParkSlotId): void {
    if (this.#sights.get(slot)?.phase === 'terminated') this.#sights.delete(slot);
  }

  of(slot: ParkSlotId): readonly DialogSight[] {
    const sight = this.#sights.get(slot);
    return sight === undefined ? [] : [sight];
  }
}
