import { expect, test, vi } from 'vitest';
import { Disposal } from '../../../core/kernel/disposal.ts';

test('parts are closed in the reverse order of their opening, one after the other', async () => {
  const closed: string[] = [];
  const disposal = new Disposal(1000);
  disposal.add('store', () => void closed.push('store'));
  disposal.add('sockets', async () => {
    await Promise.resolve();
    closed.push('sockets');
  });
  await Promise.all([disposal.dispose(), disposal.dispose()]);
  expect(closed).toEqual(['sockets', 'store']);
});

test('a part that fails or hangs does not keep the others open, and is named', async () => {
  vi.useFakeTimers();
  try {
    const closed: string[] = [];
    const disposal = new Disposal(1000);
    disposal.add('store', () => void closed.push('store'));
    disposal.add('hanging', () => new Promise(() => undefined));
    disposal.add('failing', () => {
      throw new Error('no');
    });
    const outcome = disposal.dispose().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    const error = (await outcome) as AggregateError;
    expect(error.errors.map((one: Error) => one.message)).toEqual([
      'closing failing failed: no',
      'closing hanging failed: not closed within 1000 ms',
    ]);
    expect(closed).toEqual(['store']);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
