/** `npm run build`: dist/ with .js and .d.ts, which is what the npm package holds. */
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runTool } from './run-tool.ts';

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
process.exitCode = runTool('tsc', ['-p', 'tsconfig.build.json']);
if (process.exitCode === 0) {
  cpSync(join(ROOT, 'cli/prompts'), join(ROOT, 'dist/cli/prompts'), { recursive: true });
  // npm makes it executable in an installed package; this does for a clone.
  chmodSync(join(ROOT, 'dist/cli/main.js'), 0o755);
}
