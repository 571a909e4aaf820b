import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../cli/version.ts';

test('the version in the code is the version of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
});
