import { ACCESSKEYS } from './accounts/accesskeys.ts';
import { type AccountWrite, type Change, type Definition, type Definitions, isRefusal } from './accounts/change.ts';
import { CONFERENCES } from './accounts/conferences.ts';
import { DIAL_ROUTES } from './accounts/dial-routes.ts';
import { EXTENSIONS } from './accounts/extensions.ts';
import { FLOWS } from './accounts/flows.ts';
import { NUMBERS } from './accounts/numbers.ts';
import { OUTBOUND_CONFIGS } from './accounts/outbound-configs.ts';
import { PROVIDERS } from './accounts/providers.ts';
import { RECORDS } from './accounts/records.ts';
import { TRUNKS } from './accounts/trunks.ts';
import { NOBODY, type Roster } from './calls/roster.ts';
import type { AccountCommand, Command, CommandResult, Refusal } from './command.ts';
import type { Directory } from './directory/directory.ts';
import type { Conference } from './directory/records.ts';
import type { EventBody } from './event.ts';
import type { Journal } from './journal.ts';
import { assert } from './kernel/assert.ts';
import type { Calendar } from './kernel/clock.ts';
import type { ConferenceId } from './kernel/ids.ts';
import { LIMITS } from './kernel/limits.ts';
import { LiveMap } from './kernel/live-map.ts';
import type { Random } from './kernel/random.ts';
import type { Instant } from './kernel/time.ts';
import type { Store, StoreEvent } from './ports.ts';

export interface AccountsPorts {
  readonly directory: Directory;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Who is in a conference, for the events of its changes; nobody when left out. */
  readonly rosterOf?: (id: ConferenceId) => Roster;
  readonly isLocked?: (id: ConferenceId) => boolean;
  /** Told of each row that has just been applied. */
  readonly applied?: (write: AccountWrite) => void;
}

/** A command that has ended, for whoever holds its ticket. */
export interface Settled {
  readonly ticket: number;
  readonly result: CommandResult;
}

/** A command, from its reservation to its answer. */
interface Task {
  readonly ticket: number;
  readonly command: AccountCommand;
  readonly keys: readonly string[];
  /** Keys that another task holds, or waits for since longer. */
  blockedBy: number;
}

/** What each command reserves, and what it changes. */
const DEFINITIONS: Definitions<AccountCommand['kind']> = {
  ...EXTENSIONS,
  ...ACCESSKEYS,
  ...NUMBERS,
  ...TRUNKS,
  ...PROVIDERS,
  ...DIAL_ROUTES,
  ...OUTBOUND_CONFIGS,
  ...FLOWS,
  ...CONFERENCES,
  ...RECORDS,
};

/**
 * Changes of the directory by command, in the order that makes "acknowledged" true: checked and reserved in memory,
 * committed, applied and published, answered. A failed commit frees the reservation and changes nothing.
 */
export class Accounts {
  readonly #ports: AccountsPorts;
  /** Receipts are 1, 2, 3 …: who writes with others hears nothing from here. */
  readonly #inFlight = new LiveMap<number, { readonly task: Task; readonly change: Change }>();
  /** By key: the task that holds it, and those behind it in the order in which they came. */
  readonly #queues = new LiveMap<string, Task[]>();
  readonly #runnable: Task[] = [];
  readonly #settled: Settled[] = [];
  #waiting = 0;
  #refused = 0;
  #lastReceipt = 0;

  constructor(ports: AccountsPorts) {
    this.#ports = ports;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Commands that wait behind another change of the same thing. */
  get waitingCount(): number {
    return this.#waiting;
  }

  /** Commands refused because too many waited. */
  get overflowCount(): number {
    return this.#refused;
  }

  /** The command was judged already. Outcome: settled, by `poll`. */
  execute(ticket: number, command: AccountCommand, now: Instant): void {
    if (this.#waiting >= LIMITS.waitingChangesMax) {
      this.#refused += 1;
      this.#refuse(ticket, {
        code: 'SERVICE_UNAVAILABLE',
        message: `more than ${LIMITS.waitingChangesMax} changes wait`,
      });
      return;
    }
    this.#enqueue(ticket, command);
    this.#run(now);
  }

  receive(event: StoreEvent, now: Instant): void {
    const flight = this.#inFlight.get(event.receipt);
    if (flight === undefined) return;
    this.#inFlight.delete(event.receipt);
    const { task, change } = flight;
    if (event.kind === 'stored') this.#apply(task.ticket, change, now);
    else
      this.#refuse(task.ticket, { code: 'STORE_FAILED', message: `the change could not be stored: ${event.detail}` });
    this.#release(task);
    this.#run(now);
  }

  poll(): Settled | undefined {
    return this.#settled.shift();
  }

  /** All keys are taken at once, so that no two tasks wait for each other. */
  #enqueue(ticket: number, command: AccountCommand): void {
    const keys = this.#keysOf(command);
    const task: Task = { ticket, command, keys, blockedBy: 0 };
    for (const key of keys) {
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, [task]);
      else {
        queue.push(task);
        task.blockedBy += 1;
      }
    }
    if (task.blockedBy === 0) this.#runnable.push(task);
    else this.#waiting += 1;
  }

  #release(task: Task): void {
    for (const key of task.keys) {
      const queue = this.#queues.get(key)!;
      assert(queue.shift() === task, 'a key is released by the task that holds it');
      const next = queue[0];
      if (next === undefined) this.#queues.delete(key);
      else {
        next.blockedBy -= 1;
        if (next.blockedBy > 0) continue;
        this.#waiting -= 1;
        this.#runnable.push(next);
      }
    }
  }

  #run(now: Instant): void {
    for (let task = this.#runnable.shift(); task !== undefined; task = this.#runnable.shift()) this.#start(task, now);
  }

  #start(task: Task, now: Instant): void {
    const { ticket, command } = task;
    // While it waited, what it touches may have grown: a flow that another number runs now.
    if (this.#keysOf(command).some((key) => !task.keys.includes(key))) {
      this.#release(task);
      this.#enqueue(ticket, command);
      return;
    }
    const { directory, random, calendar, store } = this.#ports;
    const change = definitionOf(command).changeOf(command, { directory, random, at: calendar(now) });
    if (isRefusal(change)) {
      this.#refuse(ticket, change);
      this.#release(task);
      return;
    }
    const receipt = ++this.#lastReceipt;
    this.#inFlight.set(receipt, { task, change });
    store.write(change.writes, receipt);
  }

  #apply(ticket: number, change: Change, now: Instant): void {
    const { directory, journal, calendar } = this.#ports;
    for (const write of change.writes) {
      applyWrite(write, directory);
      this.#ports.applied?.(write);
    }
    for (const event of change.events) journal.append(change.customerId, this.#asOfNow(event), calendar(now));
    this.#settled.push({ ticket, result: { kind: 'done', id: change.id } });
  }

  /** A conference goes on while its change is committed: it is told as it is now. */
  #asOfNow(event: EventBody): EventBody {
    if (!('conference' in event)) return event;
    const { directory, rosterOf } = this.#ports;
    const { id } = event.conference;
    return {
      type: event.type,
      conference: directory.conferences.get(id) ?? event.conference,
      conferencecalls: rosterOf?.(id) ?? NOBODY,
      ...(this.#ports.isLocked?.(id) === true && { isLocked: true }),
    };
  }

  #refuse(ticket: number, refusal: Refusal): void {
    this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
  }

  #keysOf(command: AccountCommand): readonly string[] {
    return [...new Set(definitionOf(command).keysOf(command, this.#ports.directory))];
  }
}

/** Whether `Accounts` carries the command out. */
export function isAccountCommand(command: Command): command is AccountCommand {
  return Object.hasOwn(DEFINITIONS, command.kind);
}

/** The table is typed by kind; which kind it is, only the command knows. */
function definitionOf(command: AccountCommand): Definition<AccountCommand> {
  return DEFINITIONS[command.kind] as unknown as Definition<AccountCommand>;
}

function applyWrite(write: AccountWrite, directory: Directory): void {
  switch (write.kind) {
    case 'saveAgent':
      directory.putAgent(write.row);
      break;
    case 'saveAccesskey':
      directory.putAccesskey(write.row);
      break;
    case 'saveExtension':
      directory.putExtension(write.row);
      break;
    case 'saveTrunk':
      directory.putTrunk(write.row);
      break;
    case 'saveProvider':
      directory.putProvider(write.row);
      break;
    case 'saveDialRoute':
      directory.putDialRoute(write.row);
      break;
    case 'saveOutboundConfig':
      directory.putOutboundConfig(write.row);
      break;
    case 'saveNumber':
      directory.putNumber(write.row);
      break;
    case 'saveFlow':
      directory.putFlow(write.row);
      break;
    case 'saveConference':
      applyConference(write.row, directory);
      break;
    // Records live in the store alone.
    case 'saveCall':
    case 'saveRecording':
  }
}

/** A conference may have ended while its change was committed: that is not undone. */
function applyConference(row: Conference, directory: Directory): void {
  const current = directory.conferences.get(row.id);
  const isNew = row.updatedAt === null;
  if (current === undefined && !isNew) return;
  directory.putConference(current === undefined ? row : { ...row, status: current.status, endedAt: current.endedAt });
}
