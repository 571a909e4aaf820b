import { expect, test } from 'vitest';
import { BindingExpiry } from '../../core/directory/binding-expiry.ts';
import type { Binding } from '../../core/directory/records.ts';
import { NEVER } from '../../core/kernel/time.ts';

const EPOCH = 1_000_000;
const binding = (contact: string, expiresAt: number): Binding =>
  ({ extensionId: 'e', contact, expiresAt: EPOCH + expiresAt }) as unknown as Binding;

test('a binding runs out at its time, a refreshed one later, a removed one never', () => {
  const expiry = new BindingExpiry((now) => EPOCH + now);
  expiry.add(binding('a', 100), 0);
  expiry.add(binding('b', 200), 0);
  expiry.add(binding('c', 300), 0);
  expiry.add(binding('a', 400), 50);
  expiry.remove(binding('b', 200));
  expect(expiry.deadline()).toBe(300);
  expect(expiry.takeDue(299)).toBeUndefined();
  expect(expiry.takeDue(300)?.contact).toBe('c');
  expect(expiry.takeDue(400)?.contact).toBe('a');
  expect([expiry.deadline(), expiry.size]).toEqual([NEVER, 0]);
});

test('a binding that ran out while the process was down is due at once', () => {
  const expiry = new BindingExpiry((now) => EPOCH + now);
  expiry.add(binding('a', -5_000), 10);
  expect(expiry.takeDue(10)?.contact).toBe('a');
});
