import { parseArgs } from 'node:util';

export type Challenges = 'always' | 'reuse';

export interface LoadOptions {
  /** What is measured: registrations one after the other, or calls. */
  readonly subject: 'registrations' | 'calls';
  /** IPv4 address and port of the switch. */
  readonly server: { readonly address: string; readonly port: number };
  /** Extensions that the generator plays; they share one password. */
  readonly accounts: readonly string[];
  readonly password: string;
  /** A number to call instead of the generator's own phones; '' for those. */
  readonly destination: string;
  /** Calls that are held together while it is measured; 0 for calls that come and go. */
  readonly held: number;
  /** Calls (or registrations) begun in a second; 0 for as many as `concurrency` lets through. */
  readonly ratePerS: number;
  /** Calls (or registrations) under way at once, at most. */
  readonly concurrency: number;
  /** How long a call lasts when calls come and go. */
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** How long it is measured. */
  readonly measuredMs: number;
  readonly audio: 'on' | 'off';
  /** Whether a REGISTER answers the last challenge again, or waits for a new one. */
  readonly challenges: Challenges;
  /** The process whose CPU time is read; 0 for none. */
  readonly pid: number;
  readonly firstPort: number;
  /** How long the generator rests between two looks at its sockets; 0: not at all, so that delays are exact. */
  readonly turnMs: number;
}

export const LOAD_USAGE = `Usage: node cli/load/main.ts calls|registrations --server 127.0.0.1:5060 --accounts 2000-2099 --password P
  --held N           calls held together while it is measured; without it calls come and go
  --destination N    call this number instead of the generator's own phones (half of them call the other half)
  --rate N           calls or registrations begun per second; without it as many as --concurrency lets through
  --concurrency N    under way at once, at most (default: no limit with a rate, 50 without)
  --duration S       length of a call when calls come and go (default 0)
  --warm-up S        before it is measured (default 1)
  --seconds S        measured time (default 5)
  --audio on|off     20 ms of PCMU both ways (default on with --held, else off)
  --challenges always|reuse   whether a REGISTER waits for a challenge (default always)
  --pid N            a process whose CPU time is to be reported
  --first-port N     the generator's ports begin here (default 30000)
  --turn MS          rest between two looks at the sockets (default 1; 0 takes a whole core, and delays are exact)
Prints one line of JSON. Exit code 0 when everything succeeded, 1 when something failed, 2 for wrong arguments.
`;

const OPTIONS = {
  server: { type: 'string' },
  accounts: { type: 'string' },
  password: { type: 'string' },
  destination: { type: 'string', default: '' },
  held: { type: 'string', default: '0' },
  rate: { type: 'string', default: '0' },
  concurrency: { type: 'string' },
  duration: { type: 'string', default: '0' },
  'warm-up': { type: 'string', default: '1' },
  seconds: { type: 'string', default: '5' },
  audio: { type: 'string' },
  challenges: { type: 'string', default: 'always' },
  pid: { type: 'string', default: '0' },
  'first-port': { type: 'string', default: '30000' },
  turn: { type: 'string', default: '1' },
} as const;

const CONCURRENCY = 50;

/** Throws an Error with one sentence when the arguments make no sense. */
export function parseLoadOptions(args: readonly string[]): LoadOptions {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const subject = oneOf('subject', positionals[0] ?? '', ['calls', 'registrations']);
  const ratePerS = number('rate', values.rate);
  const held = number('held', values.held);
  const firstPort = number('first-port', values['first-port']);
  return {
    subject,
    server: serverOf(values.server ?? ''),
    accounts: accountsOf(values.accounts ?? ''),
    password: values.password ?? '',
    destination: values.destination,
    held,
    ratePerS,
    concurrency: number('concurrency', values.concurrency ?? (ratePerS > 0 ? '1000000' : String(CONCURRENCY))),
    durationMs: 1000 * number('duration', values.duration),
    warmUpMs: 1000 * number('warm-up', values['warm-up']),
    measuredMs: 1000 * number('seconds', values.seconds),
    audio: oneOf('audio', values.audio ?? (held > 0 ? 'on' : 'off'), ['on', 'off']),
    challenges: oneOf('challenges', values.challenges, ['always', 'reuse']),
    pid: number('pid', values.pid),
    firstPort: firstPort + (firstPort % 2),
    turnMs: number('turn', values.turn),
  };
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`${name}: expected ${choices.join(' or ')}, got "${text}"`);
  return found;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new Error(`--${name}: expected a number from 0, got "${text}"`);
  return value;
}

function serverOf(text: string): { address: string; port: number } {
  const match = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(text);
  if (match === null) throw new Error(`--server: expected an IPv4 address and a port, got "${text}"`);
  return { address: match[1]!, port: Number(match[2]) };
}

/** `2000-2099`: every number of the range. */
function accountsOf(text: string): readonly string[] {
  const match = /^(\d+)-(\d+)$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || !(to > from)) throw new Error(`--accounts: expected a range as 2000-2099, got "${text}"`);
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(match[1]!.length, '0'));
}
