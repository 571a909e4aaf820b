import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../cli/build/run-tool.ts';

/** Much is made and lives for a while, as calls do; prints the size of the young generation in MB. */
const BUSY = `
  const { getHeapSpaceStatistics } = await import('node:v8');
  const alive = [];
  for (let turn = 0; turn < 400; turn++) {
    for (let i = 0; i < 500; i++) alive[(turn * 500 + i) % 10_000] = JSON.parse('[[1,2,3],{"a":[4,5,6]},"text",{"b":{}}]');
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 1e6);
`;

function nurseryMb(script: string): number {
  const args = ['--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
}

test('the young generation of a busy process grows no further than 17 MB where V8 alone makes it twice as large and more', () => {
  const held = `const { keepNurserySmall } = await import('${join(ROOT, 'cli/main-heap.ts')}'); keepNurserySmall();`;
  expect(nurseryMb(BUSY)).toBeGreaterThan(30);
  expect(nurseryMb(`${held} ${BUSY}`)).toBeLessThan(17);
});
