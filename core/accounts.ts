import type { CallRecord } from './calls/call-record.ts';
import type { Command, CommandResult, Refusal } from './command.ts';
import type { Directory } from './directory/directory.ts';
import type { Agent, Extension } from './directory/records.ts';
import type { EventBody } from './event.ts';
import type { Journal } from './journal.ts';
import type { Calendar } from './kernel/clock.ts';
import { type CustomerId, type ExtensionId, uuid } from './kernel/ids.ts';
import type { Random } from './kernel/random.ts';
import type { Instant } from './kernel/time.ts';
import type { Store, StoreEvent } from './ports.ts';
import type { Write } from './write.ts';

export interface AccountsPorts {
  readonly directory: Directory;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
}

/** A command that has ended, for whoever holds its ticket. */
export interface Settled {
  readonly ticket: number;
  readonly result: CommandResult;
}

type AccountCommand = Exclude<Command, { kind: 'hangupCall' }>;

/** What is applied once the store has it. */
interface Change {
  readonly ticket: number;
  readonly key: string;
  readonly id: string;
  readonly customerId: CustomerId;
  readonly write: Extract<Write, { kind: 'saveExtension' | 'saveAgent' | 'saveCall' }>;
  readonly event: EventBody;
}

/** Commands that wait behind another change of the same thing; more are refused. */
const WAITING_MAX = 10_000;

/**
 * Changes of the directory by command, in the order that makes "acknowledged" true: checked and reserved in memory,
 * committed, applied and published, answered. A failed commit frees the reservation and changes nothing.
 */
export class Accounts {
  readonly #ports: AccountsPorts;
  readonly #inFlight = new Map<number, Change>();
  /** What is being changed; a second command on the same thing waits for the first. */
  readonly #reserved = new Map<string, { ticket: number; command: AccountCommand }[]>();
  readonly #settled: Settled[] = [];
  #waiting = 0;
  #lastReceipt = 0;

  constructor(ports: AccountsPorts) {
    this.#ports = ports;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  execute(ticket: number, command: AccountCommand, now: Instant): void {
    const key = this.#keyOf(command);
    const queue = this.#reserved.get(key);
    if (queue === undefined) this.#start(ticket, key, command, now);
    else if (this.#waiting >= WAITING_MAX) {
      this.#refuse(ticket, { code: 'SERVICE_UNAVAILABLE', message: `more than ${WAITING_MAX} changes wait` });
    } else {
      this.#waiting += 1;
      queue.push({ ticket, command });
    }
  }

  receive(event: StoreEvent, now: Instant): void {
    const change = this.#inFlight.get(event.receipt);
    if (change === undefined) return;
    this.#inFlight.delete(event.receipt);
    if (event.kind === 'stored') this.#apply(change, now);
    else
      this.#refuse(change.ticket, { code: 'STORE_FAILED', message: `the change could not be stored: ${event.detail}` });
    this.#release(change.key, now);
  }

  poll(): Settled | undefined {
    return this.#settled.shift();
  }

  #start(ticket: number, key: string, command: AccountCommand, now: Instant): void {
    const change = this.#changeOf(ticket, key, command, now);
    if ('code' in change) {
      this.#refuse(ticket, change);
      return;
    }
    this.#reserved.set(key, []);
    const receipt = ++this.#lastReceipt;
    this.#inFlight.set(receipt, change);
    this.#ports.store.write([change.write], receipt);
  }

  #apply(change: Change, now: Instant): void {
    const { directory, journal, calendar } = this.#ports;
    if (change.write.kind === 'saveExtension') directory.putExtension(change.write.row);
    else if (change.write.kind === 'saveAgent') directory.putAgent(change.write.row);
    journal.append(change.customerId, change.event, calendar(now));
    this.#settled.push({ ticket: change.ticket, result: { kind: 'done', id: change.id } });
  }

  #release(key: string, now: Instant): void {
    const queue = this.#reserved.get(key) ?? [];
    this.#reserved.delete(key);
    for (const { ticket, command } of queue) {
      this.#waiting -= 1;
      this.execute(ticket, command, now);
    }
  }

  #refuse(ticket: number, refusal: Refusal): void {
    this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
  }

  #keyOf(command: AccountCommand): string {
    switch (command.kind) {
      case 'createExtension':
        return `extension ${command.customerId}/${command.extension}`;
      case 'updateExtension':
      case 'deleteExtension': {
        const row = this.#ports.directory.extensions.get(command.id);
        return row === undefined ? `extension ${command.id}` : `extension ${row.customerId}/${row.extension}`;
      }
      case 'setAgentPassword':
        return `agent ${command.username}`;
      case 'deleteCall':
        return `call ${command.record.id}`;
    }
  }

  #changeOf(ticket: number, key: string, command: AccountCommand, now: Instant): Change | Refusal {
    const at = this.#ports.calendar(now);
    const { directory } = this.#ports;
    switch (command.kind) {
      case 'createExtension':
        return this.#creation(ticket, key, command, now);
      case 'updateExtension':
      case 'deleteExtension': {
        const old = directory.extensions.get(command.id);
        if (old === undefined) return notFound('extension', command.id);
        const row: Extension =
          command.kind === 'updateExtension'
            ? { ...old, ...command.changes, updatedAt: at }
            : { ...old, updatedAt: at, deletedAt: at };
        const type = command.kind === 'updateExtension' ? 'extension_updated' : 'extension_deleted';
        return {
          ticket,
          key,
          id: row.id,
          customerId: row.customerId,
          write: { kind: 'saveExtension', row },
          event: { type, extension: row },
        };
      }
      case 'deleteCall': {
        const row: CallRecord = { ...command.record, updatedAt: at, deletedAt: at };
        return {
          ticket,
          key,
          id: row.id,
          customerId: row.customerId,
          write: { kind: 'saveCall', row },
          event: { type: 'call_deleted', call: row },
        };
      }
      case 'setAgentPassword': {
        const old = directory.agentByUsername(command.username);
        if (old === undefined) return notFound('agent', command.username);
        const row: Agent = { ...old, passwordHash: command.passwordHash, updatedAt: at };
        return {
          ticket,
          key,
          id: row.id,
          customerId: row.customerId,
          write: { kind: 'saveAgent', row },
          event: { type: 'agent_updated', agentId: row.id },
        };
      }
    }
  }

  #creation(
    ticket: number,
    key: string,
    command: Extract<AccountCommand, { kind: 'createExtension' }>,
    now: Instant,
  ): Change | Refusal {
    const { directory, calendar, random } = this.#ports;
    const { customerId, extension } = command;
    if (!directory.customers.has(customerId)) return notFound('customer', customerId);
    if (directory.extensionByName(customerId, extension) !== undefined) {
      return {
        code: 'ALREADY_EXISTS',
        message: `extension ${extension} exists`,
        field: 'extension',
        expected: 'an extension that is not in use',
        got: extension,
      };
    }
    const row: Extension = {
      id: uuid(random) as ExtensionId,
      customerId,
      extension,
      password: command.password,
      name: command.name,
      detail: command.detail,
      createdAt: calendar(now),
      updatedAt: null,
      deletedAt: null,
    };
    return {
      ticket,
      key,
      id: row.id,
      customerId,
      write: { kind: 'saveExtension', row },
      event: { type: 'extension_created', extension: row },
    };
  }
}

function notFound(what: string, id: string): Refusal {
  return {
    code: 'RESOURCE_NOT_FOUND',
    message: `no ${what} ${id}`,
    field: 'id',
    expected: `an existing ${what}`,
    got: id,
  };
}
