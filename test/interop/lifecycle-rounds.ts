import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Program, until } from './program.ts';
import { sipp } from './sipp.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';
import { readVoice, toneSeconds, writeVoice } from './voice.ts';

/** What goes on when the process is stopped: nothing; calls, registrations and API writes; or a media thread has died. */
export type Occupation = 'idle' | 'busy' | 'media thread died';
export type StopSignal = 'SIGTERM' | 'SIGKILL';

/** Below the ports that the system hands out, so that nobody takes one between two rounds. */
const SIP_PORT = 15_400;
const HTTP_PORT = 15_401;
const CALLEE_PORT = 15_420;
const CALLER_PORT = 15_430;
const LIVE_CALLS = 5;
const WRITERS = 4;
/** Acknowledged in a round before it is stopped in the middle of more. */
const WRITES_MIN = 10;
const TONE_HZ = 700;
/** Of these 2 s are for a BYE that gets no answer, as to a call that a killed process left; 1 s is for the drain. */
const STOP_BOUND_MS = { idle: 4_000, busy: 5_000, 'media thread died': 4_000 } as const;

/** One Tandem after another on the same folder and the same ports. */
export class Rounds {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tandem-rounds-'));
  readonly #acknowledged = ['3000', '3001'];
  /** Phones whose calls outlived their process: the next one says BYE to them. */
  #widowed: Program[] = [];
  #running: Program[] = [];
  /** Registers again and again until its process is gone. */
  #registering: Program | undefined;
  #isRegistered = false;
  #lastExtension = 500_000;

  /** A start, the occupation, the stop. Afterwards the process is gone; what it acknowledged is judged by the next. */
  async round(occupation: Occupation, signal: StopSignal): Promise<void> {
    const server = await this.#start(
      occupation === 'media thread died' ? 'test/interop/lifecycle-drill.ts' : 'cli/main.ts',
    );
    await this.#findsAll(server);
    if (occupation === 'media thread died') await this.#loseMediaThread(server);
    const writers = occupation === 'busy' ? await this.#occupy(server) : [];
    const startedAt = performance.now();
    expect(await server.program.stop(signal, 20_000), server.program.output).toBe(signal === 'SIGTERM' ? 0 : 128);
    const tookMs = performance.now() - startedAt;
    await Promise.all(writers);
    await this.#registering?.stop('SIGKILL');
    this.#registering = undefined;
    expect(tookMs, server.program.output).toBeLessThan(STOP_BOUND_MS[occupation]);
    if (signal === 'SIGTERM') await this.#widowsEnd();
  }

  /** A last start finds everything that was acknowledged. */
  async end(): Promise<number> {
    const server = await this.#start('cli/main.ts');
    await this.#findsAll(server);
    await server.stop();
    return this.#acknowledged.length;
  }

  async stop(): Promise<void> {
    for (const program of this.#running.splice(0).reverse()) await program.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true });
  }

  async #start(script: string): Promise<TandemProcess> {
    this.#running = this.#running.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    const server = new TandemProcess({
      folder: this.#folder,
      script,
      listeners: [`udp:127.0.0.1:${SIP_PORT}`, `tcp:127.0.0.1:${SIP_PORT}`],
      args: ['--http', `127.0.0.1:${HTTP_PORT}`, '--drain', '1s'],
    });
    this.#running.push(server.program);
    await server.ready();
    if (this.#isRegistered) expect(await server.metric('tandem_bindings')).toBe(1);
    await this.#widowsEnd();
    return server;
  }

  /** Every row whose creation was acknowledged is there; the first start makes the two phones. */
  async #findsAll(server: TandemProcess): Promise<void> {
    const found = await extensionsOf(server);
    if (found.size === 2) for (const name of this.#acknowledged) await server.createExtension(name, passwordOf(name));
    else expect(this.#acknowledged.filter((name) => !found.has(name))).toEqual([]);
  }

  // ── Busy ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves with the writers that still write, once calls are up and rows were acknowledged. */
  async #occupy(server: TandemProcess): Promise<Promise<void>[]> {
    await this.#register();
    await this.#callsUp(server, LIVE_CALLS);
    this.#registering = this.#phone('register', { calls: 500, localPort: CALLER_PORT + 5, callsPerSecond: 100 });
    const before = this.#acknowledged.length;
    const writers = Array.from({ length: WRITERS }, () => this.#write(server));
    const enough = () => this.#acknowledged.length >= before + WRITES_MIN || undefined;
    await until(enough, 10_000, () => `${WRITES_MIN} rows acknowledged`);
    return writers;
  }

  /** Creates extensions until the process is gone. */
  async #write(server: TandemProcess): Promise<void> {
    for (;;) {
      const extension = String(++this.#lastExtension);
      const body = { extension, password: passwordOf(extension) };
      const answer = await server.api('POST', '/v1.0/extensions', body).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 200) this.#acknowledged.push(extension);
      else expect(answer.status).toBe(503);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #register(): Promise<void> {
    const program = this.#phone('register', { calls: 1, localPort: CALLER_PORT + 6 });
    expect(await program.exited, program.output).toBe(0);
    this.#isRegistered = true;
  }

  /** Calls between two SIPps that wait for a BYE. */
  async #callsUp(server: TandemProcess, calls: number): Promise<void> {
    const before = await server.metric('tandem_calls_answered_total');
    const callee = this.#phone('callee', { calls, localPort: CALLEE_PORT });
    const caller = this.#phone('caller-until-bye', { calls, localPort: CALLER_PORT, user: '3000' });
    this.#widowed.push(callee, caller);
    await server.settled('tandem_calls_answered_total', before + 2 * calls);
    // Answers are committed soon after: a process that is killed may forget a younger one.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await server.settled('tandem_store_queue', 0);
  }

  /** The phones whose calls were cut off have got their BYE. */
  async #widowsEnd(): Promise<void> {
    for (const program of this.#widowed.splice(0)) expect(await program.exited, program.output).toBe(0);
  }

  // ── A media thread dies ───────────────────────────────────────────────────────────────────────────────────

  async #loseMediaThread(server: TandemProcess): Promise<void> {
    await this.#register();
    await this.#callsUp(server, 1);
    process.kill(server.program.pid, 'SIGUSR2');
    await this.#widowsEnd();
    await server.settled('tandem_calls_live', 0);
    const { body } = await server.api('GET', '/v1.0/calls?page_size=2');
    expect(body['result']).toHaveLength(2);
    for (const call of body['result'] as Record<string, string>[]) expect(call).toMatchObject(endedBySwitch(call));
    await this.#hearsEcho();
  }

  /** A call with audio to a phone that sends back what it hears. */
  async #hearsEcho(): Promise<void> {
    const callee = this.#phone('callee', { calls: 1, localPort: CALLEE_PORT, echoes: true });
    const spoken = writeVoice(join(this.#folder, 'spoken.wav'), TONE_HZ, 4);
    const heard = join(this.#folder, 'heard.wav');
    const account = ['--user', '3000', '--password', passwordOf('3000')];
    const talk = ['--play', spoken, '--record', heard, '--seconds', '2.5'];
    const command = [join(ROOT, 'cli/main.ts'), 'call', `sip:3001@127.0.0.1:${SIP_PORT}`, ...account, ...talk];
    const caller = new Program(join(ROOT, 'node_modules/.bin/node'), command);
    this.#running.push(caller);
    expect(await caller.exited, caller.output).toBe(0);
    expect(await callee.exited, callee.output).toBe(0);
    // On a busy machine the echo is late, and has gaps.
    expect(toneSeconds(readVoice(heard), TONE_HZ), caller.output).toBeGreaterThan(0.3);
  }

  #phone(
    scenario: 'register' | 'callee' | 'caller-until-bye',
    options: {
      calls: number;
      localPort: number;
      user?: string;
      echoes?: boolean;
      callsPerSecond?: number;
    },
  ): Program {
    const { user = '3001' } = options;
    const keys = { contact_port: String(CALLEE_PORT) };
    const account = { service: '3001', user, password: passwordOf(user) };
    const program = sipp({ scenario, serverPort: SIP_PORT, callsPerSecond: 20, ...account, keys, ...options });
    this.#running.push(program);
    return program;
  }
}

/** How the record of a call looks that the switch cut off; the reference has no word for it when the call was outgoing. */
export function endedBySwitch({ direction }: Record<string, string>): Record<string, string> {
  return { status: 'hangup', hangup_by: 'local', hangup_reason: direction === 'incoming' ? 'failed' : 'normal' };
}

function passwordOf(extension: string): string {
  return `secret-of-${extension}`;
}

async function extensionsOf(server: TandemProcess): Promise<Set<string>> {
  const found = new Set<string>();
  let token = '';
  do {
    const { body } = await server.api('GET', `/v1.0/extensions?page_size=100&page_token=${encodeURIComponent(token)}`);
    for (const { extension } of body['result'] as { extension: string }[]) found.add(extension);
    token = body['next_page_token'] as string;
  } while (token !== '');
  return found;
}
