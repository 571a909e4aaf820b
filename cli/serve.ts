import { systemClock } from '../core/kernel/clock.ts';
import type { Settings } from '../core/kernel/config.ts';
import { Fault } from '../core/kernel/fault.ts';
import { LineLog, type Log } from '../core/kernel/log.ts';
import { keepNurserySmall, settleHeap } from './main-heap.ts';
import { RunningProcess } from './running-process.ts';
import { Tandem } from './tandem.ts';
import { EXIT, printFailure } from './terminal.ts';

/** What the numbers of the first start do. */
const DEMONSTRATIONS = '9101 to hear yourself, 9102 for a conference, 9103 for a menu, 9104 for a recorder';
/** After everything was closed, or could not be. */
const END_LIMIT_MS = 2_000;

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
  settleHeap();
  keepNurserySmall();
  return untilStopped(tandem, settings.drainMs, log);
}

/** Announces an open Tandem, and ends it at SIGTERM, SIGINT or a bug. Resolves with the exit code. */
export async function untilStopped(tandem: Tandem, drainMs: number, log: Log): Promise<number> {
  const stopped = signalled();
  announce(tandem);
  const isBroken = broken();
  let failure = await Promise.race([stopped, isBroken]);
  if (failure === undefined) {
    log.info('draining', { liveCalls: tandem.liveCallCount, limitMs: drainMs });
    failure = await Promise.race([tandem.drain(drainMs).then(() => undefined), isBroken]);
  }
  if (failure !== undefined) log.error('ending because of a bug', { error: failure.stack ?? failure.message });
  const isClosed = await tandem.close().then(
    () => true,
    (error: unknown) => {
      log.error('not everything could be closed', { error });
      return false;
    },
  );
  endInTime(log);
  return failure === undefined && isClosed ? EXIT.done : EXIT.failed;
}

/** By itself the process ends when nothing is open any more. What was not closed does not keep it. */
function endInTime(log: Log): void {
  const end = (): void => {
    log.error('something is still open, so the process is ended hard');
    process.kill(process.pid, 'SIGKILL');
  };
  setTimeout(end, END_LIMIT_MS).unref();
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
  if (tandem.secrets.length > 0) {
    lines.push('These secrets are shown this once and kept nowhere in clear.');
    lines.push(`From a registered phone, dial ${DEMONSTRATIONS}.`);
  }
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
