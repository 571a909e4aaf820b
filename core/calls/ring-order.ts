import type { Dialling } from '../routing/destination.ts';

const Q_MAX = 1000;

/**
 * Who rings together, and who after them: phones of equal q at once, those of a lower one when nobody before them will
 * answer (RFC 3261 §16.6). Nearly always it is one group.
 */
export function ringOrder(diallings: readonly Dialling[]): readonly (readonly Dialling[])[] {
  const first = qOf(diallings[0]);
  if (diallings.every((dialling) => qOf(dialling) === first)) return [diallings];
  const levels = [...new Set(diallings.map(qOf))].sort((a, b) => b - a);
  return levels.map((level) => diallings.filter((dialling) => qOf(dialling) === level));
}

function qOf(dialling: Dialling | undefined): number {
  return dialling?.q ?? Q_MAX;
}
