import type { Refusal } from '../command.ts';
import type { RecordingLimits } from '../flows/call-control.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { Instant } from '../kernel/time.ts';
import { stateInvalid } from '../refusal.ts';
import type { Call } from './call.ts';
import type { CallLife } from './call-life.ts';
import type { RecordingRecord } from './recording-record.ts';
import type { Recordings } from './recordings.ts';

/** What a call's record tells of its recordings. */
export class CallRecording {
  readonly #calendar: Calendar;
  readonly #life: CallLife;
  readonly #recordings: Recordings;

  constructor(calendar: Calendar, life: CallLife, recordings: Recordings) {
    this.#calendar = calendar;
    this.#life = life;
    this.#recordings = recordings;
  }

  /** Begins to record an answered call; why not, when nothing was changed. `ticket` is undefined for a flow. */
  start(call: Call, limits: RecordingLimits, ticket: number | undefined, now: Instant): Refusal | undefined {
    const { leg, record } = call;
    if (record.status !== 'progressing') return notProgressing(call);
    const started = this.#recordings.start(
      {
        reference: { type: 'call', id: record.id },
        customerId: record.customerId,
        source: { kind: 'leg', leg },
        limits,
        activeflowId: record.activeflowId,
        ticket,
      },
      now,
    );
    if ('code' in started) return started;
    call.change({ recordingId: started.id, recordingIds: [...record.recordingIds, started.id] }, this.#calendar(now));
    this.#life.ledger.publish('call_updated', call, now);
    return undefined;
  }

  /** A recording has ended: its call is not being recorded any more. */
  ended({ id, reference }: RecordingRecord, now: Instant): void {
    const call = reference.type === 'call' ? this.#life.goingOn(reference.id) : undefined;
    if (call?.record.recordingId !== id) return;
    call.change({ recordingId: null }, this.#calendar(now));
    this.#life.ledger.publish('call_updated', call, now);
  }
}

export function notProgressing({ record }: Call): Refusal {
  return stateInvalid(`call ${record.id} is ${record.status}`, 'a call that is progressing', record.status);
}
