import type { Refusal } from '../command.ts';
import type { ExternalMediaEvent, ExternalMediaFigures, ExternalMediaPlane } from '../external-media-port.ts';
import type { CallNews } from '../flows/call-control.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import {
  type CallId,
  type ConferencecallId,
  type ConferenceId,
  type CustomerId,
  type ExternalMediaId,
  timeOrderedUuid,
} from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { ExternalMediaRequest } from '../ports.ts';
import { stateInvalid } from '../refusal.ts';
import type { ExternalMediaRecord, ExternalMediaWish } from './external-media-record.ts';
import type { MemberTerms } from './member-terms.ts';
import type { RecordingReference } from './recording-record.ts';

export interface ExternalsPorts {
  readonly media: { readonly externals: ExternalMediaPlane };
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  readonly members: {
    /** One of a conference is a member from now on; undefined when it may not be. */
    enter(
      external: ExternalMediaRecord,
      conference: ConferenceId,
      terms: MemberTerms,
      now: Instant,
    ): ConferencecallId | undefined;
    /** It is over, whatever it was. */
    over(external: ExternalMediaId, now: Instant): void;
  };
}

export interface ExternalsStart {
  readonly reference: RecordingReference;
  readonly customerId: CustomerId;
  readonly source: ExternalMediaRequest['source'];
  readonly wish: ExternalMediaWish;
  /** Of a program that connects to us under it; null for one of ours. */
  readonly id: ExternalMediaId | null;
  /** How it takes part in a conference. */
  readonly terms: MemberTerms;
  /** The call whose flow has asked for it, and is told; undefined for a command. */
  readonly asker: CallId | undefined;
  /** Comes back in the news; 0 for a command. */
  readonly token: number;
}

interface Entry extends Pick<ExternalsStart, 'terms' | 'asker' | 'token'> {
  record: ExternalMediaRecord;
}

/** The programs outside that hear and speak in calls and conferences, as long as they are connected. */
export class Externals {
  readonly counters = { started: 0, finished: 0, failed: 0, droppedMs: 0, lostMs: 0, malformed: 0 };
  readonly #ports: ExternalsPorts;
  readonly #entries = new LiveMap<ExternalMediaId, Entry>();
  readonly #byReference = new LiveMap<RecordingReference['id'], Set<ExternalMediaId>>();

  constructor(ports: ExternalsPorts) {
    this.#ports = ports;
  }

  /** Programs that are connected, or about to be. */
  get liveCount(): number {
    return this.#entries.size;
  }

  /** Of this call or conference, oldest first. */
  of({ id }: Pick<RecordingReference, 'id'>): readonly ExternalMediaRecord[] {
    return [...(this.#byReference.get(id) ?? [])].map((external) => this.#entries.get(external)!.record);
  }

  /** Connects at once. News to a call with a token: externalMediaStarted, later externalMediaEnded; or that alone. */
  start(start: ExternalsStart, now: Instant): ExternalMediaRecord | Refusal {
    const refusal = this.#refusalOf(start);
    if (refusal !== undefined) return refusal;
    const { reference, customerId, source, wish, terms, asker, token } = start;
    const createdAt = this.#ports.calendar(now);
    const id = start.id ?? (timeOrderedUuid(this.#ports.random, createdAt) as ExternalMediaId);
    const record: ExternalMediaRecord = {
      ...wish,
      id,
      customerId,
      reference,
      status: 'running',
      localAddress: '',
      localPort: 0,
      createdAt,
    };
    this.#entries.set(id, { record, terms, asker, token });
    const others = this.#byReference.get(reference.id) ?? new Set();
    this.#byReference.set(reference.id, others.add(id));
    this.counters.started += 1;
    this.#ports.media.externals.attach(id, { ...wish, source, account: customerId, reference: reference.id });
    return record;
  }

  /** Lets all programs of the call or conference go; `receive` tells when they are. */
  stopAll({ id }: RecordingReference): void {
    for (const external of this.#byReference.get(id) ?? []) this.stop(external);
  }

  /** Lets all programs of the call go, and those that its flow has brought into conferences. */
  stopOf(call: CallId): void {
    this.stopAll({ type: 'call', id: call });
    for (const [id, { asker }] of this.#entries) if (asker === call) this.stop(id);
  }

  /** Lets one go; without effect when it is going already. */
  stop(id: ExternalMediaId): void {
    const entry = this.#entries.get(id);
    if (entry?.record.status !== 'running') return;
    entry.record = { ...entry.record, status: 'terminating' };
    this.#ports.media.externals.detach(id);
  }

  /** A key that the far end pressed. */
  key(call: CallId, digit: string): void {
    for (const external of this.#byReference.get(call) ?? []) this.#ports.media.externals.key(external, digit);
  }

  receive(event: ExternalMediaEvent, now: Instant): void {
    const entry = this.#entries.get(event.external);
    if (entry === undefined) return;
    if (event.kind === 'externalOpened') this.#opened(entry, event.localAddress, event.localPort, now);
    else this.#ended(entry, event, now);
  }

  #refusalOf({ reference: { type, id }, id: wanted }: ExternalsStart): Refusal | undefined {
    if (wanted !== null && this.#entries.has(wanted)) {
      return { code: 'ALREADY_EXISTS', message: `external media ${wanted} is there already`, field: 'id' };
    }
    const perReference = LIMITS.externalMediaPerReferenceMax;
    const count = this.#byReference.get(id)?.size ?? 0;
    if (count >= perReference) {
      return stateInvalid(`${type} ${id} has ${count} programs already`, `at most ${perReference}`, `${count + 1}`);
    }
    if (this.#entries.size < LIMITS.externalMediaLiveMax) return undefined;
    return {
      code: 'SERVICE_UNAVAILABLE',
      message: `more than ${LIMITS.externalMediaLiveMax} programs hear and speak`,
    };
  }

  #opened(entry: Entry, localAddress: string, localPort: number, now: Instant): void {
    entry.record = { ...entry.record, localAddress, localPort };
    const { record: external, terms, asker, token } = entry;
    this.#ports.journal.append(
      external.customerId,
      { type: 'external_media_started', external },
      this.#ports.calendar(now),
    );
    const { id, reference } = external;
    let stay: ConferencecallId | undefined;
    if (reference.type === 'confbridge') {
      stay = this.#ports.members.enter(external, reference.id, terms, now);
      // The door may have been shut since it was asked for.
      if (stay === undefined) this.stop(id);
    }
    if (asker !== undefined) this.#ports.tell(asker, { kind: 'externalMediaStarted', token, external, stay });
  }

  #ended(entry: Entry, event: Extract<ExternalMediaEvent, { kind: 'externalEnded' }>, now: Instant): void {
    const { reason, detail, figures } = event;
    const external: ExternalMediaRecord = { ...entry.record, status: 'terminated' };
    const { id, reference, customerId } = external;
    this.#entries.delete(id);
    const others = this.#byReference.get(reference.id)!;
    others.delete(id);
    if (others.size === 0) this.#byReference.delete(reference.id);
    this.#ports.members.over(id, now);
    this.#count(reason === 'failed', figures);
    const type = reason === 'failed' ? 'external_media_failed' : 'external_media_finished';
    this.#ports.journal.append(customerId, { type, external, detail, figures }, this.#ports.calendar(now));
    const { asker, token } = entry;
    if (asker !== undefined) this.#ports.tell(asker, { kind: 'externalMediaEnded', token, external, reason, detail });
  }

  #count(isFailed: boolean, { droppedMs, lostMs, malformed }: ExternalMediaFigures): void {
    this.counters[isFailed ? 'failed' : 'finished'] += 1;
    this.counters.droppedMs += droppedMs;
    this.counters.lostMs += lostMs;
    this.counters.malformed += malformed;
  }
}
