import { dialogInfo, messageSummary, presence, type Sight } from './documents.ts';

/** One kind of news that can be subscribed to (RFC 6665 §7.2). */
export interface EventPackage {
  readonly name: string;
  readonly contentType: string;
  /** Whether it shows calls. */
  readonly showsDialogs: boolean;
  /** Whether nobody but the phone itself may have it. */
  readonly isPrivate: boolean;
  readonly document: (sight: Sight) => string;
}

const PACKAGES: readonly EventPackage[] = [
  {
    name: 'dialog',
    contentType: 'application/dialog-info+xml',
    showsDialogs: true,
    isPrivate: false,
    document: dialogInfo,
  },
  {
    name: 'presence',
    contentType: 'application/pidf+xml',
    showsDialogs: true,
    isPrivate: false,
    document: presence,
  },
  {
    name: 'message-summary',
    contentType: 'application/simple-message-summary',
    showsDialogs: false,
    isPrivate: true,
    document: messageSummary,
  },
];

export function packageNamed(name: string): EventPackage | undefined {
  return PACKAGES.find((known) => known.name === name);
}

/** Value of Allow-Events (RFC 6665 §8.2.2). */
export const ALLOWED_EVENTS = PACKAGES.map(({ name }) => name).join(', ');
