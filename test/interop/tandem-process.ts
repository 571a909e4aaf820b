import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, until } from './program.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Files of tests run side by side, each number of the pool with RTP ports of its own. */
const RTP_PORTS_EACH = 1_000;

export interface TandemOptions {
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly within?: readonly string[];
  /** Script started instead of the command `tandem`; it takes the same arguments. */
  readonly script?: string;
  /** SIP listeners; default UDP and TCP on a free port of 127.0.0.1. */
  readonly listeners?: readonly string[];
}

function rtpPorts(): string {
  const from = 20_000 + (Number(process.env['VITEST_POOL_ID'] ?? '1') - 1) * RTP_PORTS_EACH;
  return `${from}-${from + RTP_PORTS_EACH - 1}`;
}

/** A whole Tandem as its users start it, on loopback ports that the system chose. */
export class TandemProcess {
  readonly program: Program;
  readonly folder: string;
  sipPort = 0;
  tcpPort = 0;
  tlsPort = 0;
  wssPort = 0;
  httpPort = 0;
  #token: string | undefined;

  constructor(options: TandemOptions = {}) {
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tandem-data-'));
    const listeners = options.listeners ?? ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'];
    const command = [
      ...(options.within ?? []),
      join(ROOT, 'node_modules/.bin/node'),
      join(ROOT, options.script ?? 'cli/main.ts'),
      'serve',
      '--data',
      this.folder,
      '--http',
      '127.0.0.1:0',
      '--workers',
      '1',
      '--rtp',
      rtpPorts(),
      ...listeners.flatMap((listener) => ['--sip', listener]),
      ...(options.args ?? []),
    ];
    const env = {
      TANDEM_ADMIN_PASSWORD: 'correct horse battery',
      TANDEM_ACCESSKEY: 'vb_test_key_of_the_suite_0123456789',
      ...options.env,
    };
    this.program = new Program(command[0]!, command.slice(1), { env });
  }

  static async start(options: TandemOptions = {}): Promise<TandemProcess> {
    const tandem = new TandemProcess(options);
    await tandem.ready();
    return tandem;
  }

  async ready(timeoutMs = 30_000): Promise<void> {
    this.sipPort = Number((await this.program.saw(/listening sip udp \S+:(\d+)/, timeoutMs))[1]);
    this.httpPort = Number((await this.program.saw(/listening http \S+:(\d+)/, timeoutMs))[1]);
    this.tcpPort = this.#portOf('tcp');
    this.tlsPort = this.#portOf('tls');
    this.wssPort = this.#portOf('wss');
  }

  /** Answer of the API to the admin of the first start, a project super admin. */
  async asAdmin(method: string, path: string, body?: unknown): Promise<{ id: string } & Record<string, unknown>> {
    const credentials = { username: 'admin@localhost', password: 'correct horse battery' };
    this.#token ??= String((await this.api('POST', '/auth/login', credentials)).body['token']);
    const answer = await this.api(method, path, body, this.#token);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as { id: string } & Record<string, unknown>;
  }

  /** Answer of the API with the suite's access key, or another credential. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    credential = 'vb_test_key_of_the_suite_0123456789',
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  async createExtension(extension: string, password: string, srtp = 'off'): Promise<void> {
    const made = await this.api('POST', '/v1.0/extensions', { extension, password, srtp });
    if (made.status !== 200) throw new Error(`extension ${extension}: ${made.status} ${JSON.stringify(made.body)}`);
  }

  /** Value of a metric without labels, or the sum over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (lines.length === 0) throw new Error(`no metric ${name} in:\n${text}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Waits until a metric has the value. */
  async settled(name: string, value: number, timeoutMs = 20_000): Promise<void> {
    let last = Number.NaN;
    await until(
      async () => {
        last = await this.metric(name);
        return last === value ? true : undefined;
      },
      timeoutMs,
      () => `${name} = ${value}, is ${last}`,
    );
  }

  #portOf(transport: string): number {
    return Number(new RegExp(`listening sip ${transport} \\S+:(\\d+)`).exec(this.program.output)?.[1] ?? 0);
  }

  kill(): Promise<number> {
    return this.program.stop('SIGKILL');
  }

  stop(): Promise<number> {
    return this.program.stop('SIGTERM', 40_000);
  }
}
