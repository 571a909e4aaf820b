import { expect, test } from 'vitest';
import { Accounts } from '../../../core/accounts.ts';
import type { AccountCommand } from '../../../core/command.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { Journal } from '../../../core/journal.ts';
import type { FlowId, NumberId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { Store } from '../../../core/ports.ts';
import type { Write } from '../../../core/write.ts';
import { CUSTOMER } from '../store/rows.ts';

/** Commits in order, when the test says so; keeps what it has as a directory of its own. */
class ModelStore implements Store {
  readonly stored = new Directory();
  readonly queue: { readonly writes: readonly Write[]; readonly receipt: number }[] = [];

  write(writes: readonly Write[], receipt: number): void {
    this.queue.push({ writes, receipt });
  }

  commit(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'saveFlow') this.stored.putFlow(write.row);
      if (write.kind === 'saveNumber') this.stored.putNumber(write.row);
    }
  }
}

class Interleaving {
  readonly store = new ModelStore();
  readonly directory = new Directory();
  readonly accounts: Accounts;
  readonly settled = new Map<number, string>();
  readonly #random;
  #ticket = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.directory.putCustomer(CUSTOMER);
    const journal = new Journal({ epoch: 'e' });
    const ports = { directory: this.directory, store: this.store, journal, calendar: (now: number) => now };
    this.accounts = new Accounts({ ...ports, random: seeded(seed) });
  }

  get ticketCount(): number {
    return this.#ticket;
  }

  ask(now: number): void {
    this.accounts.execute(++this.#ticket, this.#command(), now);
    this.#drain();
  }

  /** The oldest group is committed, or sometimes fails. */
  answer(now: number): void {
    const group = this.store.queue.shift();
    if (group === undefined) return;
    const isStored = this.#random.next() < 0.8;
    if (isStored) this.store.commit(group.writes);
    const { receipt } = group;
    this.accounts.receive(
      isStored ? { kind: 'stored', receipt } : { kind: 'storeFailed', receipt, detail: 'full' },
      now,
    );
    this.#drain();
  }

  #drain(): void {
    for (let one = this.accounts.poll(); one !== undefined; one = this.accounts.poll()) {
      expect(this.settled.has(one.ticket)).toBe(false);
      this.settled.set(one.ticket, one.result.kind);
    }
  }

  #command(): AccountCommand {
    const customerId = CUSTOMER.id;
    const [flowId, other] = [this.#pick(this.directory.flows), this.#pick(this.directory.flows)];
    const id = this.#pick(this.directory.numbers) ?? ('nothing' as NumberId);
    const number = `+1555000000${this.#below(6)}`;
    switch (this.#below(6)) {
      case 0: {
        const fields = { type: 'flow', name: '', detail: '', actions: [], onCompleteFlowId: flowId } as const;
        return { kind: 'createFlow', customerId, fields };
      }
      case 1:
        return { kind: 'deleteFlow', id: flowId ?? ('nothing' as FlowId) };
      case 2: {
        const fields = {
          number,
          type: 'normal',
          callFlowId: flowId,
          messageFlowId: other,
          name: '',
          detail: '',
        } as const;
        return { kind: 'createNumber', customerId, fields };
      }
      case 3:
        return { kind: 'updateNumber', id, changes: { callFlowId: flowId } };
      case 4:
        return { kind: 'updateNumber', id, changes: { messageFlowId: other, name: String(this.#ticket) } };
      default:
        return { kind: 'deleteNumber', id };
    }
  }

  #pick<Id extends string>(rows: ReadonlyMap<Id, unknown>): Id | null {
    return [...rows.keys()][this.#below(rows.size)] ?? null;
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }
}

function rowsOf({ flows, numbers }: Directory): unknown {
  return [flows, numbers].map((rows) => [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
}

test('however commands cross, memory is what is stored, no number runs a flow that is gone, and all are answered', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = new Interleaving(seed);
    const chance = seeded(seed + 1_000);
    for (let step = 0; step < 400; step++) {
      if (chance.next() < 0.55) world.ask(step);
      else world.answer(step);
      for (const { callFlowId, messageFlowId } of world.store.stored.numbers.values()) {
        for (const id of [callFlowId, messageFlowId]) {
          if (id !== null) expect(world.store.stored.flows.has(id), `seed ${seed} step ${step}`).toBe(true);
        }
      }
    }
    while (world.store.queue.length > 0) world.answer(1_000);
    expect(rowsOf(world.directory), `seed ${seed}`).toEqual(rowsOf(world.store.stored));
    expect([world.accounts.inFlightCount, world.accounts.waitingCount], `seed ${seed}`).toEqual([0, 0]);
    expect(world.settled.size, `seed ${seed}`).toBe(world.ticketCount);
  }
});
