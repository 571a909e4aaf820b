import type { TraceEntry } from '../api/backend.ts';
import { rfc3339 } from '../core/kernel/time.ts';
import { RunningProcess } from './running-process.ts';
import { type Format, print } from './terminal.ts';

export interface TraceOptions {
  readonly data: string;
  readonly format: Format;
  /** Show whole messages, not their first lines. */
  readonly full: boolean;
  /** Show only what contains this text. */
  readonly match: string | undefined;
}

/** A line of the trace, or how many lines were left out because we read too slowly. */
type TraceLine = TraceEntry | { readonly at: number; readonly kind: 'dropped'; readonly count: number };

/** `tandem trace`: SIP messages and events as they happen, until interrupted or the process ends. */
export async function trace(options: TraceOptions): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  try {
    for await (const text of RunningProcess.require(options.data).lines('trace', interrupted.signal)) {
      if (options.match !== undefined && !text.includes(options.match)) continue;
      const line = JSON.parse(text) as TraceLine;
      print(options.format, line, () => describe(line, options.full ? 'whole' : 'first-line'));
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  }
}

const ARROWS = { received: '◀──', sent: '──▶', event: ' · ' } as const;

/** One entry for people: time of day in UTC, direction, the other side, text. */
export function describe(line: TraceLine, extent: 'whole' | 'first-line'): string {
  const time = rfc3339(line.at).slice(11, -1);
  if (line.kind === 'dropped') return `${time}  …  ${line.count} lines left out: the terminal is too slow`;
  const [first = '', ...rest] = line.text.split('\r\n');
  const head = `${time}  ${ARROWS[line.kind]}  ${line.peer}  ${first}`;
  if (extent === 'first-line' || rest.length === 0) return head;
  return `${head}\n${rest.map((header) => `    ${header}`).join('\n')}`;
}
