import type { Trunk } from './records.ts';

/** Which trunk digest credentials belong to, where the host that was addressed does not name it. */
export class TrunkUsernames {
  /** Trunks by username, the oldest first. */
  readonly #trunks = new Map<string, readonly Trunk[]>();

  add(trunk: Trunk): void {
    if (!trunk.authTypes.includes('basic') || trunk.username === '') return;
    const others = this.#trunks.get(trunk.username) ?? [];
    this.#trunks.set(
      trunk.username,
      [...others, trunk].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
    );
  }

  /** `trunk` is the row that was added. */
  remove(trunk: Trunk): void {
    const others = (this.#trunks.get(trunk.username) ?? []).filter((other) => other !== trunk);
    if (others.length === 0) this.#trunks.delete(trunk.username);
    else this.#trunks.set(trunk.username, others);
  }

  /** The oldest of several. */
  find(username: string): Trunk | undefined {
    return this.#trunks.get(username)?.[0];
  }
}
