import type { CallRecord } from '../core/calls/call-record.ts';
import type { Action, Json } from '../core/flows/action.ts';
import type { ActiveflowRecord, FlowReference } from '../core/flows/activeflow-record.ts';
import type { CallDemand, CallNews } from '../core/flows/call-control.ts';
import {
  type ActiveflowId,
  type CallId,
  type CustomerId,
  type FlowId,
  type ScriptSessionId,
  uuid,
} from '../core/kernel/ids.ts';
import { type Instant, NEVER, type WallTime } from '../core/kernel/time.ts';
import type { FlowStart, HttpEvent, HttpRequest, ScriptEvent } from '../core/ports.ts';
import { ACTION_KINDS, type Medium } from './action-catalogue.ts';
import { ACTIONS } from './actions/actions.ts';
import { DIGITS_VARIABLE } from './actions/digits.ts';
import { MACHINE_VARIABLE } from './actions/machine.ts';
import { NIL_ACTION_ID } from './document.ts';
import type { FlowPorts } from './flow-ports.ts';
import { recordingVariables } from './reserved-variables.ts';
import { ScriptDriver, type ScriptOrder } from './script/driver.ts';
import { Stacks } from './stacks.ts';
import { StepBudget } from './step-budget.ts';
import type { Variables } from './variables.ts';
import type { Stage, Verdict, Waiting } from './verdict.ts';

const NONE: readonly never[] = Object.freeze([]);
/** Actions shown as executed; older ones are dropped. */
export const EXECUTED_MAX = 100;

/** Why an activeflow ended: `finished` is the normal way. */
export type Ending = 'finished' | 'stopped' | 'call_ended' | 'broken' | 'runaway' | 'replaced';

/** What an activeflow asks of whoever runs all of them. */
export interface ActiveflowHost {
  readonly ports: FlowPorts;
  demand(call: CallId, demand: CallDemand): void;
  token(): number;
  /** Number of the request. */
  request(flow: Activeflow | undefined, request: Omit<HttpRequest, 'owner' | 'number'>): number;
}

/** One execution of a flow: where it stands, its variables, what it waits for. */
export class Activeflow implements Stage {
  readonly id: ActiveflowId;
  readonly customerId: CustomerId;
  readonly reference: FlowReference;
  readonly variables: Variables;
  readonly stacks: Stacks;
  readonly ports: FlowPorts;
  readonly flowId: FlowId | null;
  readonly onCompleteFlowId: FlowId | null;
  /** Its row is to be written after this turn; the runner's mark. */
  isUnsaved = false;
  readonly #start: FlowStart;
  readonly #parentId: ActiveflowId | null;
  readonly #host: ActiveflowHost;
  readonly #createdAt: WallTime;
  readonly #budget = new StepBudget();
  #updatedAt: WallTime | null = null;
  #version = 0;
  #executed: Action[] = [];
  #current: Action | null = null;
  #waiting: Waiting | undefined;
  /** Request whose outcome the current action waits for; 0 for none. */
  #request = 0;
  #driver: ScriptDriver | undefined;
  #endedCall: CallRecord | undefined;
  #isCallOver = false;
  #ending: Ending | undefined;
  #detail = '';

  constructor(
    start: FlowStart,
    parentId: ActiveflowId | null,
    variables: Variables,
    host: ActiveflowHost,
    createdAt: WallTime,
  ) {
    this.id = start.activeflowId;
    this.customerId = start.customerId;
    this.reference = start.reference;
    this.flowId = start.flowId;
    this.onCompleteFlowId = start.onCompleteFlowId;
    this.variables = variables;
    this.stacks = new Stacks(start.actions);
    this.ports = host.ports;
    this.#start = start;
    this.#parentId = parentId;
    this.#host = host;
    this.#createdAt = createdAt;
    if (this.callId !== undefined && host.ports.callOf(this.callId) === undefined) this.#isCallOver = true;
  }

  get callId(): CallId | undefined {
    return this.reference.type === 'call' ? this.reference.id : undefined;
  }

  /** Whether it runs on a call that lives. */
  get isOnCall(): boolean {
    return this.callId !== undefined && !this.#isCallOver;
  }

  get call(): CallRecord | undefined {
    return this.#endedCall ?? (this.callId === undefined ? undefined : this.ports.callOf(this.callId));
  }

  /** Undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** What went wrong last, '' when nothing did. */
  get detail(): string {
    return this.#detail;
  }

  /** Grows with every change that is worth storing. */
  get version(): number {
    return this.#version;
  }

  get driver(): ScriptDriver | undefined {
    return this.#driver;
  }

  get record(): ActiveflowRecord {
    return {
      id: this.id,
      customerId: this.customerId,
      flowId: this.flowId,
      status: this.#ending === undefined ? 'running' : 'ended',
      reference: this.reference,
      parentId: this.#parentId,
      onCompleteFlowId: this.onCompleteFlowId,
      webhookUri: this.#start.webhookUri,
      webhookMethod: this.#start.webhookMethod,
      currentAction: this.#current,
      forwardActionId: this.stacks.forward,
      executedActions: this.#executed.length === 0 ? NONE : this.#executed.slice(-EXECUTED_MAX),
      createdAt: this.#createdAt,
      updatedAt: this.#updatedAt,
      deletedAt: null,
    };
  }

  demand(demand: CallDemand): void {
    if (this.isOnCall) this.#host.demand(this.callId!, demand);
  }

  token(): number {
    return this.#host.token();
  }

  request(request: Omit<HttpRequest, 'owner' | 'number'>): void {
    this.#request = this.#host.request(this, request);
  }

  post(request: Omit<HttpRequest, 'owner' | 'number'>): void {
    this.#host.request(undefined, request);
  }

  begin(now: Instant): void {
    this.#run({ kind: 'next' }, now);
  }

  hear(news: CallNews, now: Instant): void {
    if (news.kind === 'ended') {
      this.#endedCall = news.call;
      this.#isCallOver = true;
    }
    if (news.kind === 'recordingStarted' || news.kind === 'recordingEnded') {
      this.variables.setAll(recordingVariables(news.recording));
    }
    if (news.kind === 'judged') this.variables.set(MACHINE_VARIABLE, news.verdict);
    this.#driver?.hear(this.callId!, news, this.ports);
    // During any other action the last digit alone is kept (platform §3.4).
    if (news.kind === 'digit' && this.#current?.type !== 'digits_receive') {
      this.variables.set(DIGITS_VARIABLE, news.digit);
    }
    if (news.kind === 'ended') {
      this.#waiting = undefined;
      this.end('call_ended', now);
      return;
    }
    const verdict = this.#waiting?.hear?.(news, now);
    if (verdict !== undefined) this.#run(verdict, now);
  }

  answered(event: HttpEvent, now: Instant): void {
    if (event.number !== this.#request || this.#waiting?.answered === undefined) return;
    this.#run(this.#waiting.answered(event, now), now);
  }

  deadline(): Instant {
    if (this.#ending !== undefined) return NEVER;
    return Math.min(this.#waiting?.until ?? NEVER, this.#driver?.deadline() ?? NEVER);
  }

  expire(now: Instant): void {
    if (this.#waiting !== undefined && this.#waiting.until <= now) {
      this.#run(this.#waiting.expire?.(now) ?? { kind: 'next' }, now);
    } else if (this.#driver !== undefined) {
      this.#obey(this.#driver.expire(now), now);
    }
  }

  /** A program that is connected takes over, or comes back; false when another one holds the call. */
  attach(session: ScriptSessionId, now: Instant): boolean {
    if (this.#driver?.isBroken === true) {
      this.#driver.moveTo(session);
      return true;
    }
    if (this.#driver !== undefined || !this.stacks.push([], 'open')) return false;
    this.#breakOff();
    this.#drive(session, undefined, now);
    this.#move(now);
    return true;
  }

  script(event: ScriptEvent, now: Instant): void {
    if (this.#driver !== undefined) this.#obey(this.#driver.receive(event, this, now), now);
  }

  end(ending: Ending, now: Instant): void {
    if (this.#ending !== undefined) return;
    this.#breakOff();
    this.#retire();
    this.#driver?.end(ending);
    this.#driver = undefined;
    this.#ending = ending;
    this.#stamp(now);
  }

  /** What the program asked for, as far as it moves the flow. */
  #obey(order: ScriptOrder | undefined, now: Instant): void {
    if (order === undefined) return;
    if (order.kind === 'leave') {
      this.#leaveScript(order.reason, order.detail, now);
      return;
    }
    if (order.isBrokenOff) this.#breakOff();
    // What waits goes on waiting: the new actions come after it.
    if (this.#waiting === undefined) this.#move(now);
  }

  /** The program is gone or done: what follows the action that called it is next. */
  #leaveScript(reason: string, detail: string, now: Instant): void {
    this.#breakOff();
    this.#driver?.end(reason);
    this.#driver = undefined;
    this.#detail = detail;
    this.stacks.close();
    this.#move(now);
  }

  #drive(session: ScriptSessionId, url: string | undefined, now: Instant): void {
    this.#driver = new ScriptDriver({ id: session, url, scripts: this.ports.scripts }, now);
    const call = this.call;
    const shown: Json = call === undefined ? {} : this.ports.presentCall(call);
    this.#driver.introduce(shown, this.variables.toRecord());
  }

  /** Acts on a verdict and everything that follows from it, until the flow waits or ends. */
  #run(first: Verdict, now: Instant): void {
    for (let verdict: Verdict | undefined = first; verdict !== undefined; ) {
      if (verdict.kind === 'wait') {
        this.#waiting = verdict.waiting;
        this.#stamp(now);
        return;
      }
      this.#waiting = undefined;
      this.#request = 0;
      const follows = this.#settle(verdict, now);
      verdict = follows ? this.#step(now) : undefined;
    }
  }

  #move(now: Instant): void {
    this.#run({ kind: 'next' }, now);
  }

  /** The current action is over. False when the activeflow ended. */
  #settle(verdict: Exclude<Verdict, { kind: 'wait' }>, now: Instant): boolean {
    const outcome = this.#outcomeOf(verdict);
    const isFailed = outcome.state === 'failed';
    if (isFailed) this.#detail = String(outcome.result);
    const told = isFailed ? { detail: this.#detail } : outcome.result;
    if (this.#current !== null) this.#driver?.tell(this.#current.id, outcome.state, told);
    if (verdict.kind === 'stop') {
      this.end('stopped', now);
      return false;
    }
    if (verdict.kind === 'script' && !isFailed) this.#openScript(verdict.url, now);
    // A program can do something else; a flow on its own cannot.
    if (!isFailed || verdict.kind === 'failed' || this.#driver !== undefined) return true;
    this.end('broken', now);
    return false;
  }

  #openScript(url: string, now: Instant): void {
    this.#retire();
    this.#drive(uuid(this.ports.random) as ScriptSessionId, url, now);
  }

  #outcomeOf(verdict: Exclude<Verdict, { kind: 'wait' }>): { state: 'finished' | 'failed'; result: Json } {
    switch (verdict.kind) {
      case 'next':
        return { state: 'finished', result: verdict.result ?? null };
      case 'push':
        if (this.stacks.push(verdict.actions, 'returning')) return { state: 'finished', result: null };
        return { state: 'failed', result: 'flows within flows are too deep' };
      case 'jump':
        if (this.stacks.jump(verdict.target)) return { state: 'finished', result: verdict.target };
        return { state: 'failed', result: `no action ${verdict.target} to go to` };
      case 'script':
        if (this.#driver !== undefined) return { state: 'failed', result: 'a program drives this call already' };
        if (this.stacks.push([], 'open')) return { state: 'finished', result: null };
        return { state: 'failed', result: 'flows within flows are too deep' };
      case 'failed':
      case 'broken':
        return { state: 'failed', result: verdict.detail };
      case 'stop':
        return { state: 'finished', result: null };
    }
  }

  /** Begins the next action; undefined when there is none or it cannot be begun. */
  #step(now: Instant): Verdict | undefined {
    const next = this.stacks.next();
    this.#retire();
    if (this.#driver !== undefined && !this.stacks.isOpen) {
      this.#driver.end('left');
      this.#driver = undefined;
    }
    this.#stamp(now);
    if (next === 'waiting') {
      this.#budget.rest();
      return undefined;
    }
    if (next === 'finished' || !this.#budget.take(now)) {
      if (next !== 'finished') this.#detail = 'the flow ran on and on without waiting for anything';
      this.end(next === 'finished' ? 'finished' : 'runaway', now);
      return undefined;
    }
    return this.#beginAction(next, now);
  }

  #beginAction(action: Action, now: Instant): Verdict {
    const kind = ACTION_KINDS.get(action.type);
    const begin = ACTIONS.get(action.type);
    // Skipped silently, as the reference does (platform §3.2.5).
    if (kind !== undefined && !this.#hasMedium(kind.medium)) return { kind: 'next' };
    const option = this.variables.substituteTree(action.option) as Action['option'];
    this.#current = { ...action, option, executedAt: this.ports.calendar(now) };
    this.#driver?.tell(action.id, 'started', null);
    if (begin === undefined) return { kind: 'failed', detail: `${action.type} is not built yet` };
    return begin(this, option, now, action);
  }

  #hasMedium(medium: Medium): boolean {
    if (medium === 'any') return true;
    return medium === 'rtc' ? this.isOnCall : this.callId === undefined;
  }

  #breakOff(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#request = 0;
    waiting?.leave?.();
    if (this.#current !== null && waiting !== undefined) {
      this.#driver?.tell(this.#current.id, 'finished', { is_broken_off: true });
      this.#retire();
    }
  }

  /** The current action becomes one of those executed. */
  #retire(): void {
    if (this.#current === null) return;
    if (this.#current.id !== NIL_ACTION_ID) this.#executed.push(this.#current);
    if (this.#executed.length >= 2 * EXECUTED_MAX) this.#executed = this.#executed.slice(-EXECUTED_MAX);
    this.#current = null;
  }

  #stamp(now: Instant): void {
    this.#updatedAt = this.ports.calendar(now);
    this.#version += 1;
  }
}
