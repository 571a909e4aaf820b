import { assert } from '../core/kernel/assert.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { Message } from './message.ts';

/** One message on its way between two lifelines. */
export interface Hop {
  /** When it was sent. */
  readonly at: Instant;
  readonly from: string;
  readonly to: string;
  readonly message: Message;
  readonly lost: boolean;
}

/** Characters between two lifelines, more if a label needs them. */
const MIN_SPAN = 26;

/** Spaces and dashes around a label, and the arrow head. */
const AROUND_LABEL = 7;

/** Characters before the first lifeline: the time in seconds. */
const MARGIN = ' '.repeat(8);

/**
 * Draws a call flow as text: a lifeline per column, a line per message in the order given, `x` where one was lost.
 * Each hop's `from` and `to` are two different columns.
 */
export function ladder(columns: readonly string[], hops: readonly Hop[]): string {
  const longest = Math.max(
    0,
    ...columns.map((column) => column.length),
    ...hops.map((hop) => label(hop.message).length),
  );
  const span = Math.max(MIN_SPAN, longest + AROUND_LABEL);
  const title = MARGIN + columns.map((column) => column.padEnd(span + 1)).join('');
  return `${[title.trimEnd(), ...hops.map((hop) => rung(columns, hop, span))].join('\n')}\n`;
}

function rung(columns: readonly string[], hop: Hop, span: number): string {
  const from = columns.indexOf(hop.from);
  const to = columns.indexOf(hop.to);
  assert(from >= 0 && to >= 0 && from !== to, `no two lifelines: ${hop.from} to ${hop.to}`);
  const left = Math.min(from, to);
  const right = Math.max(from, to);
  const width = (right - left) * (span + 1) - 1;
  const text = ` ${label(hop.message)} `;
  const arrow =
    from < to
      ? `--${text}`.padEnd(width - 1, '-') + (hop.lost ? 'x' : '>')
      : (hop.lost ? 'x' : '<') + `${text}--`.padStart(width - 1, '-');
  const gap = `|${' '.repeat(span)}`;
  const time = (hop.at / 1000).toFixed(3).padStart(7);
  return `${time} ${gap.repeat(left)}|${arrow}${gap.repeat(columns.length - 1 - right)}|`;
}

/** Which request a response answers is told where it is not the INVITE; `+ body` tells of a session description. */
function label(message: Message): string {
  const body = message.body.length > 0 ? ' + body' : '';
  if (message.type === 'request') return message.method + body;
  const { method } = message.cseq;
  return `${message.status} ${message.reason}${method === 'INVITE' ? '' : ` (${method})`}${body}`;
}
