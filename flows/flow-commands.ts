import type { CommandResult, FlowCommand, Refusal } from '../core/command.ts';
import type { ActiveflowRecord } from '../core/flows/activeflow-record.ts';
import { type ActiveflowId, type CallId, timeOrderedUuid } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { FlowEvent, FlowStart, StoreEvent } from '../core/ports.ts';
import type { Activeflow, ActiveflowHost } from './activeflow.ts';
import { seed } from './birth.ts';
import type { FlowPorts } from './flow-ports.ts';
import type { FlowRunner } from './runner.ts';
import { suppliedVariablesDefect } from './variables.ts';

/** What is done, and said, once the store has the row. */
interface Pending {
  readonly ticket: number;
  readonly id: string;
  readonly apply: (now: Instant) => void;
}

/** Commands about activeflows: committed first, then applied and published, then answered. */
export class FlowCommands {
  readonly #ports: FlowPorts;
  readonly #runner: FlowRunner;
  readonly #pending = new LiveMap<number, Pending>();
  /** Ids of activeflows that are being created. */
  readonly #reserved = new Set<ActiveflowId>();
  /** Negative: positive ones belong to others. */
  #lastReceipt = 0;

  constructor(ports: FlowPorts, runner: FlowRunner) {
    this.#ports = ports;
    this.#runner = runner;
  }

  execute(ticket: number, command: FlowCommand, now: Instant): void {
    const refusal = this.#execute(ticket, command, now);
    if (refusal !== undefined) this.#settle(ticket, { kind: 'refused', refusal });
  }

  receive(event: StoreEvent, now: Instant): void {
    const pending = this.#pending.get(event.receipt);
    if (pending === undefined) return;
    this.#pending.delete(event.receipt);
    this.#reserved.delete(pending.id as ActiveflowId);
    if (event.kind === 'stored') {
      pending.apply(now);
      this.#settle(pending.ticket, { kind: 'done', id: pending.id });
    } else {
      const message = `the change could not be stored: ${event.detail}`;
      this.#settle(pending.ticket, { kind: 'refused', refusal: { code: 'STORE_FAILED', message } });
    }
  }

  #execute(ticket: number, command: FlowCommand, now: Instant): Refusal | undefined {
    switch (command.kind) {
      case 'createActiveflow':
        return this.#create(ticket, command, now);
      case 'stopActiveflow': {
        const flow = this.#runner.flowOf(command.id);
        if (flow === undefined) return notFound('running activeflow', command.id);
        this.#stop(flow, now);
        this.#write(ticket, flow.record, () => {});
        return undefined;
      }
      case 'deleteActiveflow':
        return this.#delete(ticket, command.record, now);
      case 'attachScript':
        return this.#attach(ticket, command, now);
    }
  }

  #create(
    ticket: number,
    command: Extract<FlowCommand, { kind: 'createActiveflow' }>,
    now: Instant,
  ): Refusal | undefined {
    const { random, calendar, directory } = this.#ports;
    const id = command.id ?? (timeOrderedUuid(random, calendar(now)) as ActiveflowId);
    if (this.#reserved.has(id) || this.#runner.flowOf(id) !== undefined) {
      const message = `activeflow ${id} exists`;
      return { code: 'ALREADY_EXISTS', message, field: 'id', expected: 'an id that is not in use', got: id };
    }
    const flow = command.flowId === null ? undefined : directory.flows.get(command.flowId);
    if (command.flowId !== null && flow?.customerId !== command.customerId)
      return notFound('flow', command.flowId, 'flow_id');
    const defect = suppliedVariablesDefect(command.variables);
    if (defect !== undefined) {
      return { code: 'INVALID_ARGUMENT', message: 'variables are beyond a limit', field: 'variables', ...defect };
    }
    const start: FlowStart = {
      activeflowId: id,
      customerId: command.customerId,
      flowId: command.flowId,
      actions: command.actions,
      onCompleteFlowId: null,
      reference: { type: 'api' },
      variables: {},
      suppliedVariables: command.variables,
      webhookUri: command.webhookUri,
      webhookMethod: command.webhookMethod,
    };
    this.#reserved.add(id);
    const host: ActiveflowHost = this.#runner;
    this.#write(ticket, seed(start, host, now).record, (later) => this.#runner.launch(start, later));
    return undefined;
  }

  #delete(ticket: number, record: ActiveflowRecord, now: Instant): Refusal | undefined {
    const flow = this.#runner.flowOf(record.id);
    if (flow !== undefined) this.#stop(flow, now);
    const at = this.#ports.calendar(now);
    const row: ActiveflowRecord = { ...(flow?.record ?? record), updatedAt: at, deletedAt: at };
    this.#write(ticket, row, (later) => {
      const deletedAt = this.#ports.calendar(later);
      this.#ports.journal.append(row.customerId, { type: 'activeflow_deleted', activeflow: row }, deletedAt);
    });
    return undefined;
  }

  #attach(ticket: number, command: Extract<FlowCommand, { kind: 'attachScript' }>, now: Instant): Refusal | undefined {
    const { callId, session } = command;
    const call = this.#ports.callOf(callId);
    if (call === undefined) return notFound('live call', callId, 'call_id');
    const create = (): FlowStart => ({
      activeflowId: timeOrderedUuid(this.#ports.random, this.#ports.calendar(now)) as ActiveflowId,
      customerId: call.customerId,
      flowId: null,
      actions: [],
      onCompleteFlowId: null,
      reference: { type: 'call', id: callId as CallId },
      variables: {},
      suppliedVariables: {},
      webhookUri: '',
      webhookMethod: '',
    });
    if (this.#runner.attach(callId, session, create, now)) {
      this.#settle(ticket, { kind: 'done', id: session });
      return undefined;
    }
    const message = `another program drives call ${callId}`;
    return { code: 'STATE_INVALID', message, field: 'call_id', expected: 'a call that no program drives', got: callId };
  }

  /** Its own row goes first, so that the one which is answered for is the last. */
  #stop(flow: Activeflow, now: Instant): void {
    this.#runner.stop(flow, now);
    this.#runner.flush();
  }

  #write(ticket: number, row: ActiveflowRecord, apply: Pending['apply']): void {
    const receipt = --this.#lastReceipt;
    this.#pending.set(receipt, { ticket, id: row.id, apply });
    this.#ports.store.write([{ kind: 'saveActiveflow', row }], receipt);
  }

  #settle(ticket: number, result: CommandResult): void {
    const event: FlowEvent = { kind: 'settled', ticket, result };
    this.#runner.settle(event as Extract<FlowEvent, { kind: 'settled' }>);
  }
}

function notFound(what: string, id: string, field = 'id'): Refusal {
  return {
    code: 'RESOURCE_NOT_FOUND',
    message: `no ${what} ${id}`,
    field,
    expected: `an existing ${what}`,
    got: id,
  };
}
