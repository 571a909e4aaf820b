import { assert } from '../../core/kernel/assert.ts';
import { ownCopy } from '../user-agent/own-copy.ts';
import { Dialog } from './dialog.ts';

/** Branches of one INVITE that are released; more of them are no proxy's. */
const FORKS_MAX = 16;

/** What is kept of a session that is over, for a 2xx to its INVITE that comes again (RFC 3261 §13.2.2.4). */
export interface SessionRemains {
  readonly dialog: Dialog;
  readonly inviteCSeq: number;
  /** Remote tags of branches that were released. */
  readonly forks: readonly string[];
}

export function writeRemains({ dialog, inviteCSeq, forks }: SessionRemains): string {
  return `${JSON.stringify([inviteCSeq, ...forks])} ${dialog.toText()}`;
}

/** The text must be one of `writeRemains`. */
export function readRemains(text: string): SessionRemains {
  const end = text.indexOf('] ') + 1;
  const [inviteCSeq, ...forks] = JSON.parse(text.slice(0, end)) as [number, ...string[]];
  const dialog = Dialog.fromText(text.slice(end + 1));
  assert(dialog !== undefined, 'what remains of a session is read as it was written');
  return { dialog, inviteCSeq, forks };
}

/** The branches with this one among them; undefined when it is one too many. */
export function withFork(forks: readonly string[], tag: string): readonly string[] | undefined {
  if (forks.includes(tag)) return forks;
  return forks.length === FORKS_MAX ? undefined : [...forks, ownCopy(tag)];
}
