import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Scene } from '../sim/scene.ts';

/** Compares with the golden ladder, or writes it where `TANDEM_WRITE_LADDERS=1` asks for that. */
export function expectLadder(scene: Pick<Scene, 'ladder'>, name: string): void {
  const path = fileURLToPath(new URL(`../ladders/${name}.txt`, import.meta.url));
  if (process.env['TANDEM_WRITE_LADDERS'] === '1') writeFileSync(path, scene.ladder);
  expect(existsSync(path), `${path}: write it with TANDEM_WRITE_LADDERS=1, and read it`).toBe(true);
  expect(scene.ladder).toBe(readFileSync(path, 'utf8'));
}
