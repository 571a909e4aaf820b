import { describe, expect, test } from 'vitest';
import { Accounts } from '../../core/accounts.ts';
import { Directory } from '../../core/directory/directory.ts';
import { Journal } from '../../core/journal.ts';
import type { CustomerId, ExtensionId, FlowId, NumberId } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Store } from '../../core/ports.ts';
import type { Write } from '../../core/write.ts';
import { FLOW, NUMBER } from './store/rows.ts';

const CUSTOMER = '11111111-1111-4111-8111-111111111111' as CustomerId;

/** A store whose commits the test decides. */
class HeldStore implements Store {
  readonly held: { writes: readonly Write[]; receipt: number }[] = [];

  write(writes: readonly Write[], receipt: number): void {
    this.held.push({ writes, receipt });
  }
}

function office() {
  const directory = new Directory();
  directory.putCustomer({
    id: CUSTOMER,
    name: '',
    detail: '',
    email: '',
    status: 'active',
    ordinal: 1,
    createdAt: 1,
    updatedAt: null,
    deletedAt: null,
  });
  const store = new HeldStore();
  const journal = new Journal({ epoch: 'e' });
  const accounts = new Accounts({ directory, store, journal, calendar: (now) => now, random: seeded(1) });
  const create = (ticket: number, extension: string, now = 0) =>
    accounts.execute(
      ticket,
      {
        kind: 'createExtension',
        customerId: CUSTOMER,
        extension,
        password: 'p',
        name: '',
        detail: '',
        codecs: '',
        srtp: 'off',
      },
      now,
    );
  return { directory, store, journal, accounts, create };
}

describe('a change of the directory', () => {
  test('is applied, published and answered only after its commit', () => {
    const { directory, store, journal, accounts, create } = office();
    create(1, '2000');
    expect(accounts.poll()).toBeUndefined();
    expect(directory.extensionByName(CUSTOMER, '2000')).toBeUndefined();
    expect(journal.lastNumber(CUSTOMER)).toBe(0);
    accounts.receive({ kind: 'stored', receipt: store.held[0]!.receipt }, 5);
    const id = directory.extensionByName(CUSTOMER, '2000')!.id;
    expect(accounts.poll()).toEqual({ ticket: 1, result: { kind: 'done', id } });
    expect(journal.lastNumber(CUSTOMER)).toBe(1);
  });

  test('that could not be committed changes nothing and frees what it reserved', () => {
    const { directory, store, journal, accounts, create } = office();
    create(1, '2000');
    accounts.receive({ kind: 'storeFailed', receipt: store.held[0]!.receipt, detail: 'disk full' }, 0);
    expect(accounts.poll()).toMatchObject({
      ticket: 1,
      result: { kind: 'refused', refusal: { code: 'STORE_FAILED' } },
    });
    expect(directory.extensions.size).toBe(0);
    expect(journal.lastNumber(CUSTOMER)).toBe(0);
    create(2, '2000');
    accounts.receive({ kind: 'stored', receipt: store.held[1]!.receipt }, 0);
    expect(accounts.poll()).toMatchObject({ ticket: 2, result: { kind: 'done' } });
    expect(accounts.inFlightCount).toBe(0);
  });

  test('waits for an earlier one of the same thing, so that one of two creations of a number is refused', () => {
    const { store, accounts, create } = office();
    create(1, '2000');
    create(2, '2000');
    create(3, '2001');
    expect(store.held).toHaveLength(2);
    for (const { receipt } of store.held.slice()) accounts.receive({ kind: 'stored', receipt }, 0);
    const settled = [accounts.poll(), accounts.poll(), accounts.poll()];
    expect(settled.map((one) => [one?.ticket, one?.result.kind])).toEqual([
      [1, 'done'],
      [2, 'refused'],
      [3, 'done'],
    ]);
    expect(settled[1]).toMatchObject({
      result: { refusal: { code: 'ALREADY_EXISTS', field: 'extension', got: '2000' } },
    });
  });

  test('of a thing that does not exist is refused without a write', () => {
    const { store, accounts } = office();
    accounts.execute(1, { kind: 'deleteExtension', id: 'nothing' as ExtensionId }, 0);
    accounts.execute(2, { kind: 'setAgentPassword', username: 'nobody', passwordHash: 'h' }, 0);
    expect([accounts.poll(), accounts.poll()].map((one) => one?.result)).toMatchObject([
      { kind: 'refused', refusal: { code: 'RESOURCE_NOT_FOUND' } },
      { kind: 'refused', refusal: { code: 'RESOURCE_NOT_FOUND' } },
    ]);
    expect(store.held).toHaveLength(0);
  });

  test('keeps what an update does not name, and a deletion is found no more', () => {
    const { directory, store, accounts, create } = office();
    create(1, '2000');
    accounts.receive({ kind: 'stored', receipt: store.held[0]!.receipt }, 0);
    const { id } = directory.extensionByName(CUSTOMER, '2000')!;
    accounts.execute(2, { kind: 'updateExtension', id, changes: { name: 'Desk' } }, 7);
    accounts.receive({ kind: 'stored', receipt: store.held[1]!.receipt }, 7);
    expect(directory.extensions.get(id)).toMatchObject({ name: 'Desk', password: 'p', updatedAt: 7 });
    accounts.execute(3, { kind: 'deleteExtension', id }, 8);
    accounts.receive({ kind: 'stored', receipt: store.held[2]!.receipt }, 8);
    expect(directory.extensions.size).toBe(0);
    expect(store.held[2]!.writes).toMatchObject([{ kind: 'saveExtension', row: { deletedAt: 8 } }]);
  });
});

describe('changes that touch each other', () => {
  const flow = { ...FLOW, customerId: CUSTOMER, onCompleteFlowId: null };
  const numberOf = (n: number, callFlowId: FlowId | null) => ({
    ...NUMBER,
    id: `number ${n}` as NumberId,
    customerId: CUSTOMER,
    number: `+1555000000${n}`,
    shortCode: '',
    callFlowId,
  });

  /** Commits everything that was written and not yet answered, in order, until nothing is left. */
  function commitAll({ store, accounts }: ReturnType<typeof office>): void {
    for (let next = store.held.shift(); next !== undefined; next = store.held.shift()) {
      accounts.receive({ kind: 'stored', receipt: next.receipt }, 9);
    }
  }

  test('wait for each other: a flow does not go away while a number comes to run it', () => {
    const all = office();
    const { directory, store, accounts } = all;
    directory.putFlow(flow);
    const [one, two] = [numberOf(1, null), numberOf(2, flow.id)];
    directory.putNumber(one);
    directory.putNumber(two);
    accounts.execute(1, { kind: 'updateNumber', id: one.id, changes: { callFlowId: flow.id } }, 0);
    accounts.execute(2, { kind: 'deleteFlow', id: flow.id }, 0);
    accounts.execute(3, { kind: 'updateNumber', id: two.id, changes: { messageFlowId: flow.id } }, 0);
    expect(store.held).toHaveLength(1);
    expect(accounts.waitingCount).toBe(2);
    commitAll(all);
    // The number that came to run it has to be waited for as well, so the deletion went behind the third.
    const settled = [accounts.poll(), accounts.poll(), accounts.poll()];
    expect(settled.map((one) => [one?.ticket, one?.result.kind])).toEqual([
      [1, 'done'],
      [3, 'done'],
      [2, 'done'],
    ]);
    for (const number of directory.numbers.values()) {
      expect(number).toMatchObject({ callFlowId: null, messageFlowId: null });
    }
    expect([accounts.inFlightCount, accounts.waitingCount]).toEqual([0, 0]);
  });

  test('lose nothing: what a deletion came to touch while it waited is waited for as well', () => {
    const all = office();
    const { directory, store, accounts } = all;
    directory.putFlow(flow);
    const one = numberOf(1, null);
    directory.putNumber(one);
    // The deletion waits for the flow; meanwhile the number, which runs it by then, is being renamed.
    accounts.execute(1, { kind: 'updateNumber', id: one.id, changes: { callFlowId: flow.id } }, 0);
    accounts.execute(2, { kind: 'deleteFlow', id: flow.id }, 0);
    accounts.execute(3, { kind: 'updateNumber', id: one.id, changes: { name: 'renamed' } }, 0);
    accounts.receive({ kind: 'stored', receipt: store.held.shift()!.receipt }, 1);
    expect(store.held.map(({ writes }) => writes[0]!.kind)).toEqual(['saveNumber']);
    commitAll(all);
    expect(directory.numbers.get(one.id)).toMatchObject({ name: 'renamed', callFlowId: null });
    expect(directory.flows.size).toBe(0);
    expect([accounts.poll(), accounts.poll(), accounts.poll()].map((one) => one?.result.kind)).toEqual([
      'done',
      'done',
      'done',
    ]);
  });

  test('go on when those before them fail', () => {
    const all = office();
    const { directory, store, accounts } = all;
    directory.putFlow(flow);
    directory.putNumber(numberOf(1, flow.id));
    accounts.execute(1, { kind: 'deleteFlow', id: flow.id }, 0);
    accounts.execute(2, { kind: 'updateNumber', id: numberOf(1, null).id, changes: { messageFlowId: flow.id } }, 0);
    accounts.receive({ kind: 'storeFailed', receipt: store.held.shift()!.receipt, detail: 'disk full' }, 1);
    commitAll(all);
    expect(directory.numbers.get(numberOf(1, null).id)).toMatchObject({ callFlowId: flow.id, messageFlowId: flow.id });
    expect([accounts.poll(), accounts.poll()].map((one) => one?.result.kind)).toEqual(['refused', 'done']);
  });

  test('wait in bounded number, and the rest are refused and counted', () => {
    const { accounts, store, create } = office();
    create(0, '2000');
    for (let i = 1; i <= LIMITS.waitingChangesMax; i++) create(i, '2000');
    expect(accounts.waitingCount).toBe(LIMITS.waitingChangesMax);
    create(-1, '3000');
    expect(accounts.poll()).toMatchObject({
      ticket: -1,
      result: { kind: 'refused', refusal: { code: 'SERVICE_UNAVAILABLE' } },
    });
    expect(accounts.overflowCount).toBe(1);
    accounts.receive({ kind: 'stored', receipt: store.held[0]!.receipt }, 0);
    expect(accounts.waitingCount).toBe(0);
    let count = 0;
    for (let settled = accounts.poll(); settled !== undefined; settled = accounts.poll()) count += 1;
    expect(count).toBe(LIMITS.waitingChangesMax + 1);
  });
});
