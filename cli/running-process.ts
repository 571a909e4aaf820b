import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS, Fault, type FaultCode } from '../core/kernel/fault.ts';

/** What a serving process writes to `run.json` in its data folder, readable by its user alone. */
export interface RunFile {
  readonly pid: number;
  /** Where its API listens: `127.0.0.1:8080`. */
  readonly http: string;
  readonly token: string;
}

/** The process that serves a data folder, as other commands talk to it. */
export class RunningProcess {
  readonly #file: RunFile;

  private constructor(file: RunFile) {
    this.#file = file;
  }

  /** The process that serves the folder; undefined when there is none, or the file is a dead process's. */
  static find(dataFolder: string): RunningProcess | undefined {
    const file = readRunFile(join(dataFolder, 'run.json'));
    return file !== undefined && isAlive(file.pid) ? new RunningProcess(file) : undefined;
  }

  /** The process that serves the folder. Throws `UNREACHABLE`. */
  static require(dataFolder: string): RunningProcess {
    const found = RunningProcess.find(dataFolder);
    if (found !== undefined) return found;
    throw new Fault(
      'UNREACHABLE',
      `no Tandem serves the data folder ${dataFolder}: expected a live process, got none`,
      {
        path: dataFolder,
      },
    );
  }

  get pid(): number {
    return this.#file.pid;
  }

  /** Body of the answer to an operator's request. Throws the fault that was answered, or `UNREACHABLE`. */
  async ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const response = await this.#fetch(method, path, body);
    return response.json();
  }

  /** Lines of an endless answer, until it ends. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#fetch('GET', path, undefined, signal);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of response.body ?? []) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  async #fetch(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const { http, token, pid } = this.#file;
    const url = `http://${reachable(http)}/v1.0/operator/${path}`;
    const request: RequestInit = {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    };
    const response = await fetch(url, request).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new Fault('UNREACHABLE', `process ${pid} does not answer on ${http}`, { pid, http }, error);
    });
    if (!response.ok) throw await answeredFault(response);
    return response;
  }
}

function readRunFile(path: string): RunFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Fault('FILE_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, { path }, error);
  }
  try {
    const file = JSON.parse(text) as Partial<RunFile>;
    const { pid, http, token } = file;
    if (typeof pid === 'number' && typeof http === 'string' && typeof token === 'string') return { pid, http, token };
  } catch {
    // A file that is being written or was cut short names no process.
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // It lives, and is another user's.
  }
}

/** A listener on all interfaces is reached on this machine's own. */
function reachable(listener: string): string {
  return listener
    .replace(/^http:\/\//, '')
    .replace(/^0\.0\.0\.0:/, '127.0.0.1:')
    .replace(/^\[::\]:/, '[::1]:');
}

async function answeredFault(response: Response): Promise<Fault> {
  const { error } = (await response.json().catch(() => ({}))) as { error?: { reason?: string; message?: string } };
  const code: FaultCode =
    error?.reason !== undefined && error.reason in FAULTS ? (error.reason as FaultCode) : 'INTERNAL';
  return new Fault(code, error?.message ?? `the answer was ${response.status}`, { status: response.status });
}
