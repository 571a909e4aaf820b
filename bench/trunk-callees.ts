import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { field, mediaOf, methodOf, respondText } from '../cli/load/sip-text.ts';
import { type Describe, plainly } from './trunk-calls.ts';

/** Who answers what comes to a provider, with media that is somebody else's, one port for each call. */
export class TrunkCallees {
  /** Tandem's port of each call, in the order in which they came. */
  readonly ports: number[] = [];
  readonly #socket: Socket;
  readonly #mediaPortOf: (index: number) => number;
  readonly #describe: Describe;
  readonly #answers = new Map<string, string>();

  private constructor(socket: Socket, mediaPortOf: (index: number) => number, describe: Describe) {
    this.#socket = socket;
    this.#mediaPortOf = mediaPortOf;
    this.#describe = describe;
    socket.on('message', (bytes, { port }) => this.#receive(bytes.toString('latin1'), port));
  }

  static async open(mediaPortOf: (index: number) => number, describe: Describe = plainly): Promise<TrunkCallees> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TrunkCallees(socket, mediaPortOf, describe);
  }

  /** Where the provider is. */
  get host(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(request: string, from: number): void {
    const method = methodOf(request);
    if (method === 'ACK' || request.startsWith('SIP/2.0')) return;
    const answer = method === 'INVITE' ? this.#answerTo(request) : respondText(request, '200 OK', 'callee');
    this.#socket.send(Buffer.from(answer, 'latin1'), from, '127.0.0.1');
  }

  /** The same for an INVITE that comes again. */
  #answerTo(request: string): string {
    const callId = field(request, 'Call-ID');
    const known = this.#answers.get(callId);
    if (known !== undefined) return known;
    const index = this.ports.push(mediaOf(request)?.port ?? 0) - 1;
    const contact = `Contact: <sip:callee@${this.host}>\r\n`;
    const body = this.#describe(this.#mediaPortOf(index), request);
    const answer = respondText(request, '200 OK', `callee${index}`, contact, body);
    this.#answers.set(callId, answer);
    return answer;
  }
}
