import { NEVER } from '../../core/kernel/time.ts';
import { expiresAfterMs, refreshAfterMs, type SessionInterval } from './session-interval.ts';
import type { SessionSettings } from './session-messages.ts';
import type { SessionTimer } from './session-state.ts';

/** Bound of an INVITE without a final response, as timer C of a proxy (RFC 3261 §16.6 step 11). */
const DIAL_BOUND_MS = 180_000;

/** Milliseconds that a timer of a session runs for, from the state that starts it; repetitions follow in growing steps. */
export function timerDurationMs(
  timer: SessionTimer,
  settings: SessionSettings,
  role: 'caller' | 'callee',
  interval: SessionInterval | undefined,
): number {
  const { t1 } = settings.timing;
  switch (timer) {
    case 'Assure':
    case 'Repeat':
      return t1;
    case 'Ack':
    case 'Prack':
    case 'Cancel':
      return 64 * t1;
    case 'Dial':
      return DIAL_BOUND_MS;
    case 'Refresh':
      return refreshAfterMs(interval);
    case 'Expiry':
      return expiresAfterMs(interval);
    case 'Return': // Runs from when the peer's connection is lost.
      return NEVER;
    case 'Glare':
      return glareWaitMs(settings.random.next(), role);
  }
}

/** RFC 3261 §14.1: who chose the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms. */
function glareWaitMs(chance: number, role: 'caller' | 'callee'): number {
  return role === 'caller' ? 2_100 + 10 * Math.floor(chance * 191) : 10 * Math.floor(chance * 201);
}
