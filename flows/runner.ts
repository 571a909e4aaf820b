import type { FlowCommand } from '../core/command.ts';
import type { ActiveflowRecord } from '../core/flows/activeflow-record.ts';
import type { CallDemand, CallNews } from '../core/flows/call-control.ts';
import { assert } from '../core/kernel/assert.ts';
import { type Deadline, DeadlineHeap } from '../core/kernel/deadline-heap.ts';
import type { ActiveflowId, CallId, ScriptSessionId } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import { Queue } from '../core/kernel/queue.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import type { FlowEvent, FlowStart, Flows, HttpEvent, HttpRequest, ScriptEvent, StoreEvent } from '../core/ports.ts';
import type { Write } from '../core/write.ts';
import type { Activeflow, ActiveflowHost } from './activeflow.ts';
import { childOf, seed } from './birth.ts';
import { FlowCommands } from './flow-commands.ts';
import type { FlowPorts } from './flow-ports.ts';
import { answerFrame, readFrame } from './script/frames.ts';

type Input =
  | { readonly kind: 'start'; readonly start: FlowStart }
  | { readonly kind: 'tell'; readonly call: CallId; readonly news: CallNews }
  | { readonly kind: 'execute'; readonly ticket: number; readonly command: FlowCommand };

/**
 * All activeflows of the process as one machine. What the core asks (`Flows`) queues until `turn`; what comes from
 * outside is taken at once. After either, `poll` until nothing is left. Everything that changed in a turn is one row and
 * one event for each activeflow.
 */
export class FlowRunner implements Flows, ActiveflowHost {
  readonly ports: FlowPorts;
  readonly #inputs = new Queue<Input>();
  readonly #events = new Queue<FlowEvent>();
  readonly #flows = new LiveMap<ActiveflowId, Activeflow>();
  readonly #byCall = new LiveMap<CallId, Activeflow>();
  /** By the socket through which the program speaks. */
  readonly #byLink = new LiveMap<ScriptSessionId, Activeflow>();
  readonly #requests = new LiveMap<number, Activeflow>();
  readonly #deadlines = new DeadlineHeap<Activeflow>();
  readonly #handles = new LiveMap<ActiveflowId, Deadline<Activeflow>>();
  /** Whose rows are to be written, each once. */
  readonly #changed = new Queue<Activeflow>();
  readonly #endings = new Map<string, number>();
  readonly #commands: FlowCommands;
  #lastToken = 0;
  #lastRequest = 0;

  constructor(ports: FlowPorts) {
    this.ports = ports;
    this.#commands = new FlowCommands(ports, this);
  }

  get runningCount(): number {
    return this.#flows.size;
  }

  /** Ended activeflows by the way in which they ended. */
  get endings(): ReadonlyMap<string, number> {
    return this.#endings;
  }

  /** A running activeflow as it is now. */
  recordOf(id: ActiveflowId): ActiveflowRecord | undefined {
    return this.#flows.get(id)?.record;
  }

  /** Variables of a running activeflow. */
  variablesOf(id: ActiveflowId): Readonly<Record<string, string>> | undefined {
    return this.#flows.get(id)?.variables.toRecord();
  }

  // ── Inputs that queue: taken by `turn` ─────────────────────────────────────────────────────────────────────

  start(start: FlowStart): void {
    this.#inputs.push({ kind: 'start', start });
  }

  tell(call: CallId, news: CallNews): void {
    this.#inputs.push({ kind: 'tell', call, news });
  }

  execute(ticket: number, command: FlowCommand): void {
    this.#inputs.push({ kind: 'execute', ticket, command });
  }

  /** Takes everything that is queued. False when there was nothing. */
  turn(now: Instant): boolean {
    if (this.#inputs.length === 0) return false;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) this.#take(input, now);
    this.flush();
    return true;
  }

  // ── Inputs taken at once ───────────────────────────────────────────────────────────────────────────────────

  /** Outcome of a request of ours (`owner: 'flows'`). */
  receive(event: HttpEvent, now: Instant): void {
    const flow = this.#requests.get(event.number);
    if (flow === undefined) return;
    this.#requests.delete(event.number);
    this.#do(flow, now, () => flow.answered(event, now));
    this.flush();
  }

  receiveScript(event: ScriptEvent, now: Instant): void {
    const flow = this.#byLink.get(event.session);
    if (flow === undefined) this.#refuse(event);
    else this.#do(flow, now, () => flow.script(event, now));
    this.flush();
  }

  /** Outcome of a write of ours: their receipts are negative. Others are left alone. */
  receiveStore(event: StoreEvent, now: Instant): void {
    this.#commands.receive(event, now);
    this.flush();
  }

  /** Acts on everything that is due. */
  expire(now: Instant): void {
    for (let flow = this.#deadlines.takeDue(now); flow !== undefined; flow = this.#deadlines.takeDue(now)) {
      this.#handles.delete(flow.id);
      const due = flow;
      this.#do(due, now, () => due.expire(now));
    }
    this.flush();
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  poll(): FlowEvent | undefined {
    return this.#events.shift();
  }

  /** Ends in the store what ran when an earlier process died. */
  restore(rows: readonly ActiveflowRecord[], now: Instant): void {
    const { journal, store, calendar } = this.ports;
    const writes: Write[] = [];
    for (const old of rows) {
      if (old.status !== 'running') continue;
      const row: ActiveflowRecord = { ...old, status: 'ended', currentAction: null, updatedAt: calendar(now) };
      writes.push({ kind: 'saveActiveflow', row });
      journal.append(row.customerId, { type: 'activeflow_updated', activeflow: row }, calendar(now));
    }
    if (writes.length > 0) store.write(writes, 0);
  }

  // ── What activeflows and commands ask ──────────────────────────────────────────────────────────────────────

  demand(call: CallId, demand: CallDemand): void {
    this.#events.push({ kind: 'demand', call, demand });
  }

  token(): number {
    return ++this.#lastToken;
  }

  request(flow: Activeflow | undefined, request: Omit<HttpRequest, 'owner' | 'number'>): number {
    const number = ++this.#lastRequest;
    if (flow !== undefined) this.#requests.set(number, flow);
    this.ports.http.request({ ...request, owner: 'flows', number });
    return number;
  }

  settle(event: Extract<FlowEvent, { kind: 'settled' }>): void {
    this.#events.push(event);
  }

  flowOf(id: ActiveflowId): Activeflow | undefined {
    return this.#flows.get(id);
  }

  /** Makes the activeflow, publishes it and begins it. */
  launch(start: FlowStart, now: Instant): void {
    const { journal, calendar } = this.ports;
    const flow = this.#adopt(seed(start, this, now), now);
    journal.append(flow.customerId, { type: 'activeflow_created', activeflow: flow.record }, calendar(now));
    this.#do(flow, now, () => flow.begin(now));
  }

  stop(flow: Activeflow, now: Instant): void {
    this.#do(flow, now, () => flow.end('stopped', now));
  }

  /** A program that is connected takes over the call. False when another one holds it. */
  attach(callId: CallId, session: ScriptSessionId, create: () => FlowStart, now: Instant): boolean {
    let flow = this.#byCall.get(callId);
    if (flow === undefined) {
      const { journal, calendar } = this.ports;
      flow = this.#adopt(seed(create(), this, now), now);
      journal.append(flow.customerId, { type: 'activeflow_created', activeflow: flow.record }, calendar(now));
    }
    const taken = flow;
    let isAttached = false;
    this.#do(taken, now, () => {
      isAttached = taken.attach(session, now);
    });
    return isAttached;
  }

  /** Writes and publishes what changed: one row and one event for each activeflow in a turn, whatever it did. */
  flush(): void {
    const { journal, store } = this.ports;
    for (let flow = this.#changed.shift(); flow !== undefined; flow = this.#changed.shift()) {
      flow.isUnsaved = false;
      const row = flow.record;
      assert(row.updatedAt !== null, 'an activeflow that changed has a time of change');
      journal.append(row.customerId, { type: 'activeflow_updated', activeflow: row }, row.updatedAt);
      store.write([{ kind: 'saveActiveflow', row }], 0);
    }
  }

  #change(flow: Activeflow): void {
    if (flow.isUnsaved) return;
    flow.isUnsaved = true;
    this.#changed.push(flow);
  }

  // ── Within ─────────────────────────────────────────────────────────────────────────────────────────────────

  #take(input: Input, now: Instant): void {
    switch (input.kind) {
      case 'start':
        this.launch(input.start, now);
        break;
      case 'tell': {
        const flow = this.#byCall.get(input.call);
        if (flow !== undefined) this.#do(flow, now, () => flow.hear(input.news, now));
        break;
      }
      case 'execute':
        this.#commands.execute(input.ticket, input.command, now);
        break;
    }
  }

  /** A call has one activeflow at a time; a new one takes the place of the old. */
  #adopt(flow: Activeflow, now: Instant): Activeflow {
    if (flow.callId !== undefined) {
      const old = this.#byCall.get(flow.callId);
      if (old !== undefined) {
        if (old.driver !== undefined) this.#byLink.delete(old.driver.link);
        old.end('replaced', now);
        this.#change(old);
        this.#release(old);
      }
      this.#byCall.set(flow.callId, flow);
    }
    this.#flows.set(flow.id, flow);
    return flow;
  }

  /** Lets the activeflow act, then sees to what it left: its sockets, its deadline, its end. */
  #do(flow: Activeflow, now: Instant, act: () => void): void {
    if (flow.ending !== undefined) return;
    const link = flow.driver?.link;
    const stamp = flow.version;
    act();
    if (flow.version !== stamp) this.#change(flow);
    if (link !== flow.driver?.link) {
      if (link !== undefined) this.#byLink.delete(link);
      if (flow.driver !== undefined) this.#byLink.set(flow.driver.link, flow);
    }
    if (flow.ending === undefined) this.#schedule(flow);
    else this.#ended(flow, now);
  }

  #schedule(flow: Activeflow): void {
    const at = flow.deadline();
    const handle = this.#handles.get(flow.id);
    if (at === NEVER) {
      if (handle !== undefined) this.#unschedule(flow, handle);
    } else if (handle === undefined) this.#handles.set(flow.id, this.#deadlines.add(at, flow));
    else this.#deadlines.move(handle, at);
  }

  #unschedule(flow: Activeflow, handle: Deadline<Activeflow>): void {
    this.#deadlines.remove(handle);
    this.#handles.delete(flow.id);
  }

  #release(flow: Activeflow): void {
    const handle = this.#handles.get(flow.id);
    if (handle !== undefined) this.#unschedule(flow, handle);
    this.#flows.delete(flow.id);
    if (flow.callId !== undefined && this.#byCall.get(flow.callId) === flow) this.#byCall.delete(flow.callId);
    this.#endings.set(flow.ending ?? '', (this.#endings.get(flow.ending ?? '') ?? 0) + 1);
  }

  /** What follows an end: the flow named for it, else the call is told that nothing runs on it any more. */
  #ended(flow: Activeflow, now: Instant): void {
    this.#release(flow);
    const child = childOf(flow, this, now);
    if (child !== undefined) {
      const { journal, calendar } = this.ports;
      this.#adopt(child, now);
      journal.append(child.customerId, { type: 'activeflow_created', activeflow: child.record }, calendar(now));
      this.#do(child, now, () => child.begin(now));
    } else if (flow.isOnCall) {
      this.#events.push({ kind: 'completed', call: flow.callId!, activeflowId: flow.id });
    }
  }

  /** A program that speaks on a socket of no session: its call is over, or was never its own. */
  #refuse(event: ScriptEvent): void {
    if (event.kind !== 'received') return;
    const refusal = { code: 'RESOURCE_NOT_FOUND', field: 'session_id', expected: 'a session that is not over' };
    this.ports.scripts.send(event.session, answerFrame(readFrame(event.text).id, refusal));
    this.ports.scripts.close(event.session, 'no such session');
  }
}
