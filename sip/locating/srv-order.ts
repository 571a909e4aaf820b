import type { Random } from '../../core/kernel/random.ts';
import type { SrvRecord } from './records.ts';

/**
 * The order in which servers are tried (RFC 2782): lower priorities first; among equals each next one is drawn with a
 * chance in proportion to its weight, and those without weight have a very small one.
 */
export function inSrvOrder(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((wanted) =>
    drawn(
      records.filter(({ priority }) => priority === wanted),
      random,
    ),
  );
}

function drawn(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  // Those without weight stand first, so that they are drawn only where the chance is exactly 0.
  const rest = records.toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const order: SrvRecord[] = [];
  while (rest.length > 0) {
    const total = rest.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = Math.floor(random.next() * (total + 1));
    let sum = 0;
    const index = rest.findIndex(({ weight }) => {
      sum += weight;
      return sum >= chosen;
    });
    order.push(...rest.splice(index, 1));
  }
  return order;
}
