import type { ExtensionId } from '../kernel/ids.ts';
import { PackedTable } from '../kernel/packed-table.ts';
import { SlotDeadlines } from '../kernel/slot-deadlines.ts';
import { sourceNetworkOf } from '../kernel/source-network.ts';
import type { WallTime } from '../kernel/time.ts';
import { PACKED_BINDINGS } from './packed-bindings.ts';
import type { Binding } from './records.ts';

/** Where extensions are registered: a few bindings each, of millions. */
export class Bindings {
  readonly #byExtension = new PackedTable<readonly Binding[]>(PACKED_BINDINGS);
  /** When the first binding of each extension runs out, by the slot of the extension. */
  readonly #expiries = new SlotDeadlines();
  /** Network of a source → bindings registered from it. */
  readonly #countsFrom = new PackedTable<number>({ encode: String, decode: Number });
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Those of an extension that have not run out, newest first. */
  of(extensionId: ExtensionId, at: WallTime): readonly Binding[] {
    const all = this.#of(extensionId);
    return all.every((binding) => binding.expiresAt > at) ? all : all.filter((binding) => binding.expiresAt > at);
  }

  /** Every binding, also those that have run out and were not dropped yet. */
  *all(): Iterable<Binding> {
    for (const bindings of this.#byExtension.values()) yield* bindings;
  }

  hasFrom(address: string): boolean {
    return this.#countsFrom.has(sourceNetworkOf(address));
  }

  /** Adds a binding, or replaces the one with the same contact or the same instance and reg-id. */
  put(binding: Binding): void {
    const others = this.#of(binding.extensionId).filter((old) => !isSame(old, binding));
    this.#set(binding.extensionId, [binding, ...others]);
  }

  /** Adds one that was stored, in its place: those that last longest were refreshed last. */
  restore(binding: Binding): void {
    const others = this.#of(binding.extensionId);
    this.#set(
      binding.extensionId,
      others.length === 0 ? [binding] : [binding, ...others].sort((a, b) => b.expiresAt - a.expiresAt),
    );
  }

  drop(extensionId: ExtensionId, contact: string): void {
    const all = this.#of(extensionId);
    const others = all.filter((binding) => binding.contact !== contact);
    if (others.length < all.length) this.#set(extensionId, others);
  }

  dropAll(extensionId: ExtensionId): void {
    if (this.#byExtension.has(extensionId)) this.#set(extensionId, []);
  }

  /** When the first of all runs out; `Infinity` when there is none. */
  nextExpiryAt(): WallTime {
    return this.#expiries.next();
  }

  /** One that has run out, the first of them; it stays until it is dropped. */
  expired(at: WallTime): Binding | undefined {
    if (this.#expiries.next() > at) return undefined;
    const [first, ...others] = this.#of(this.#byExtension.keyAt(this.#expiries.first()) as ExtensionId);
    return others.reduce((earliest, other) => (other.expiresAt < earliest.expiresAt ? other : earliest), first!);
  }

  #of(extensionId: ExtensionId): readonly Binding[] {
    return this.#byExtension.get(extensionId) ?? NONE;
  }

  #set(extensionId: ExtensionId, bindings: readonly Binding[]): void {
    const old = this.#of(extensionId);
    if (old.length !== 1 || bindings.length !== 1 || old[0]!.address !== bindings[0]!.address) {
      for (const { address } of bindings) this.#countFrom(address, 1);
      for (const { address } of old) this.#countFrom(address, -1);
    }
    if (bindings.length === 0) {
      this.#expiries.remove(this.#byExtension.slotOf(extensionId));
      this.#byExtension.delete(extensionId);
    } else {
      const slot = this.#byExtension.set(extensionId, bindings);
      let earliest = Number.POSITIVE_INFINITY;
      for (const { expiresAt } of bindings) earliest = Math.min(earliest, expiresAt);
      this.#expiries.set(slot, earliest);
    }
  }

  #countFrom(address: string, change: 1 | -1): void {
    const network = sourceNetworkOf(address);
    const count = (this.#countsFrom.get(network) ?? 0) + change;
    this.#count += change;
    if (count === 0) this.#countsFrom.delete(network);
    else this.#countsFrom.set(network, count);
  }
}

const NONE: readonly Binding[] = [];

/** RFC 3261 §10.3 compares contacts; RFC 5626 §6 instance and reg-id, which survive a changed contact. */
function isSame(a: Binding, b: Binding): boolean {
  if (a.instance !== '' && a.instance === b.instance && a.regId === b.regId) return true;
  return a.contact === b.contact;
}
