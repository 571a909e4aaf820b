import { type Command, InvalidArgumentError, Option } from 'commander';
import { DIAL_TRANSPORTS, type DialString, type DialTransport, readDialString } from './phone/dial-string.ts';

/** As many as a stream keeps waiting. */
const DIGITS_MAX = 64;
const SECONDS_MAX = 86_400;

interface CallFlags {
  readonly user?: string;
  readonly password?: string;
  readonly play?: string;
  readonly record?: string;
  readonly digits?: string;
  readonly seconds?: number;
  readonly transport?: DialTransport;
  readonly tlsAuthorities?: string;
  readonly json?: boolean;
}

/** Adds `tandem call`. What it needs is loaded when it runs. */
export function addCallCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('call')
    .description('Call a number from here, play and record, until the other side or Ctrl-C hangs up.')
    .argument('<uri>', 'whom to call, as sip:NUMBER@HOST[:PORT]')
    .option('--user <NUMBER>', 'who calls; an extension of the called switch')
    .option('--password <SECRET>', 'password of the user')
    .option('--play <WAV>', 'file that the other side hears')
    .option('--record <WAV>', 'file to write what the other side says to')
    .option('--digits <KEYS>', 'keys to press after the answer, such as 12#', digitsOf)
    .option('--seconds <N>', 'hang up so long after the answer', secondsOf)
    .addOption(new Option('--transport <NAME>', 'how SIP travels (default udp)').choices(DIAL_TRANSPORTS))
    .option('--tls-authorities <FILE>', 'root certificates that are believed beside the usual ones')
    .option('--json', 'print one JSON object at the end')
    .action(async (text: string, flags: CallFlags, command: Command) => {
      const target = readDialString(text, flags.transport);
      if ('wrong' in target) command.error(`the number cannot be called: ${target.wrong}`);
      else if (flags.password !== undefined && flags.user === undefined)
        command.error('--password: expected --user beside it, got none');
      else setExitCode(await place(target, flags));
    });
}

async function place(target: DialString, flags: CallFlags): Promise<number> {
  const { call } = await import('./call.ts');
  const { user = '', password = '', play, record, digits = '', seconds, tlsAuthorities = '', json = false } = flags;
  return call({
    target,
    user,
    password,
    play,
    record,
    digits,
    seconds,
    tlsAuthorities,
    format: json ? 'json' : 'text',
  });
}

function digitsOf(text: string): string {
  if (new RegExp(`^[0-9A-D*#]{1,${DIGITS_MAX}}$`, 'i').test(text)) return text.toUpperCase();
  throw new InvalidArgumentError(`expected 1 to ${DIGITS_MAX} of 0-9, *, #, A-D.`);
}

function secondsOf(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`expected seconds from 0.1 to ${SECONDS_MAX}.`);
}
