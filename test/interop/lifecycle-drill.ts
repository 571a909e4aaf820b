/** `tandem serve` with one thing more: SIGUSR2 makes a media thread fail as a bug would. Takes the flags of `serve`. */
import { Command } from 'commander';
import { untilStopped } from '../../cli/serve.ts';
import { addSettingFlags, givenFlags } from '../../cli/setting-flags.ts';
import { Tandem } from '../../cli/tandem.ts';
import { systemClock } from '../../core/kernel/clock.ts';
import { readSettings } from '../../core/kernel/config.ts';
import { LineLog } from '../../core/kernel/log.ts';

const program = new Command();
addSettingFlags(program.command('serve')).action(async (flags: Record<string, unknown>) => {
  const reading = readSettings({ flags: givenFlags(flags) });
  if (reading.kind === 'wrong') throw new Error(JSON.stringify(reading.problems));
  const { settings } = reading;
  const log = new LineLog({
    level: settings.log,
    format: 'json',
    sink: (line) => process.stderr.write(`${line}\n`),
    wallTime: () => systemClock.wallTime(),
  });
  const { TANDEM_ADMIN_PASSWORD: adminPassword, TANDEM_ACCESSKEY: accesskey } = process.env;
  const tandem = await Tandem.open({ settings, given: { adminPassword, accesskey }, log });
  process.on('SIGUSR2', () => tandem.media.workers.post(0, { kind: 'fail' }));
  process.exitCode = await untilStopped(tandem, settings.drainMs, log);
});
await program.parseAsync();
