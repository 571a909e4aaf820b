import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time for user space in hundredths of a second, whatever the kernel's own tick is. */
const MS_PER_TICK = 10;

export interface Usage {
  readonly userMs: number;
  readonly systemMs: number;
  /** Of each thread, by `name tid`. */
  readonly threadsMs: Readonly<Record<string, number>>;
}

const NOTHING: Usage = { userMs: 0, systemMs: 0, threadsMs: {} };

/** CPU time that a process has had since it began (proc_pid_stat(5)); nothing when it is not there. */
export function usageOf(pid: number): Usage {
  const whole = readStat(`/proc/${pid}/stat`);
  if (whole === undefined) return NOTHING;
  const threadsMs: Record<string, number> = {};
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const thread = readStat(`/proc/${pid}/task/${tid}/stat`);
    if (thread !== undefined) threadsMs[`${thread.name} ${tid}`] = thread.userMs + thread.systemMs;
  }
  return { userMs: whole.userMs, systemMs: whole.systemMs, threadsMs };
}

/** What was used from one reading to the next; threads that used nothing are left out. */
export function usedBetween(before: Usage, after: Usage): Usage {
  const threads = Object.entries(after.threadsMs)
    .map(([name, ms]) => [name, ms - (before.threadsMs[name] ?? 0)] as const)
    .filter(([, ms]) => ms > 0)
    .sort(([, a], [, b]) => b - a);
  return {
    userMs: after.userMs - before.userMs,
    systemMs: after.systemMs - before.systemMs,
    threadsMs: Object.fromEntries(threads),
  };
}

function readStat(path: string): { name: string; userMs: number; systemMs: number } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  // The name is in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const name = text.slice(text.indexOf('(') + 1, nameEnd);
  return { name, userMs: Number(fields[11]) * MS_PER_TICK, systemMs: Number(fields[12]) * MS_PER_TICK };
}
