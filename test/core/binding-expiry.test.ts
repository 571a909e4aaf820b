import { expect, test } from 'vitest';
import { BindingExpiry } from '../../core/directory/binding-expiry.ts';
import { Directory } from '../../core/directory/directory.ts';
import type { Binding } from '../../core/directory/records.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { BINDING, EXTENSION } from './store/rows.ts';

const EPOCH = 1_000_000;

const binding = (contact: string, expiresAt: number): Binding => ({
  ...BINDING,
  contact,
  expiresAt: EPOCH + expiresAt,
});

function setUp() {
  const directory = new Directory();
  const expiry = new BindingExpiry(directory, (now) => EPOCH + now);
  const put = (row: Binding, now: Instant) => {
    directory.putBinding(row);
    expiry.renew(now);
  };
  const takeDue = (now: Instant): string | undefined => {
    const due = expiry.due(now);
    if (due === undefined) return undefined;
    directory.dropBinding(due.extensionId, due.contact);
    expiry.renew(now);
    return due.contact;
  };
  return { directory, expiry, put, takeDue };
}

test('a binding runs out at its time, a refreshed one later, a removed one never', () => {
  const { directory, expiry, put, takeDue } = setUp();
  put(binding('a', 100), 0);
  put(binding('b', 200), 0);
  put(binding('c', 300), 0);
  put(binding('a', 400), 50);
  directory.dropBinding(BINDING.extensionId, 'b');
  expiry.renew(60);
  expect(expiry.deadline()).toBe(300);
  expect([299, 300, 300, 400].map(takeDue)).toEqual([undefined, 'c', undefined, 'a']);
  expect([expiry.deadline(), directory.bindingCount]).toEqual([NEVER, 0]);
});

test('a binding that ran out while the process was down is due at once', () => {
  const { put, takeDue } = setUp();
  put(binding('a', -5_000), 10);
  expect(takeDue(10)).toBe('a');
});

test('a deadline whose bindings are gone with their extension means nothing, once', () => {
  const { directory, expiry, put } = setUp();
  directory.putExtension(EXTENSION);
  put(binding('a', 100), 0);
  directory.putExtension({ ...EXTENSION, deletedAt: 1 });
  expect(expiry.due(100)).toBeUndefined();
  expect(expiry.deadline()).toBe(NEVER);
});
