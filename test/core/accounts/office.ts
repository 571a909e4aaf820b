import { expect } from 'vitest';
import { Accounts } from '../../../core/accounts.ts';
import { NOBODY, type Roster } from '../../../core/calls/roster.ts';
import type { AccountCommand, CommandResult, Refusal } from '../../../core/command.ts';
import { Directory } from '../../../core/directory/directory.ts';
import type { EventBody } from '../../../core/event.ts';
import { type Cursor, Journal } from '../../../core/journal.ts';
import type { CustomerId, FlowId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import type { LeftBehind } from '../../../core/store/load.ts';
import { AGENT, CUSTOMER, FLOW, inClear } from '../store/rows.ts';

export const OTHER_CUSTOMER = { ...CUSTOMER, id: 'c0000000-0000-4000-8000-000000000002' as CustomerId, ordinal: 2 };
export const OTHER_FLOW = {
  ...FLOW,
  id: 'f1000000-0000-4000-8000-000000000002' as FlowId,
  customerId: OTHER_CUSTOMER.id,
};

/** Accounts with two customers, an agent and a flow of each, on a store that commits at once unless it is told to fail. */
export class Office {
  readonly store = new InProcessStore(seeded(1));
  readonly directory = new Directory();
  readonly journal = new Journal({ epoch: 'e' });
  readonly accounts: Accounts;
  /** Who is in every conference. */
  inside: Roster = NOBODY;
  readonly #events: Cursor;
  #lastTicket = 0;
  #now = 1_000;

  constructor() {
    this.store.write(
      [
        { kind: 'saveCustomer', row: CUSTOMER },
        { kind: 'saveCustomer', row: OTHER_CUSTOMER },
        { kind: 'saveAgent', row: AGENT },
        { kind: 'saveFlow', row: FLOW },
        { kind: 'saveFlow', row: OTHER_FLOW },
      ],
      0,
    );
    this.store.poll();
    this.store.load(this.directory, 0);
    this.accounts = new Accounts({
      directory: this.directory,
      store: this.store,
      journal: this.journal,
      calendar: (now) => now,
      random: seeded(2),
      rosterOf: () => this.inside,
    });
    this.#events = this.journal.cursorOverAll();
  }

  /** The time of the last command. */
  get at(): number {
    return this.#now;
  }

  /** How the command ended, a millisecond after the one before. */
  run(command: AccountCommand): CommandResult {
    this.#now += 1;
    const ticket = ++this.#lastTicket;
    this.accounts.execute(ticket, command, this.#now);
    for (let event = this.store.poll(); event !== undefined; event = this.store.poll()) {
      this.accounts.receive(event, this.#now);
    }
    const settled = this.accounts.poll();
    expect(settled?.ticket).toBe(ticket);
    expect([this.accounts.inFlightCount, this.accounts.waitingCount]).toEqual([0, 0]);
    return settled!.result;
  }

  /** Id of what the command made or changed. */
  done(command: AccountCommand): string {
    const result = this.run(command);
    expect(result).toMatchObject({ kind: 'done' });
    return (result as { id: string }).id;
  }

  /** Why the command was refused; checks that nothing was written, changed or told. */
  refused(command: AccountCommand): Refusal {
    const before = this.#everything();
    const result = this.run(command);
    expect(result.kind).toBe('refused');
    expect(this.#everything()).toEqual(before);
    return (result as { refusal: Refusal }).refusal;
  }

  /** The same command when the disk is full, and then once more when it is not. */
  doneAfterFailure(command: AccountCommand): string {
    this.store.failOn(() => true);
    expect(this.refused(command).code).toBe('STORE_FAILED');
    this.store.failOn(undefined);
    return this.done(command);
  }

  /** What was told since the last look. */
  events(): EventBody[] {
    const found: EventBody[] = [];
    for (let reading = this.#events.poll(); reading !== undefined; reading = this.#events.poll()) {
      expect(reading.kind).toBe('event');
      if (reading.kind === 'event') found.push(reading.event.body);
    }
    return found;
  }

  types(): string[] {
    return this.events().map(({ type }) => type);
  }

  /** The next process holds what this one held. */
  restarted(): { readonly directory: Directory; readonly left: LeftBehind } {
    const directory = new Directory();
    const left = this.store.load(directory, this.#now);
    expect(rowsOf(directory)).toEqual(rowsOf(this.directory));
    return { directory, left };
  }

  #everything(): unknown {
    const stored = new Directory();
    const left = this.store.load(stored, this.#now);
    return { memory: rowsOf(this.directory), stored: rowsOf(stored), left, told: this.journal.sequence };
  }
}

/** Every row that is held, by kind and id. */
function rowsOf(directory: Directory): unknown {
  const { customers, agents, accesskeys, extensions, trunks, numbers, flows, conferences } = directory;
  const kinds = { customers, agents, accesskeys, extensions, trunks, numbers, flows, conferences };
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, rows]) => [
      kind,
      [...rows.values()]
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((row) => ('password' in row ? inClear(row) : row)),
    ]),
  );
}
