import { expect, test } from 'vitest';
import { builtEntry } from '../../../core/kernel/start-worker.ts';

test('a thread starts from its source in a clone, and from what was built of it in a package', () => {
  const entry = new URL('file:///app/core/store/store-thread.ts');
  expect(builtEntry(entry, 'file:///app/core/kernel/start-worker.ts').href).toBe(
    'file:///app/core/store/store-thread.ts',
  );
  expect(builtEntry(entry, 'file:///app/core/kernel/start-worker.js').href).toBe(
    'file:///app/core/store/store-thread.js',
  );
});
