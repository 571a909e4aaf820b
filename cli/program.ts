import { Command, CommanderError, Option } from 'commander';
import { Fault } from '../core/kernel/fault.ts';
import { ADMIN_USERNAME } from './bootstrap.ts';
import { addCallCommand } from './call-command.ts';
import { resetPassword } from './reset-password.ts';
import { startServing } from './serve-command.ts';
import { addSettingFlags } from './setting-flags.ts';
import { status } from './status.ts';
import { EXIT, type Format, printFailure } from './terminal.ts';
import { trace } from './trace.ts';
import { VERSION } from './version.ts';

/** Runs the command line of a process and returns its exit code. Every failure is one sentence on standard error. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const isJson = argv.includes('--json');
  let exitCode: number = EXIT.done;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    printFailure(isJson ? 'json' : 'text', error);
    if (error instanceof Fault && error.code === 'INVALID_SETTING') return EXIT.usage;
    return argv[2] === 'serve' ? EXIT.cannotStart : EXIT.failed;
  }
}

function buildProgram(setExitCode: (code: number) => void): Command {
  const program = new Command('tandem')
    .description('A softswitch and communication platform in one process.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(usageSentence(text)) })
    .addHelpText('after', FIRST_STEPS);

  const serving = program
    .command('serve')
    .description('Serve: SIP, RTP and HTTP, until SIGTERM or SIGINT; then drain and end.')
    .addHelpText('after', SERVE_NOTES);
  addSettingFlags(serving).action(async (flags: Record<string, unknown>) => setExitCode(await startServing(flags)));

  asking(program.command('status'), 'Show what the process that serves a data folder is doing.').action(
    ({ data, json }: Asking) => status({ data, format: formatOf(json) }),
  );
  asking(program.command('trace'), 'Show SIP messages and events as they happen, until interrupted.')
    .option('--full', 'whole messages instead of their first lines')
    .option('--match <TEXT>', 'only what contains this text, such as a number or a Call-ID')
    .action(({ data, json, full = false, match }: Asking & { full?: boolean; match?: string }) =>
      trace({ data, format: formatOf(json), full, match }),
    );
  asking(program.command('reset-password'), 'Give an agent a new password, also while Tandem runs.')
    .argument('[username]', 'the agent', ADMIN_USERNAME)
    .option('--stdin', 'read the password from standard input instead of making one')
    .action((username: string, { data, json, stdin = false }: Asking & { stdin?: boolean }) =>
      resetPassword({ data, format: formatOf(json), username, source: stdin ? 'standard-input' : 'random' }),
    );
  addCallCommand(program, setExitCode);
  addTrunkCommand(program, setExitCode);
  addFlowCommand(program, setExitCode);
  return program;
}

function addFlowCommand(program: Command, setExitCode: (code: number) => void): void {
  const flow = program
    .command('flow')
    .description('Work on call flows without a running Tandem.')
    .allowExcessArguments()
    .action((_: unknown, command: Command) =>
      command.error(`flow: expected check and a file, got ${command.args.join(' ') || 'nothing'}`),
    );
  flow
    .command('check')
    .description('Say everything that is wrong with a flow: a JSON file with actions.')
    .argument('<file>', 'the file; - for standard input')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { checkFlow } = await import('./flow-check.ts');
      setExitCode(checkFlow(file, formatOf(json)));
    });
}

function addTrunkCommand(program: Command, setExitCode: (code: number) => void): void {
  const trunk = program
    .command('trunk')
    .description('Work on the providers and trunks that carry calls.')
    .allowExcessArguments()
    .action((_: unknown, command: Command) =>
      command.error(`trunk: expected check or profile and a name, got ${command.args.join(' ') || 'nothing'}`),
    );
  asking(trunk.command('check'), 'Try a provider or a trunk step by step, and say what is wrong and what to change.')
    .argument('<name>', 'the name, host name or id of a provider or of an own trunk')
    .action(async (name: string, { data, json }: Asking) => {
      const { checkTrunk } = await import('./trunk-check.ts');
      setExitCode(await checkTrunk({ data, name, format: formatOf(json) }));
    });
  trunk
    .command('profile')
    .description('Show what kinds of providers require, or how one of them is set up.')
    .argument('[name]', 'the name of a profile')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const { showProfile } = await import('./trunk-profiles.ts');
      showProfile(name, formatOf(json));
    });
}

/** Options of the commands that concern a data folder. */
interface Asking {
  readonly data: string;
  readonly json?: boolean;
}

function asking(command: Command, description: string): Command {
  return command
    .description(description)
    .addOption(new Option('--data <DIR>', 'the data folder').default('./data').env('TANDEM_DATA'))
    .option('--json', 'print JSON');
}

function formatOf(json: boolean | undefined): Format {
  return json === true ? 'json' : 'text';
}

/** Commander's words on a wrong command line, as a sentence that says where to look. */
function usageSentence(text: string): string {
  const [first = '', ...rest] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const hint = rest.length === 0 ? '' : ` ${rest.join(' ')}`;
  return `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.${hint} See tandem --help.\n`;
}

const FIRST_STEPS = `
Examples:
  tandem serve                                   serve with the settings of every day
  tandem serve --sip udp:0.0.0.0:5060 --http 127.0.0.1:8080 --data /var/lib/tandem
  tandem status --json                           what it is doing, for a program
  tandem trace --match 1001                      every message about extension 1001
  tandem call sip:1001@127.0.0.1 --user 1000 --password SECRET --seconds 5
  tandem flow check menu.json                    whether a call flow can run, and what is wrong with it
  tandem trunk check carrier                     whether a provider or trunk can be called, and what is wrong
  tandem reset-password                          a new password for ${ADMIN_USERNAME}

Exit codes: 0 done, 1 failed, 2 wrong command line or setting, 69 cannot start.`;

const SERVE_NOTES = `
Every setting is also an environment variable (--rtp-sharing is TANDEM_RTP_SHARING) and a line of the YAML file given by
--config (rtp-sharing: on); flags win over the environment, the environment over the file.
The first start prints its secrets once. TANDEM_ADMIN_PASSWORD and TANDEM_ACCESSKEY give them instead.`;
