import { expect, test } from 'vitest';
import { Directory } from '../../../core/directory/directory.ts';
import { UnknownNames } from '../../../core/directory/unknown-names.ts';
import type { ExtensionId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { revealed, SealedText } from '../../../core/kernel/secret.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import { Seal } from '../../../core/store/seal.ts';
import { CUSTOMER, EXTENSION, inClear } from './rows.ts';

function seal(key = 7): Seal {
  return new Seal(new Uint8Array(32).fill(key), seeded(1));
}

test('a password that is kept sealed opens once, when it is needed, and is stored as it was read', () => {
  const sealed = seal().seal('pässword');
  let opened = 0;
  const secret = new SealedText(sealed, (text) => {
    opened += 1;
    return seal().open(text);
  });
  expect(opened).toBe(0);
  expect([revealed(secret), revealed(secret)]).toEqual(['pässword', 'pässword']);
  expect(opened).toBe(1);
  expect(seal().sealedFrom(secret)).toBe(sealed);
  expect(seal().open(seal().sealedFrom('other'))).toBe('other');
});

test('a password that was sealed with another key is nobody’s, and is no error long after the start', () => {
  expect(revealed(seal().keepSealed(seal(8).seal('x')))).toBeUndefined();
});

test('a name that nobody has is unsealed for once, as one that somebody has is', () => {
  const names = new UnknownNames(seal().keepSealed(seal().seal('a password')));
  expect(['1001', '1001', '1002', '1001', '1002'].map((name) => names.pretend(name))).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
});

test('names that nobody has are forgotten as passwords that nobody uses are', () => {
  const names = new UnknownNames(seal().keepSealed(seal().seal('a password')));
  expect([0, 0, 1, 1].map((turnover) => names.pretend('1001', turnover))).toEqual([true, false, true, false]);
});

test('an extension that others have pushed out of use keeps its password sealed, and opens it as before', () => {
  const directory = new Directory();
  directory.putExtension({ ...EXTENSION, password: seal().keepSealed(seal().seal('a password')) });
  directory.putExtension({ ...EXTENSION, id: 'clear' as ExtensionId, extension: 'clear', password: 'in clear' });
  for (let number = 0; number < 10_000; number++) {
    directory.putExtension({ ...EXTENSION, id: `e${number}` as ExtensionId, extension: `x${number}` });
  }
  const { password } = directory.extensionByName(EXTENSION.customerId, EXTENSION.extension)!;
  expect(password).toBeInstanceOf(SealedText);
  expect(revealed(password)).toBe('a password');
  expect(directory.extensionByName(EXTENSION.customerId, 'clear')?.password).toBe('in clear');
});

test('what a start reads has its passwords sealed still, whoever changes the row', async () => {
  const store = new InProcessStore(seeded(1));
  store.write([{ kind: 'saveCustomer', row: CUSTOMER }], 0);
  store.write([{ kind: 'saveExtension', row: EXTENSION }], 0);
  store.poll();
  const directory = new Directory();
  store.load(directory, 4000);
  const row = directory.extensionByName(CUSTOMER.id, '1001')!;
  expect(row.password).toBeInstanceOf(SealedText);
  expect(directory.unknownNames?.pretend('nobody')).toBe(true);
  store.write([{ kind: 'saveExtension', row: { ...row, name: 'Two' } }], 0);
  store.poll();
  const later = new Directory();
  store.load(later, 4000);
  expect(inClear(later.extensionByName(CUSTOMER.id, '1001'))).toEqual({ ...EXTENSION, name: 'Two' });
});
