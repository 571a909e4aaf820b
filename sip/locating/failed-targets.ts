import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { RecentTable } from '../user-agent/recent-table.ts';

const TARGETS_MAX = 4_096;

/** Addresses that failed a short while ago: they are tried last, but still tried (RFC 3263 §4.3). */
export class FailedTargets {
  readonly #avoidedUntil = new RecentTable<Instant>(TARGETS_MAX);

  avoid(target: TransportAddress, until: Instant): void {
    this.#avoidedUntil.set(textOf(target), until);
  }

  /** The same targets, those that failed behind all others. */
  ordered(targets: readonly TransportAddress[], now: Instant): readonly TransportAddress[] {
    if (this.#avoidedUntil.size === 0) return targets;
    const isAvoided = (target: TransportAddress): boolean => (this.#avoidedUntil.get(textOf(target)) ?? 0) > now;
    return [...targets.filter((target) => !isAvoided(target)), ...targets.filter(isAvoided)];
  }
}

function textOf({ transport, address, port }: TransportAddress): string {
  return `${transport} ${address} ${port}`;
}
