/**
 * Opens a Tandem on an empty folder and closes it, so that all of its code is compiled and kept (`enableCompileCache`):
 * the first start of a clone then takes half the time, and some 50 MB less.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const { directory } = enableCompileCache();
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= dirname(directory);

const folder = mkdtempSync(join(tmpdir(), 'tandem-warm-'));
const { readSettings } = await import('../../core/kernel/config.ts');
const { LineLog } = await import('../../core/kernel/log.ts');
const { Tandem } = await import('../tandem.ts');
await import('../program.ts');
const reading = readSettings({ flags: { data: folder, sip: ['udp:127.0.0.1:0'], http: '127.0.0.1:0' } });
if (reading.kind === 'read') {
  const log = new LineLog({ level: 'error', format: 'text', sink: () => undefined, wallTime: () => 0 });
  const given = { adminPassword: undefined, accesskey: undefined };
  const tandem = await Tandem.open({ settings: reading.settings, given, log });
  await tandem.close();
}
rmSync(folder, { recursive: true, force: true });
