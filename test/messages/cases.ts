import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A folder of cases from outside the project, if there is one: in TANDEM_CASES, or in a folder `cases` of anything that
 * lies beside the checkout. Tests that use it skip without it.
 */
export function outsideCases(folder: string): string | undefined {
  const given = process.env['TANDEM_CASES'];
  const roots = given === undefined ? besideCheckout() : [given];
  return roots.map((root) => join(root, folder)).find((path) => existsSync(path));
}

function besideCheckout(): string[] {
  const parent = fileURLToPath(new URL('../../..', import.meta.url));
  try {
    return readdirSync(parent).map((name) => join(parent, name, 'cases'));
  } catch {
    return [];
  }
}
