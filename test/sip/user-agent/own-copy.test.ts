import { expect, test } from 'vitest';
import { ownCopy } from '../../../sip/user-agent/own-copy.ts';

test('a copy is the same text, short or long, in any script', () => {
  for (const text of ['', 'alice', 'ü€😀', '€'.repeat(256), 'x'.repeat(257), '😀'.repeat(400)]) {
    expect(ownCopy(text)).toBe(text);
    expect(ownCopy('short')).toBe('short');
  }
});
