import { setPriority } from 'node:os';

/** Nice value: before everything usual, behind what has real-time priority. */
const NICE = -10;

/**
 * Asks the kernel to let the calling thread run before others. Refused where the process may not (CAP_SYS_NICE,
 * RLIMIT_NICE), and where a priority is not a thread's own.
 */
export function raiseThreadPriority(): 'raised' | 'refused' {
  if (process.platform !== 'linux') return 'refused';
  try {
    setPriority(NICE);
    return 'raised';
  } catch {
    return 'refused';
  }
}
