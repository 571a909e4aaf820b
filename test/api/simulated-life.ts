import type { Rows } from '../../api/backend.ts';
import type { Address } from '../../core/calls/address.ts';
import type { CallRecord, MuteDirection } from '../../core/calls/call-record.ts';
import { MEMBER_TERMS } from '../../core/calls/member-terms.ts';
import type { RecordingRecord, RecordingReference } from '../../core/calls/recording-record.ts';
import type { CallCommand, CommandResult, FlowCommand, Refusal } from '../../core/command.ts';
import type { Directory } from '../../core/directory/directory.ts';
import type { Conference } from '../../core/directory/records.ts';
import type { Action } from '../../core/flows/action.ts';
import type { ActiveflowRecord } from '../../core/flows/activeflow-record.ts';
import {
  type ActiveflowId,
  type CallId,
  type ConferencecallId,
  type ConferenceId,
  type CustomerId,
  type RecordingId,
  uuid,
} from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { WallTime } from '../../core/kernel/time.ts';
import type { Store, StoreEvent } from '../../core/ports.ts';
import { overloaded } from '../../core/refusal.ts';
import type { Write } from '../../core/write.ts';
import { dialingCall } from '../core/dialing-call.ts';

/** Records of what lives and has lived, by kind. */
type RecordKind = 'call' | 'conferencecall' | 'recording' | 'activeflow';
type Records = { readonly [Kind in RecordKind]: Map<string, Rows[Kind]> };

const KINDS = { saveCall: 'call', saveConferencecall: 'conferencecall', saveRecording: 'recording' } as const;

/** A store that commits at once, and can be told to fail. */
export class SimulatedStore implements Store {
  readonly records: Records = {
    call: new Map(),
    conferencecall: new Map(),
    recording: new Map(),
    activeflow: new Map(),
  };
  failing = false;
  readonly #events: StoreEvent[] = [];

  write(writes: readonly Write[], receipt: number): void {
    if (this.failing) {
      this.#events.push({ kind: 'storeFailed', receipt, detail: 'no space left on device' });
      return;
    }
    for (const write of writes) {
      const kind = KINDS[write.kind as keyof typeof KINDS];
      if (kind !== undefined && 'row' in write)
        this.records[kind].set((write.row as { id: string }).id, write.row as never);
    }
    if (receipt !== 0) this.#events.push({ kind: 'stored', receipt });
  }

  poll(): StoreEvent | undefined {
    return this.#events.shift();
  }
}

/** What the calls, conferences and flows of a process do, as far as HTTP can tell: every phone answers, every order works. */
export class SimulatedLife {
  readonly #records: Records;
  readonly #directory: Directory;
  readonly #random: Random;
  readonly #wallTime: () => WallTime;

  constructor(store: SimulatedStore, directory: Directory, random: Random, wallTime: () => WallTime) {
    this.#records = store.records;
    this.#directory = directory;
    this.#random = random;
    this.#wallTime = wallTime;
  }

  addCall(customerId: CustomerId, fields: Partial<CallRecord> & { source: Address; destination: Address }): CallRecord {
    const call = dialingCall({
      id: uuid(this.#random) as CallId,
      customerId,
      direction: 'outgoing',
      createdAt: this.#wallTime(),
      ...fields,
    });
    this.#records.call.set(call.id, call);
    return call;
  }

  /** Calls that are parked, and where. */
  readonly slots = new Map<CallId, number>();
  readonly locked = new Set<ConferenceId>();
  /** What conferences and their members were asked to play. */
  readonly played: string[] = [];
  /** Programs that were to be connected. */
  readonly programs: Extract<CallCommand, { kind: 'startExternalMedia' }>[] = [];
  /** There is no room for another call. */
  isOverloaded = false;

  /** The call stands in the conference from now on. */
  join(call: CallRecord, conferenceId: ConferenceId): ConferencecallId {
    const id = uuid(this.#random) as ConferencecallId;
    const { customerId } = call;
    const stay = {
      id,
      customerId,
      activeflowId: null,
      conferenceId,
      reference: { type: 'call', id: call.id },
      terms: MEMBER_TERMS,
      status: 'joined',
      ...this.#times(),
    } as const;
    this.#records.conferencecall.set(id, stay);
    return id;
  }

  changeCall(id: CallId, changes: Partial<CallRecord>): void {
    const call = this.#records.call.get(id)!;
    this.#records.call.set(id, { ...call, updatedAt: this.#wallTime(), ...changes });
  }

  execute(command: CallCommand | FlowCommand): CommandResult {
    switch (command.kind) {
      case 'hangupCall':
        this.changeCall(command.id, { status: 'hangup', hangupBy: 'local', hangupAt: this.#wallTime() });
        return done(command.id);
      case 'holdCall':
      case 'amplifyCall':
      case 'superviseCall':
      case 'endSupervision':
      case 'entertainCall':
        return this.#live(command.id) ?? done(command.id);
      case 'parkCall':
        if (command.place === 'returned') this.slots.delete(command.id);
        else this.slots.set(command.id, command.place === 'any' ? 1 : command.place);
        return this.#live(command.id) ?? done(command.id);
      case 'muteCall':
        return this.#live(command.id) ?? this.#mute(command.id, command.direction, command.mode);
      case 'transferCall':
        return this.#live(command.id) ?? this.#transfer(command);
      case 'createCalls':
        return this.#createCalls(command);
      case 'startRecording':
        return this.#startRecording(command.reference);
      case 'pauseRecording':
        return this.running(command.reference) === undefined
          ? refused(`${command.reference.id} is not being recorded`, 'a recording', 'none')
          : done(command.reference.id);
      case 'stopRecording':
        return this.#stopRecording(command.reference);
      case 'deleteConference':
        return this.#endConference(this.#directory.conferences.get(command.id)!);
      case 'kickConferencecall': {
        const stay = this.#records.conferencecall.get(command.id)!;
        this.#records.conferencecall.set(command.id, { ...stay, status: 'leaved', updatedAt: this.#wallTime() });
        return done(command.id);
      }
      case 'updateConferencecall': {
        const stay = this.#records.conferencecall.get(command.id)!;
        this.#records.conferencecall.set(command.id, { ...stay, terms: { ...stay.terms, ...command.changes } });
        return done(command.id);
      }
      case 'lockConference':
        if (command.mode === 'locked') this.locked.add(command.id);
        else this.locked.delete(command.id);
        return done(command.id);
      case 'playConference':
      case 'playConferencecall':
      case 'steerConference':
      case 'steerConferencecall':
        this.played.push('urls' in command ? command.urls.join(' ') : JSON.stringify(command.order));
        return done(command.id);
      case 'startExternalMedia':
        this.programs.push(command);
        return done(command.id ?? '');
      case 'attachScript':
        return done(command.session);
      default:
        return this.#executeFlow(command);
    }
  }

  /** Every destination rings. */
  #transfer({ id, destinations }: Extract<CallCommand, { kind: 'transferCall' }>): CommandResult {
    const { customerId, source } = this.#records.call.get(id)!;
    const calls = destinations.map((destination) =>
      this.addCall(customerId, { source, destination, direction: 'outgoing', masterCallId: id }),
    );
    return { kind: 'done', id: uuid(this.#random), ids: calls.map((call) => call.id), at: this.#wallTime() };
  }

  #executeFlow(command: Exclude<FlowCommand, { kind: 'attachScript' }>): CommandResult {
    switch (command.kind) {
      case 'createActiveflow': {
        const actions = command.flowId === null ? command.actions : this.#directory.flows.get(command.flowId)!.actions;
        return done(this.#runActiveflow(command, actions));
      }
      case 'stopActiveflow':
        this.#changeActiveflow(command.id, { status: 'ended', currentAction: null });
        return done(command.id);
      case 'deleteActiveflow':
        this.#changeActiveflow(command.record.id, { status: 'ended', deletedAt: this.#wallTime() });
        return done(command.record.id);
    }
  }

  #runActiveflow(
    command: Extract<FlowCommand, { kind: 'createActiveflow' }>,
    actions: readonly Action[],
  ): ActiveflowId {
    const id = command.id ?? (uuid(this.#random) as ActiveflowId);
    const record: ActiveflowRecord = {
      id,
      customerId: command.customerId,
      flowId: command.flowId,
      status: 'running',
      reference: { type: 'api' },
      parentId: null,
      onCompleteFlowId: null,
      webhookUri: command.webhookUri,
      webhookMethod: command.webhookMethod,
      currentAction: actions[0] ?? null,
      forwardActionId: null,
      executedActions: [],
      ...this.#times(),
    };
    this.#records.activeflow.set(id, record);
    return id;
  }

  #changeActiveflow(id: ActiveflowId, changes: Partial<ActiveflowRecord>): void {
    const record = this.#records.activeflow.get(id)!;
    this.#records.activeflow.set(id, { ...record, updatedAt: this.#wallTime(), ...changes });
  }

  #createCalls(command: Extract<CallCommand, { kind: 'createCalls' }>): CommandResult {
    if (this.isOverloaded) return { kind: 'refused', refusal: overloaded('destinations[0]') };
    const { customerId, destinations, flowId } = command;
    const source = command.source ?? { type: '', target: '', targetName: '', name: '', detail: '' };
    const ids = destinations.map((destination) => this.addCall(customerId, { source, destination, flowId }).id);
    return { kind: 'done', id: ids[0]!, ids };
  }

  #mute(id: CallId, direction: 'both' | 'in' | 'out', mode: 'mute' | 'unmute'): CommandResult {
    const bits: Readonly<Record<MuteDirection, number>> = { '': 0, in: 1, out: 2, both: 3 };
    const old = bits[this.#records.call.get(id)!.muteDirection];
    const now = mode === 'mute' ? old | bits[direction] : old & ~bits[direction];
    this.changeCall(id, { muteDirection: (['', 'in', 'out', 'both'] as const)[now]! });
    return done(id);
  }

  #startRecording(reference: RecordingReference): CommandResult {
    const isCall = reference.type === 'call';
    const owner = isCall ? this.#records.call.get(reference.id)! : this.#directory.conferences.get(reference.id)!;
    if (owner.status !== 'progressing') return refused(`${owner.id} does not progress`, 'progressing', owner.status);
    if (this.running(reference) !== undefined) return refused(`${owner.id} is being recorded`, 'no recording', 'one');
    const id = uuid(this.#random) as RecordingId;
    const record: RecordingRecord = {
      id,
      customerId: owner.customerId,
      reference,
      status: 'recording',
      format: 'wav',
      name: `${reference.type}_${reference.id}`,
      files: [],
      failure: '',
      activeflowId: null,
      onEndFlowId: null,
      startedAt: this.#wallTime(),
      endedAt: null,
      ...this.#times(),
    };
    this.#records.recording.set(id, record);
    if (isCall) this.changeCall(reference.id, { recordingId: id, recordingIds: [id] });
    return done(id);
  }

  #stopRecording(reference: RecordingReference): CommandResult {
    const record = this.running(reference);
    if (record === undefined) return refused(`${reference.id} is not being recorded`, 'a recording', 'none');
    const sides = reference.type === 'call' ? ['in', 'out'] : ['in'];
    const file = { sizeBytes: 0, durationMs: 0, sha256: '' };
    const files = sides.map((side) => ({ name: `${record.name}_${side}.wav`, ...file }));
    this.#records.recording.set(record.id, { ...record, status: 'ended', files, endedAt: this.#wallTime() });
    if (reference.type === 'call') this.changeCall(reference.id, { recordingId: null });
    return done(record.id);
  }

  running(reference: RecordingReference): RecordingRecord | undefined {
    const all = [...this.#records.recording.values()];
    return all.find((recording) => recording.reference.id === reference.id && recording.status === 'recording');
  }

  #endConference(conference: Conference): CommandResult {
    const at = this.#wallTime();
    this.#directory.putConference({ ...conference, status: 'terminated', endedAt: at, updatedAt: at, deletedAt: at });
    return done(conference.id);
  }

  #live(id: CallId): CommandResult | undefined {
    const { status } = this.#records.call.get(id)!;
    return status === 'progressing' ? undefined : refused(`call ${id} is not answered`, 'progressing', status);
  }

  #times(): { createdAt: WallTime; updatedAt: null; deletedAt: null } {
    return { createdAt: this.#wallTime(), updatedAt: null, deletedAt: null };
  }
}

function done(id: string): CommandResult {
  return { kind: 'done', id };
}

function refused(message: string, expected: string, got: string): CommandResult {
  const refusal: Refusal = { code: 'STATE_INVALID', message, field: 'status', expected, got };
  return { kind: 'refused', refusal };
}
