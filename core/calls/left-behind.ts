import type { Calendar } from '../kernel/clock.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Signaling } from '../ports.ts';
import type { Ledger } from './ledger.ts';
import type { LeftBehind } from './switch-ports.ts';

export interface LeftBehindPorts {
  readonly signaling: Signaling;
  readonly calendar: Calendar;
  readonly nextLeg: () => LegId;
}

/**
 * Calls that an earlier process left: those that were live in its store end with the cause `crashed`, and BYE is sent in
 * each of the confirmed dialogs that it kept.
 */
export class CallsLeftBehind {
  readonly #ports: LeftBehindPorts;
  readonly #ledger: Ledger;
  /** Legs that are being hung up. */
  readonly #legs = new Map<LegId, CallId>();

  constructor(ports: LeftBehindPorts, ledger: Ledger) {
    this.#ports = ports;
    this.#ledger = ledger;
  }

  /** Legs that are still being hung up. */
  get count(): number {
    return this.#legs.size;
  }

  end({ calls, dialogs }: Pick<LeftBehind, 'calls' | 'dialogs'>, now: Instant): void {
    const at = this.#ports.calendar(now);
    const end = { status: 'hangup', hangupAt: at, updatedAt: at, hangupBy: 'local', hangupReason: 'failed' } as const;
    for (const record of calls) {
      this.#ledger.endLeftBehind({ ...record, ...end, recordingId: null, cause: 'crashed' }, now);
    }
    for (const [callId, dialog] of dialogs) {
      const leg = this.#ports.nextLeg();
      this.#legs.set(leg, callId);
      this.#ports.signaling.restore(leg, dialog);
      this.#ports.signaling.hangup(leg, 'crashed');
    }
  }

  /** A leg is over: its dialog is forgotten. False when it is none of these. */
  over(leg: LegId): boolean {
    const call = this.#legs.get(leg);
    if (call === undefined) return false;
    this.#legs.delete(leg);
    this.#ledger.dropDialog(call);
    return true;
  }
}
