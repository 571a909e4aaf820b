import { systemClock } from '../core/kernel/clock.ts';
import type { Settings } from '../core/kernel/config.ts';
import { Fault } from '../core/kernel/fault.ts';
import { LineLog, type Log } from '../core/kernel/log.ts';
import { RunningProcess } from './running-process.ts';
import { Tandem } from './tandem.ts';
import { EXIT, printFailure } from './terminal.ts';

/**
 * Serves until SIGTERM or SIGINT, then drains. Resolves with the exit code; what prevents the start is one sentence on
 * standard error. `environment` may carry the secrets that are ensured at every start.
 */
export async function serve(settings: Settings, environment: NodeJS.ProcessEnv): Promise<number> {
  const log = new LineLog({
    level: settings.log,
    format: process.stderr.isTTY ? 'text' : 'json',
    sink: (line) => process.stderr.write(`${line}\n`),
    wallTime: () => systemClock.wallTime(),
  });
  const given = { adminPassword: environment['TANDEM_ADMIN_PASSWORD'], accesskey: environment['TANDEM_ACCESSKEY'] };
  let tandem: Tandem;
  try {
    tandem = await Tandem.open({ settings, given, log });
  } catch (error) {
    printFailure('text', withProcess(error, settings.data));
    return EXIT.cannotStart;
  }
  return untilStopped(tandem, settings.drainMs, log);
}

/** Announces an open Tandem, and ends it at SIGTERM, SIGINT or a bug. Resolves with the exit code. */
export async function untilStopped(tandem: Tandem, drainMs: number, log: Log): Promise<number> {
  const stopped = signalled();
  announce(tandem);
  const failure = await Promise.race([stopped, broken()]);
  if (failure === undefined) {
    log.info('draining', { liveCalls: tandem.liveCallCount, limitMs: drainMs });
    await tandem.drain(drainMs);
  } else log.error('ending because of a bug', { error: failure.stack ?? failure.message });
  await tandem.close();
  return failure === undefined ? EXIT.done : EXIT.failed;
}

/** Tells who uses the folder, when that is what prevents the start and it can be known. */
function withProcess(error: unknown, dataFolder: string): unknown {
  if (!(error instanceof Fault) || error.code !== 'FOLDER_IN_USE') return error;
  const pid = RunningProcess.find(dataFolder)?.pid;
  if (pid === undefined) return error;
  return new Fault(error.code, `${error.message}: expected none, got process ${pid}`, { ...error.context, pid }, error);
}

function announce(tandem: Tandem): void {
  const lines = tandem.listeners.map((listener) => `listening ${listener}`);
  for (const { name, value } of tandem.secrets) lines.push(`${name}: ${value}`);
  if (tandem.secrets.length > 0) lines.push('These secrets are shown this once and kept nowhere in clear.');
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(undefined);
        process.once(signal, () => process.exit(EXIT.failed));
      });
    }
  });
}

/** An assertion on the main thread is not survived: what is committed is safe, and the next start hangs up the rest. */
function broken(): Promise<Error> {
  return new Promise((resolve) => {
    process.once('uncaughtException', resolve);
    process.once('unhandledRejection', (reason) =>
      resolve(reason instanceof Error ? reason : new Error(String(reason))),
    );
  });
}
