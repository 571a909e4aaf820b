import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { HttpClient, HttpEvent, HttpRequest } from '../core/ports.ts';
import type { AddressGuard } from './address-guard.ts';
import { resumedBody } from './resumed-body.ts';

/** Requests on their way at once; more wait. */
const ACTIVE_MAX = 200;
/** Requests that wait; more fail at once. */
const WAITING_MAX = 10_000;
const REDIRECTS_MAX = 5;
const CONNECT_MAX_MS = 5000;
/** Nobody waits longer than that, whatever was asked for. */
const TIMEOUT_MAX_MS = 3_600_000;
/** Connections kept for the next request to the same host, and how long. */
const IDLE_CONNECTIONS_MAX = 32;
const IDLE_TIMEOUT_MS = 15_000;
/** How the message is framed is ours to say. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Not told to another origin that the first one points to. */
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** A file that is being received: kept whole, or not at all. */
export interface Download {
  write(bytes: Uint8Array): Promise<void>;
  /** Puts the file in its place. */
  keep(): Promise<void>;
  /** Leaves nothing behind. Without effect after `keep`. */
  discard(): Promise<void>;
}

/** Where answers are saved: this folder touches no files. */
export interface Downloads {
  begin(path: string): Promise<Download>;
}

export interface OutgoingHttpOptions {
  readonly guard: AddressGuard;
  readonly downloads: Downloads;
  /** Gets every outcome, in a turn of its own. */
  readonly received: (event: HttpEvent) => void;
  readonly activeMax?: number;
  readonly waitingMax?: number;
  /** A server that has not taken the connection by then is not waited for. */
  readonly connectMaxMs?: number;
}

interface Waiting {
  readonly request: HttpRequest;
  /** Runs from the moment when it was asked for: waiting is part of the time. */
  readonly signal: AbortSignal;
}

type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

/** Requests to servers of users: webhooks, `fetch`, audio. */
export class OutgoingHttp implements HttpClient {
  readonly #options: OutgoingHttpOptions;
  readonly #activeMax: number;
  readonly #waitingMax: number;
  readonly #waiting: Waiting[] = [];
  readonly #stop = new AbortController();
  readonly #agents = {
    plain: new PlainAgent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, timeout: IDLE_TIMEOUT_MS }),
    secure: new SecureAgent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, timeout: IDLE_TIMEOUT_MS }),
  };
  #activeCount = 0;
  #refusedTotal = 0;

  constructor(options: OutgoingHttpOptions) {
    this.#options = options;
    this.#activeMax = options.activeMax ?? ACTIVE_MAX;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
  }

  get activeCount(): number {
    return this.#activeCount;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Requests that failed because too many waited. */
  get refusedTotal(): number {
    return this.#refusedTotal;
  }

  request(request: HttpRequest): void {
    if (this.#stop.signal.aborted) {
      this.#fail(request, 'the process is ending');
    } else if (this.#waiting.length >= this.#waitingMax) {
      this.#refusedTotal += 1;
      this.#fail(request, `expected at most ${this.#waitingMax} requests that wait, got one more`);
    } else {
      this.#waiting.push({ request, signal: AbortSignal.timeout(Math.min(request.timeoutMs, TIMEOUT_MAX_MS)) });
      this.#startWaiting();
    }
  }

  /** Ends what is under way; its outcomes are failures. */
  close(): void {
    this.#stop.abort();
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  #startWaiting(): void {
    while (this.#activeCount < this.#activeMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#activeCount += 1;
      void this.#run(next);
    }
  }

  async #run({ request, signal }: Waiting): Promise<void> {
    const { owner, number } = request;
    let event: HttpEvent;
    try {
      const answer = await this.#answerTo(request, AbortSignal.any([signal, this.#stop.signal]));
      event = { kind: 'answered', owner, number, ...answer };
    } catch (error) {
      const isLate = signal.aborted;
      event = {
        kind: 'failed',
        owner,
        number,
        detail: isLate ? `no answer in ${request.timeoutMs} ms` : detailOf(error),
      };
    }
    this.#activeCount -= 1;
    this.#options.received(event);
    this.#startWaiting();
  }

  #fail({ owner, number }: HttpRequest, detail: string): void {
    queueMicrotask(() => this.#options.received({ kind: 'failed', owner, number, detail }));
  }

  async #answerTo(request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    let step: Step = {
      url: urlOf(request.url),
      method: request.method,
      body: request.body,
      headers: headersOf(request),
    };
    for (let redirects = 0; ; redirects++) {
      const response = await this.#exchange(step, signal);
      const next = redirectOf(response, step);
      if (next === undefined) return await this.#receive(request, response, step, signal);
      response.destroy();
      if (redirects >= REDIRECTS_MAX) throw new Error(`expected at most ${REDIRECTS_MAX} redirects, got one more`);
      step = next;
    }
  }

  /** One message out, the head of its answer in. A kept connection that the server has closed meanwhile is tried again. */
  async #exchange(step: Step, signal: AbortSignal): Promise<IncomingMessage> {
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      const sent = this.#send(step, signal);
      try {
        return await headOf(sent);
      } catch (error) {
        const isStale = sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (!isFirst || !isStale || step.method === 'POST') throw error;
      }
    }
  }

  #send(step: Step, signal: AbortSignal): ClientRequest {
    const why = this.#options.guard.whyNotHost(step.url.hostname);
    if (why !== undefined) throw new Error(why);
    const isSecure = step.url.protocol === 'https:';
    const bytes = Buffer.from(step.body);
    const length = bytes.length > 0 || step.method !== 'GET' ? { 'content-length': String(bytes.length) } : {};
    const sent = (isSecure ? secureRequest : plainRequest)(step.url, {
      method: step.method,
      agent: isSecure ? this.#agents.secure : this.#agents.plain,
      headers: { ...step.headers, ...length },
      lookup: this.#options.guard.lookup,
      signal,
    });
    const limitMs = this.#options.connectMaxMs ?? CONNECT_MAX_MS;
    limitConnecting(sent, isSecure ? 'secureConnect' : 'connect', limitMs);
    sent.end(bytes);
    return sent;
  }

  async #receive(request: HttpRequest, response: IncomingMessage, step: Step, signal: AbortSignal): Promise<Answer> {
    const status = response.statusCode ?? 0;
    const contentType = response.headers['content-type'] ?? '';
    const announced = Number(response.headers['content-length'] ?? 0);
    try {
      if (announced > request.answerBytesMax) throw tooLong(request, `${announced}`);
      const encoding = response.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'identity') throw new Error(`expected an answer without content-encoding, got ${cut(encoding)}`);
      // A page that tells of an error is not what the file was meant to hold.
      const isSaved = request.saveTo !== undefined && status >= 200 && status < 300;
      if (isSaved) {
        const askAgain = (headers: Step['headers']) =>
          this.#exchange({ ...step, headers: { ...step.headers, ...headers } }, signal);
        await this.#save(request, resumedBody(response, askAgain), request.saveTo);
      }
      const body = isSaved ? '' : await textOf(request, response as AsyncIterable<Buffer>);
      return { status, contentType, body: request.saveTo === undefined ? body : '' };
    } catch (error) {
      response.destroy();
      throw error;
    }
  }

  async #save(request: HttpRequest, body: AsyncIterable<Buffer>, path: string): Promise<void> {
    const download = await this.#options.downloads.begin(path);
    try {
      for await (const chunk of bounded(request, body)) await download.write(chunk);
      await download.keep();
    } catch (error) {
      await download.discard();
      throw error;
    }
  }
}

/** One message of a chain of redirects. */
interface Step {
  readonly url: URL;
  readonly method: HttpRequest['method'];
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function urlOf(text: string, base?: string): URL {
  const url = URL.parse(text, base);
  if (url === null) throw new Error(`expected a URL, got ${cut(text)}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`expected an http or https URL, got ${cut(url.protocol)}`);
  }
  return url;
}

function headersOf(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'Tandem', 'accept-encoding': 'identity', accept: '*/*' };
  for (const [name, value] of Object.entries(request.headers)) {
    if (!OWN_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** The message that follows (RFC 9110 §15.4); undefined when this is the answer. */
function redirectOf(response: IncomingMessage, { url, method, body, headers }: Step): Step | undefined {
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const target = urlOf(location, url.href);
  const isRepeated = status >= 307 || (status !== 303 && method !== 'POST');
  const dropped = (name: string): boolean =>
    (target.origin !== url.origin && SECRET_HEADERS.has(name)) || (!isRepeated && name.startsWith('content-'));
  return {
    url: target,
    method: isRepeated ? method : 'GET',
    body: isRepeated ? body : '',
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped(name))),
  };
}

/** From the look-up of the name to the end of what encrypts it. */
function limitConnecting(sent: ClientRequest, connected: 'connect' | 'secureConnect', limitMs: number): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const limit = AbortSignal.timeout(limitMs);
    limit.onabort = () => void sent.destroy(new Error(`not connected in ${limitMs} ms`));
    const drop = (): void => {
      limit.onabort = null;
    };
    socket.once(connected, drop);
    socket.once('close', drop);
  });
}

function headOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('expected an answer, got a change of protocol'));
    });
    // Stays for what comes after the head: the body tells of it as well.
    sent.on('error', reject);
  });
}

async function* bounded(request: HttpRequest, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > request.answerBytesMax) throw tooLong(request, 'more');
    yield chunk;
  }
}

async function textOf(request: HttpRequest, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bounded(request, body)) chunks.push(chunk);
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function tooLong({ answerBytesMax }: HttpRequest, got: string): Error {
  return new Error(`expected an answer of at most ${answerBytesMax} bytes, got ${got}`);
}

/** What is told of an error: without the URL, which may carry credentials. */
function detailOf(error: unknown): string {
  if (error instanceof AggregateError) return detailOf(error.errors[0]);
  return error instanceof Error ? cut(error.message) : 'the request failed';
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
