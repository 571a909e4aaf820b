import type { Deadline } from '../../core/kernel/deadline-heap.ts';
import type { ExtensionId, ParkSlotId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { Sharer } from '../transaction/sharers.ts';
import type { TransactionId } from '../transaction/transaction-layer.ts';
import type { EventPackage } from './packages.ts';
import type { SubscriptionState } from './subscription-table.ts';

/** What can be watched. */
export type Watched = ExtensionId | ParkSlotId;

/** One watcher of one phone or slot by one package, in a dialog of its own (RFC 6665 §4.5.1). */
export class Subscription implements Sharer<Subscription> {
  readonly dialog: Dialog;
  readonly watcher: ExtensionId;
  readonly watched: Watched;
  /** What is watched, as it was asked for. */
  readonly user: string;
  readonly host: string;
  readonly kind: EventPackage;
  /** Value of Event in every NOTIFY: with the id that the watcher gave. */
  readonly event: string;
  state: SubscriptionState = 'active';
  expiresAt: Instant = 0;
  /** Of the next document. */
  version = 0;
  /** When it ends by itself. */
  deadline: Deadline<Subscription> | undefined;
  /** Its last NOTIFY. */
  transaction: TransactionId = 0;
  towards = '';
  previous: Subscription | undefined;
  next: Subscription | undefined;

  constructor(parts: {
    readonly dialog: Dialog;
    readonly watcher: ExtensionId;
    readonly watched: Watched;
    readonly user: string;
    readonly host: string;
    readonly kind: EventPackage;
    readonly event: string;
  }) {
    this.dialog = parts.dialog;
    this.watcher = parts.watcher;
    this.watched = parts.watched;
    this.user = parts.user;
    this.host = parts.host;
    this.kind = parts.kind;
    this.event = parts.event;
  }
}
