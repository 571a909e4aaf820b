import { expect, test } from 'vitest';
import { PcmCache } from '../../media/pcm-cache.ts';

test('the least recently used entry leaves first, and the size stays within its limit', () => {
  const cache = new PcmCache(400);
  cache.put('a', new Int16Array(80));
  cache.put('b', new Int16Array(80));
  expect(cache.get('a')?.byteLength).toBe(160);
  cache.put('c', new Int16Array(80));
  expect(cache.get('b')).toBeUndefined();
  expect(cache.get('a')).toBeDefined();
  expect(cache.get('c')).toBeDefined();
  expect(cache.sizeBytes).toBe(320);
});

test('what is larger than the cache is handed out and not kept', () => {
  const cache = new PcmCache(100);
  cache.put('small', Int16Array.of(1));
  const large = cache.put(
    'large',
    Int16Array.from({ length: 1000 }, (_, i) => i),
  );
  expect(new Int16Array(large)[999]).toBe(999);
  expect(cache.get('large')).toBeUndefined();
  expect(cache.get('small')).toBeDefined();
});

test('putting a key again replaces it', () => {
  const cache = new PcmCache(1000);
  cache.put('a', new Int16Array(100));
  cache.put('a', new Int16Array(50));
  expect(cache.sizeBytes).toBe(100);
});
