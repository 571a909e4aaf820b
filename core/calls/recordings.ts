import type { Settled } from '../accounts.ts';
import type { Refusal } from '../command.ts';
import type { CallNews, RecordingLimits } from '../flows/call-control.ts';
import type { Cursor, Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import { DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { ActiveflowId, CallId, CustomerId, RecordingId, RecordingNumber } from '../kernel/ids.ts';
import { timeOrderedUuid } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows, MediaPlane, RecordingSource, Store, StoreEvent } from '../ports.ts';
import { stateInvalid } from '../refusal.ts';
import { type Recorded, Recording, recordingName, recordingPaths, recordingVariables } from './recording.ts';
import { type RecordingForm, recordingFormOf } from './recording-form.ts';
import type { RecordingRecord, RecordingReference } from './recording-record.ts';

const USUAL_FORM = recordingFormOf('', '');

export interface RecordingsPorts {
  readonly media: Pick<MediaPlane, 'record' | 'recorders' | 'stopRecording' | 'salvage' | 'removeFiles'>;
  readonly flows: Pick<Flows, 'start'>;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** Where the files lie; without a slash at its end. */
  readonly folder: string;
}

export interface RecordingStart {
  readonly reference: RecordingReference;
  readonly customerId: CustomerId;
  readonly source: RecordingSource;
  readonly limits: RecordingLimits;
  readonly activeflowId: ActiveflowId | null;
  /** Of the command that asked for it, told by `poll` once the row is committed; undefined for a flow. */
  readonly ticket: number | undefined;
}

/** A recording that has ended, until the store has its final row. */
interface Final {
  record: RecordingRecord;
  readonly isFailed: boolean;
}

/** What waits for a commit. */
type Pending =
  | { readonly kind: 'start'; readonly ticket: number; readonly id: RecordingId }
  | { readonly kind: 'final'; readonly final: Final };

/**
 * What is being recorded, until its final row is committed: what is said of a recording that has ended is true after
 * any crash. A final row that the store cannot take is tried again.
 */
export class Recordings {
  readonly counters = { started: 0, finished: 0, failed: 0, samplesLost: 0, commitsFailed: 0, forgotten: 0 };
  readonly #ports: RecordingsPorts;
  readonly #byNumber = new LiveMap<RecordingNumber, Recording>();
  readonly #byId = new LiveMap<RecordingId, Recording>();
  /** Those that were started here, by what they record. */
  readonly #byReference = new LiveMap<RecordingReference['id'], Recording>();
  readonly #finals = new LiveMap<RecordingId, Final>();
  readonly #retries = new DeadlineHeap<Final>();
  readonly #pending = new LiveMap<number, Pending>();
  /** The last that have ended. */
  readonly #remembered = new LiveMap<RecordingId, RecordingRecord>();
  readonly #settled: Settled[] = [];
  readonly #changes: Cursor;
  #oggCount = 0;
  #lastNumber = 0;

  constructor(ports: RecordingsPorts) {
    this.#ports = ports;
    this.#changes = ports.journal.cursorOverAll();
  }

  /** Recordings that run now. */
  get liveCount(): number {
    return this.#byReference.size;
  }

  /** Final rows that the store does not have yet. */
  get uncommittedCount(): number {
    return this.#finals.size;
  }

  /** The recording of this call or conference that runs now. */
  liveOf(reference: RecordingReference): RecordingRecord | undefined {
    return this.#byReference.get(reference.id)?.record;
  }

  /** A recording that runs, or has ended lately in this process. */
  recordOf(id: RecordingId): RecordingRecord | undefined {
    return this.#byId.get(id)?.record ?? this.#finals.get(id)?.record ?? this.#remembered.get(id);
  }

  /** Begins at once; one at a time for each reference. News to a call: recordingStarted, later recordingEnded. */
  start(start: RecordingStart, now: Instant): RecordingRecord | Refusal {
    const { reference, limits, ticket } = start;
    const form = limits.form ?? USUAL_FORM;
    const refusal = this.#refusalOf(reference, form);
    if (refusal !== undefined) return refusal;
    const { media, store, nextReceipt } = this.#ports;
    const recording = this.#create(start, form, now);
    const { record, number } = recording;
    const isMix = reference.type === 'confbridge';
    media.record(number, {
      source: start.source,
      ...recordingPaths(this.#ports.folder, record),
      durationMs: isMix ? conferenceDurationMs(limits.durationMs) : limits.durationMs,
      silenceMs: limits.silenceMs,
    });
    const receipt = ticket === undefined ? 0 : nextReceipt();
    if (ticket !== undefined) this.#pending.set(receipt, { kind: 'start', ticket, id: record.id });
    store.write([{ kind: 'saveRecording', row: record }], receipt);
    this.counters.started += 1;
    this.#publish('recording_started', record, now);
    if (reference.type === 'call') this.#ports.tell(reference.id, { kind: 'recordingStarted', recording: record });
    return record;
  }

  /** Asks the recording to end; `receive` tells when it has. */
  stop(reference: RecordingReference, now: Instant): Refusal | undefined {
    const recording = this.#byReference.get(reference.id);
    if (recording === undefined) return notRecorded(reference);
    this.#stop(recording, now);
    return undefined;
  }

  /** Leaves out what is said from now on, until it is to run again. Again, or at its end: no effect. */
  pause(reference: RecordingReference, mode: 'paused' | 'running', now: Instant): Refusal | undefined {
    const recording = this.#byReference.get(reference.id);
    if (recording === undefined) return notRecorded(reference);
    if (!recording.pause(mode)) return undefined;
    this.#ports.media.recorders.pause(recording.number, mode);
    this.#publish(mode === 'paused' ? 'recording_paused' : 'recording_resumed', recording.record, now);
    return undefined;
  }

  /** A key that the far end pressed may be the one that ends its recording. */
  digit(call: CallId, digit: string, now: Instant): void {
    const recording = this.#byReference.get(call);
    if (recording === undefined) return;
    if (recording.endKey === 'any' || recording.endKey === digit) this.#stop(recording, now);
  }

  /** The call or conference ends. To be said before its leg is closed. */
  over(reference: RecordingReference, now: Instant): void {
    const recording = this.#byReference.get(reference.id);
    if (recording !== undefined) this.#stop(recording, now);
  }

  /** The record, when this ended a recording: of a call, it is not being recorded any more. */
  receive(event: Recorded, now: Instant): RecordingRecord | undefined {
    const recording = this.#byNumber.get(event.recording);
    if (recording === undefined) return undefined;
    this.counters.samplesLost += event.lostSamples;
    const record = recording.end(event, this.#ports.calendar(now));
    this.#byNumber.delete(recording.number);
    this.#byId.delete(record.id);
    if (this.#byReference.get(record.reference.id) === recording) {
      this.#byReference.delete(record.reference.id);
      if (record.format === 'ogg') this.#oggCount -= 1;
    }
    if (this.#finals.size >= LIMITS.recordingsUncommittedMax) {
      this.counters.forgotten += 1;
      return record;
    }
    const isFailed = record.failure !== '' && (event.reason === 'failed' || recording.origin === 'left behind');
    const final: Final = { record, isFailed };
    this.#finals.set(record.id, final);
    this.#commit(final);
    return record;
  }

  /** To be told of every store event, after the accounts have been: deletions by command are seen here. */
  receiveStore(event: StoreEvent, now: Instant): void {
    this.#follow(now);
    const pending = this.#pending.get(event.receipt);
    if (pending === undefined) return;
    this.#pending.delete(event.receipt);
    if (pending.kind === 'start') this.#startStored(pending.ticket, pending.id, event, now);
    else if (event.kind === 'stored') this.#finalStored(pending.final, now);
    else {
      this.counters.commitsFailed += 1;
      this.#retries.add(now + LIMITS.recordingCommitRetryMs, pending.final);
    }
  }

  /** Takes up recordings that an earlier process left behind: their files are repaired and their rows ended. */
  restore(left: readonly RecordingRecord[], now: Instant): void {
    for (const record of left) {
      const number = ++this.#lastNumber as RecordingNumber;
      const recording = new Recording(record, number, 'none', 'left behind');
      this.#byNumber.set(number, recording);
      this.#byId.set(record.id, recording);
      recording.stop(this.#ports.calendar(now));
      const { inPath, outPath } = recordingPaths(this.#ports.folder, record);
      this.#ports.media.salvage(number, inPath, outPath);
    }
  }

  /** Acts on one due timer: a final row that could not be stored is tried again. Call again until none is due. */
  expire(now: Instant): void {
    const final = this.#retries.takeDue(now);
    if (final !== undefined) this.#commit(final);
  }

  deadline(): Instant {
    return this.#retries.next();
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#settled.shift();
  }

  // ── The beginning ─────────────────────────────────────────────────────────────────────────────────────────

  #refusalOf({ type, id }: RecordingReference, { format }: RecordingForm): Refusal | undefined {
    const running = this.#byReference.get(id);
    if (running !== undefined) {
      return stateInvalid(`${type} ${id} is being recorded`, 'one recording at a time', running.record.id);
    }
    const max = LIMITS.recordingsLiveMax;
    if (this.#byReference.size >= max) return tooMany(`${max} recordings`);
    const oggMax = LIMITS.oggRecordingsLiveMax;
    return format === 'ogg' && this.#oggCount >= oggMax ? tooMany(`${oggMax} recordings in Ogg`) : undefined;
  }

  #create(
    { reference, customerId, limits, activeflowId }: RecordingStart,
    form: RecordingForm,
    now: Instant,
  ): Recording {
    const at = this.#ports.calendar(now);
    const record: RecordingRecord = {
      id: timeOrderedUuid(this.#ports.random, at) as RecordingId,
      customerId,
      reference,
      status: 'initiating',
      format: form.format,
      name: recordingName(reference, at, form),
      files: [],
      failure: '',
      activeflowId,
      onEndFlowId: limits.onEndFlowId,
      startedAt: null,
      endedAt: null,
      createdAt: at,
      updatedAt: null,
      deletedAt: null,
    };
    const recording = new Recording(record, ++this.#lastNumber as RecordingNumber, limits.endKey, 'started');
    recording.begin(at);
    this.#byNumber.set(recording.number, recording);
    this.#byId.set(record.id, recording);
    this.#byReference.set(reference.id, recording);
    if (form.format === 'ogg') this.#oggCount += 1;
    return recording;
  }

  /** Without its row in the store nobody would find it: it ends, and whoever asked for it is told. */
  #startStored(ticket: number, id: RecordingId, event: StoreEvent, now: Instant): void {
    if (event.kind === 'stored') {
      this.#settled.push({ ticket, result: { kind: 'done', id } });
      return;
    }
    const message = `the recording could not be stored: ${event.detail}`;
    this.#settled.push({ ticket, result: { kind: 'refused', refusal: { code: 'STORE_FAILED', message } } });
    const recording = this.#byId.get(id);
    if (recording === undefined) return;
    recording.fail(message);
    this.#stop(recording, now);
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  #stop(recording: Recording, now: Instant): void {
    if (recording.stop(this.#ports.calendar(now))) this.#ports.media.stopRecording(recording.number);
  }

  #commit(final: Final): void {
    const receipt = this.#ports.nextReceipt();
    this.#pending.set(receipt, { kind: 'final', final });
    this.#ports.store.write([{ kind: 'saveRecording', row: final.record }], receipt);
  }

  #finalStored({ record, isFailed }: Final, now: Instant): void {
    this.#finals.delete(record.id);
    this.#remember(record);
    this.counters[isFailed ? 'failed' : 'finished'] += 1;
    this.#publish(isFailed ? 'recording_failed' : 'recording_finished', record, now);
    const { reference } = record;
    if (reference.type === 'call') this.#ports.tell(reference.id, { kind: 'recordingEnded', recording: record });
    if (record.deletedAt !== null) this.#removeDeleted(record);
    else if (record.onEndFlowId !== null) this.#startFlow(record, now);
  }

  #startFlow(record: RecordingRecord, now: Instant): void {
    const { flows, random, calendar } = this.#ports;
    flows.start({
      activeflowId: timeOrderedUuid(random, calendar(now)) as ActiveflowId,
      customerId: record.customerId,
      flowId: record.onEndFlowId,
      actions: [],
      onCompleteFlowId: null,
      reference: { type: 'recording', id: record.id },
      variables: recordingVariables(record),
      suppliedVariables: {},
      webhookUri: '',
      webhookMethod: '',
    });
  }

  #remember(record: RecordingRecord): void {
    this.#remembered.set(record.id, record);
    if (this.#remembered.size <= LIMITS.recordingsRememberedMax) return;
    const [oldest] = this.#remembered.keys();
    this.#remembered.delete(oldest!);
  }

  // ── Deletion ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Recordings are deleted by command elsewhere: the journal tells of it, after the commit. */
  #follow(now: Instant): void {
    for (let reading = this.#changes.poll(); reading !== undefined; reading = this.#changes.poll()) {
      if (reading.kind !== 'event' || reading.event.body.type !== 'recording_deleted') continue;
      this.#deleted(reading.event.body.recording, now);
    }
  }

  #deleted(record: RecordingRecord, now: Instant): void {
    const at = this.#ports.calendar(now);
    const recording = this.#byId.get(record.id);
    const final = this.#finals.get(record.id);
    if (recording !== undefined) {
      recording.markDeleted(at);
      this.#stop(recording, now);
    } else if (final !== undefined) {
      // Its row is on its way without the mark.
      final.record = { ...final.record, deletedAt: at, updatedAt: at };
    } else {
      const ended = this.#remembered.get(record.id);
      const deleted = ended === undefined ? record : { ...ended, deletedAt: at, updatedAt: at };
      if (ended !== undefined) this.#remembered.set(record.id, deleted);
      this.#removeDeleted(deleted);
    }
  }

  /** The row is written once more: whoever deleted it may have read it before it ended. */
  #removeDeleted(record: RecordingRecord): void {
    this.#ports.store.write([{ kind: 'saveRecording', row: record }], 0);
    const { inPath, outPath } = recordingPaths(this.#ports.folder, record);
    this.#ports.media.removeFiles(outPath === undefined ? [inPath] : [inPath, outPath]);
  }

  #publish(
    type: `recording_${'started' | 'paused' | 'resumed' | 'finished' | 'failed'}`,
    recording: RecordingRecord,
    now: Instant,
  ): void {
    this.#ports.journal.append(recording.customerId, { type, recording }, this.#ports.calendar(now));
  }
}

function notRecorded({ type, id }: RecordingReference): Refusal {
  return stateInvalid(`${type} ${id} is not being recorded`, 'a recording', 'none');
}

function tooMany(what: string): Refusal {
  return { code: 'SERVICE_UNAVAILABLE', message: `more than ${what} run` };
}

function conferenceDurationMs(durationMs: number): number {
  const max = LIMITS.conferenceRecordingMaxMs;
  return durationMs === 0 ? max : Math.min(durationMs, max);
}
