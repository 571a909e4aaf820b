import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';

export interface SippOptions {
  readonly scenario: 'register' | 'caller' | 'caller-until-bye' | 'callee' | 'trunk' | 'scripted';
  readonly serverPort: number;
  readonly localPort: number;
  /** User part called or registered. */
  readonly service: string;
  readonly user?: string;
  readonly password?: string;
  readonly calls: number;
  readonly callsPerSecond?: number;
  /** How long a caller talks. */
  readonly holdMs?: number;
  /** Sends the RTP that arrives back to where it came from. */
  readonly echoes?: boolean;
  readonly keys?: Record<string, string>;
  readonly timeoutSeconds?: number;
}

/** RTP port of a SIPp with this SIP port, 15,000 to 15,999; it takes the one after the next, too. Below those that the system hands out. */
export function sippMediaPort(localPort: number): number {
  return 16_000 + 4 * (localPort - 15_000);
}

/** One SIPp run of a scenario of ours; its exit code is 0 when every call went as written. */
export function sipp(options: SippOptions): Program {
  const { scenario, serverPort, localPort, service, user = service, password = '', calls } = options;
  const file = fileURLToPath(new URL(`sipp/${scenario}.xml`, import.meta.url));
  const keys = Object.entries({ user, ...options.keys }).flatMap(([name, value]) => ['-key', name, value]);
  return new Program(
    'sipp',
    [
      '-sf',
      file,
      '-s',
      service,
      '-au',
      user,
      '-ap',
      password,
      '-m',
      String(calls),
      '-l',
      '2000',
      '-r',
      String(options.callsPerSecond ?? 10),
      '-i',
      '127.0.0.1',
      '-p',
      String(localPort),
      '-d',
      String(options.holdMs ?? 100),
      '-mp',
      String(sippMediaPort(localPort)),
      ...(options.echoes === true ? ['-rtp_echo'] : []),
      ...keys,
      '-timeout',
      `${options.timeoutSeconds ?? 30}s`,
      '-timeout_error',
      '-recv_timeout',
      '20000',
      '-nostdin',
      '-nd',
      '-trace_err',
      '-aa',
      `127.0.0.1:${serverPort}`,
    ],
    { cwd: mkdtempSync(join(tmpdir(), 'tandem-sipp-')) },
  );
}
