import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Frame, SocketClient } from './socket-client.ts';

const PROTOCOL = 'tandem.script.v1';

/** A program that drives a call. */
export class ScriptClient extends SocketClient {
  #lastId = 0;

  /** Takes over the flow of a live call. `origin` is `ws://127.0.0.1:8080`. */
  static open(origin: string, callId: string, credential: string): Promise<ScriptClient> {
    const headers = { authorization: `Bearer ${credential}` };
    return ScriptClient.connect(`${origin}/v1.0/calls/${callId}/script`, [PROTOCOL], headers);
  }

  /** Sends actions and returns the answer, `accepted` or `refused`; other frames before it are skipped. */
  actions(actions: readonly object[], mode: 'append' | 'replace' | 'now' = 'append'): Promise<Frame> {
    return this.#ask({ type: 'actions', mode, actions });
  }

  command(command: string, option: object = {}): Promise<Frame> {
    return this.#ask({ type: 'command', command, option });
  }

  nextOf(type: string): Promise<Frame> {
    return this.nextWhere((frame) => frame.type === type);
  }

  #ask(frame: object): Promise<Frame> {
    const id = String(++this.#lastId);
    this.send({ id, ...frame });
    return this.nextWhere((answer) => (answer.type === 'accepted' || answer.type === 'refused') && answer.id === id);
  }
}

/** A program that waits for calls: Tandem connects to it. */
export class ScriptServer {
  readonly url: string;
  readonly #server: WebSocketServer;
  readonly #clients: ScriptClient[] = [];
  readonly #waiting: ((client: ScriptClient) => void)[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on('connection', (socket) => {
      const client = new ScriptClient(socket);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#clients.push(client);
      else waiting(client);
    });
  }

  static async listen(): Promise<ScriptServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => PROTOCOL });
    await new Promise((done) => server.on('listening', done));
    return new ScriptServer(server);
  }

  /** The next connection. */
  next(): Promise<ScriptClient> {
    const client = this.#clients.shift();
    return client === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(client);
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}
