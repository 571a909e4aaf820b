import { WebSocket } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of any shape
export type Frame = any;

/** A frame that should come, and does not, ends the wait by this time. */
const WAIT_MS = 5_000;

/** A WebSocket whose frames are read one after another, as JSON. */
export class SocketClient {
  readonly socket: WebSocket;
  /** Code and reason once it is over. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #frames: Frame[] = [];
  readonly #waiting: ((frame: Frame) => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes) => {
      const frame: Frame = JSON.parse(bytes.toString());
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    // The handshake's failure is told by `connect`, what comes later by `closed`.
    socket.on('error', () => undefined);
  }

  /** Rejects with `RefusedUpgrade` when the answer is HTTP. */
  static connect<Client extends SocketClient>(
    this: new (
      socket: WebSocket,
    ) => Client,
    url: string,
    protocols: readonly string[] = [],
    headers: Record<string, string> = {},
  ): Promise<Client> {
    const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
    const client = new this(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(client));
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => reject(new RefusedUpgrade(response.statusCode ?? 0, text)));
      });
    });
  }

  /** Frames that came and were not read yet. */
  get unreadCount(): number {
    return this.#frames.length;
  }

  /** The next frame; rejects when none comes within 5 s. */
  next(): Promise<Frame> {
    if (this.#frames.length > 0) return Promise.resolve(this.#frames.shift());
    return new Promise((resolve, reject) => {
      const late = AbortSignal.timeout(WAIT_MS);
      const taken = (frame: Frame): void => {
        late.onabort = null;
        resolve(frame);
      };
      late.onabort = () => {
        this.#waiting.splice(this.#waiting.indexOf(taken), 1);
        reject(new Error(`no frame in ${WAIT_MS} ms`));
      };
      this.#waiting.push(taken);
    });
  }

  /** Reads until a frame meets the condition, and returns this one. */
  async nextWhere(isWanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (isWanted(frame)) return frame;
    }
  }

  /** Objects as JSON, texts as they are. */
  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  close(): void {
    this.socket.close();
  }
}

/** An upgrade that was answered by HTTP. */
export class RefusedUpgrade extends Error {
  readonly status: number;
  readonly body: Frame;

  constructor(status: number, text: string) {
    super(`${status} ${text}`);
    this.status = status;
    this.body = text === '' ? undefined : JSON.parse(text);
  }
}
