import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A folder of cases from outside the project, if there is one: TANDEM_CASES, or where it lies beside a checkout.
 * Tests that use it skip without it.
 */
export function outsideCases(folder: string): string | undefined {
  const beside = fileURLToPath(new URL('../../../shared/cases', import.meta.url));
  const roots = [process.env['TANDEM_CASES'] ?? beside, beside];
  return roots.map((root) => `${root}/${folder}`).find((path) => existsSync(path));
}
