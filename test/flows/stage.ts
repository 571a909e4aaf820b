import { address } from '../../core/calls/address.ts';
import type { CallRecord, CallStatus } from '../../core/calls/call-record.ts';
import type { RecordingRecord } from '../../core/calls/recording-record.ts';
import type { Conference, Flow } from '../../core/directory/records.ts';
import type { Action, Json } from '../../core/flows/action.ts';
import type { CallDemand, CallNews } from '../../core/flows/call-control.ts';
import { Journal } from '../../core/journal.ts';
import type {
  ActiveflowId,
  CallId,
  ConferenceId,
  CustomerId,
  FlowId,
  RecordingId,
  ScriptSessionId,
} from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { FlowStart, HttpRequest } from '../../core/ports.ts';
import type { Write } from '../../core/write.ts';
import { compile } from '../../flows/compile.ts';
import { FlowRunner } from '../../flows/runner.ts';
import { dialingCall } from '../core/dialing-call.ts';

export const CUSTOMER = '11111111-1111-4111-8111-111111111111' as CustomerId;
export const OTHER_CUSTOMER = '22222222-2222-4222-8222-222222222222' as CustomerId;
export const CALL = 'c0000000-0000-4000-8000-000000000001' as CallId;
/** 2026-11-22T18:30:00Z, a Sunday. */
export const EPOCH = Date.UTC(2026, 10, 22, 18, 30);

/** Ids of actions in tests: `id(7)`. */
export function id(number: number): string {
  return `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function callRecord(status: CallStatus = 'ringing'): CallRecord {
  return dialingCall({
    id: CALL,
    customerId: CUSTOMER,
    direction: 'incoming',
    status,
    source: { ...address('tel', '+4930111'), name: 'Anna' },
    destination: address('tel', '+899000000101'),
    createdAt: EPOCH,
  });
}

const RECORDING: RecordingRecord = {
  id: 'e0000000-0000-4000-8000-000000000001' as RecordingId,
  customerId: CUSTOMER,
  reference: { type: 'call', id: CALL },
  status: 'recording',
  format: 'wav',
  name: 'call_recording',
  files: [],
  failure: '',
  activeflowId: null,
  onEndFlowId: null,
  startedAt: EPOCH,
  endedAt: null,
  createdAt: EPOCH,
  updatedAt: null,
  deletedAt: null,
};

export interface StageOptions {
  /** Milliseconds that playing one URL takes. */
  readonly playMs?: number;
  /** URLs that cannot be played. */
  readonly broken?: readonly string[];
  readonly status?: CallStatus;
}

/** One frame that a program got. */
export type Frame = { readonly [key: string]: Json };

/**
 * The machine that runs flows, with a simulated call control, store, HTTP client and sockets at its ports. The call
 * answers, plays and joins like a real one; time goes on only by `advance`.
 */
export class FlowStage {
  readonly flows = new Map<FlowId, Flow>();
  readonly conferences = new Map<ConferenceId, Conference>();
  readonly journal = new Journal({ epoch: 'e' });
  readonly runner: FlowRunner;
  readonly demands: CallDemand[] = [];
  readonly completed: ActiveflowId[] = [];
  readonly settled: { ticket: number; result: unknown }[] = [];
  readonly writes: { writes: readonly Write[]; receipt: number }[] = [];
  readonly requests: HttpRequest[] = [];
  readonly opened: { session: ScriptSessionId; url: string }[] = [];
  readonly frames = new Map<ScriptSessionId, Frame[]>();
  readonly closed: { session: ScriptSessionId; reason: string }[] = [];
  now = 0;
  call: CallRecord | undefined;
  #lastActiveflow = 0;
  readonly #options: StageOptions;
  readonly #cursor = this.journal.cursor(CUSTOMER);
  /** News that come by themselves: when, and for which demand. */
  #agenda: { at: number; kind: CallDemand['kind']; news: CallNews }[] = [];

  constructor(options: StageOptions = {}) {
    this.#options = options;
    this.call = callRecord(options.status);
    this.runner = new FlowRunner({
      directory: { flows: this.flows, conferences: this.conferences },
      journal: this.journal,
      store: { write: (writes, receipt) => void this.writes.push({ writes, receipt }) },
      calendar: (now) => EPOCH + now,
      random: seeded(7),
      http: { request: (request) => void this.requests.push(request) },
      scripts: {
        open: (session, url) => void this.opened.push({ session, url }),
        send: (session, text) => this.framesOf(session).push(JSON.parse(text) as Frame),
        close: (session, reason) => void this.closed.push({ session, reason }),
      },
      callOf: (callId) => (callId === CALL ? this.call : undefined),
      presentCall: (call) => ({ id: call.id, status: call.status }),
      presentRecording: (recording) => ({ id: recording.id }),
    });
  }

  framesOf(session: ScriptSessionId): Frame[] {
    const frames = this.frames.get(session) ?? [];
    this.frames.set(session, frames);
    return frames;
  }

  /** Flow of a customer, by the last digit of its id. */
  addFlow(number: number, actions: unknown, more: Partial<Flow> = {}): FlowId {
    const flowId = `f0000000-0000-4000-8000-${String(number).padStart(12, '0')}` as FlowId;
    this.flows.set(flowId, {
      id: flowId,
      customerId: CUSTOMER,
      type: 'flow',
      name: '',
      detail: '',
      actions: compiled(actions),
      onCompleteFlowId: null,
      directHash: '',
      createdAt: EPOCH,
      updatedAt: null,
      deletedAt: null,
      ...more,
    });
    return flowId;
  }

  startRaw(start: Partial<FlowStart>): ActiveflowId {
    const activeflowId = `af000000-0000-4000-8000-${String(++this.#lastActiveflow).padStart(12, '0')}` as ActiveflowId;
    this.runner.start({
      activeflowId,
      customerId: CUSTOMER,
      flowId: null,
      actions: [],
      onCompleteFlowId: null,
      reference: { type: 'call', id: CALL },
      variables: {},
      suppliedVariables: {},
      webhookUri: '',
      webhookMethod: '',
      ...start,
    });
    this.settle();
    return activeflowId;
  }

  /** Runs actions on the call. */
  start(actions: unknown, more: Partial<FlowStart> = {}): ActiveflowId {
    return this.startRaw({ actions: compiled(actions), ...more });
  }

  tell(news: CallNews): void {
    this.runner.tell(CALL, news);
    this.settle();
  }

  press(digits: string): void {
    for (const digit of digits) this.tell({ kind: 'digit', digit, durationMs: 100 });
  }

  /** The caller hangs up. */
  end(): void {
    const call: CallRecord = { ...this.call!, status: 'hangup', cause: 'normal' };
    this.call = undefined;
    this.#agenda = [];
    this.tell({ kind: 'ended', call });
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(this.runner.deadline(), ...this.#agenda.map(({ at }) => at));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      const due = this.#agenda.filter(({ at }) => at <= this.now);
      this.#agenda = this.#agenda.filter(({ at }) => at > this.now);
      for (const { news } of due) this.runner.tell(CALL, news);
      this.settle();
      if (this.runner.deadline() <= this.now) this.runner.expire(this.now);
      this.settle();
    }
    this.now = end;
  }

  settle(): void {
    for (;;) {
      this.runner.turn(this.now);
      const event = this.runner.poll();
      if (event === undefined) return;
      if (event.kind === 'demand') this.#meet(event.demand);
      else if (event.kind === 'completed') this.completed.push(event.activeflowId);
      else this.settled.push(event);
    }
  }

  /** Outcome of the last request. */
  reply(status: number, body: unknown): void {
    const { number } = this.requests.at(-1)!;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.runner.receive({ kind: 'answered', owner: 'flows', number, status, contentType: '', body: text }, this.now);
    this.settle();
  }

  replyFailed(detail: string): void {
    this.runner.receive({ kind: 'failed', owner: 'flows', number: this.requests.at(-1)!.number, detail }, this.now);
    this.settle();
  }

  /** A frame from a program. */
  say(session: ScriptSessionId, frame: unknown): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.script({ kind: 'received', session, text });
  }

  script(event: Parameters<FlowRunner['receiveScript']>[0]): void {
    this.runner.receiveScript(event, this.now);
    this.settle();
  }

  /** The store has committed everything with a receipt. */
  store(kind: 'stored' | 'storeFailed' = 'stored'): void {
    for (const { receipt } of this.writes.splice(0)) {
      if (receipt !== 0) this.runner.receiveStore({ kind, receipt, detail: 'disk full' }, this.now);
    }
    this.settle();
  }

  /** Demands that play, as their URLs; everything else by its kind. */
  get heard(): string[] {
    return this.demands.map((demand) => (demand.kind === 'play' ? demand.urls.join('+') : demand.kind));
  }

  variables(activeflowId: ActiveflowId): Readonly<Record<string, string>> {
    return this.runner.variablesOf(activeflowId) ?? {};
  }

  /** Types of events since the last look. */
  events(): { type: string; body: unknown }[] {
    const events: { type: string; body: unknown }[] = [];
    for (let reading = this.#cursor.poll(); reading !== undefined; reading = this.#cursor.poll()) {
      if (reading.kind === 'event') events.push({ type: reading.event.body.type, body: reading.event.body });
    }
    return events;
  }

  #later(ms: number, kind: CallDemand['kind'], news: CallNews): void {
    this.#agenda = this.#agenda.filter((entry) => entry.kind !== kind);
    this.#agenda.push({ at: this.now + ms, kind, news });
  }

  #meet(demand: CallDemand): void {
    this.demands.push(demand);
    const { playMs = 1000, broken = [] } = this.#options;
    switch (demand.kind) {
      case 'answer':
        this.call = { ...this.call!, status: 'progressing' };
        this.runner.tell(CALL, { kind: 'answered' });
        break;
      case 'hangup':
        this.end();
        break;
      case 'play': {
        const isBroken = demand.urls.some((url) => broken.includes(url));
        const outcome = isBroken ? 'failed' : 'finished';
        const ms = isBroken ? 0 : playMs * demand.urls.length;
        this.#later(ms, 'play', { kind: 'played', token: demand.token, outcome, detail: isBroken ? 'no file' : '' });
        break;
      }
      case 'beep':
        this.#later(200, 'play', { kind: 'played', token: demand.token, outcome: 'finished', detail: '' });
        break;
      case 'stopPlaying':
        this.#agenda = this.#agenda.filter((entry) => entry.kind !== 'play');
        break;
      case 'joinConference':
        this.runner.tell(CALL, { kind: 'joined', token: demand.token });
        break;
      case 'startRecording':
        this.runner.tell(CALL, { kind: 'recordingStarted', recording: RECORDING });
        break;
      case 'stopRecording':
        this.runner.tell(CALL, { kind: 'recordingEnded', recording: { ...RECORDING, status: 'ended' } });
        break;
    }
  }
}

export function compiled(actions: unknown): readonly Action[] {
  const result = compile(actions, seeded(3));
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.actions;
}

export function action(type: string, option: unknown = {}, more: object = {}): object {
  return { type, option, ...more };
}

export function play(url: string, more: object = {}): object {
  return action('play', { stream_urls: [url] }, more);
}

/** A reference to a variable, as flows write it. */
export function variable(name: string): string {
  return `\${${name}}`;
}
