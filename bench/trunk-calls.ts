import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { bodyLines, field, mediaOf, respondText, sessionDescription, statusOf, uriOf } from '../cli/load/sip-text.ts';

const UNDER_WAY_MAX = 20;
const ANSWER_LIMIT_MS = 10_000;

/** A session description of audio at this port on loopback, in answer to the offer in that request. */
export type Describe = (mediaPort: number, request?: string) => string;

export function plainly(mediaPort: number): string {
  return sessionDescription('127.0.0.1', mediaPort);
}

/** Calls of a trunk whose media is somebody else's: places them, and learns where their audio goes. */
export class TrunkCalls {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #describe: Describe;
  readonly #underWay = new Map<string, (port: number) => void>();
  readonly #ports: Promise<number>[] = [];

  private constructor(socket: Socket, serverPort: number, describe: Describe) {
    this.#socket = socket;
    this.#serverPort = serverPort;
    this.#describe = describe;
    socket.on('message', (bytes) => this.#receive(bytes.toString('latin1')));
  }

  /** `describe`: what is offered, plain audio unless told. */
  static async open(serverPort: number, describe: Describe = plainly): Promise<TrunkCalls> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TrunkCalls(socket, serverPort, describe);
  }

  /** As soon as there is room for another one under way. */
  async place(number: string, index: number, mediaPort: number): Promise<void> {
    while (this.#underWay.size >= UNDER_WAY_MAX) await Promise.race(this.#ports.slice(-UNDER_WAY_MAX));
    const callId = `crowd${index}`;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const giveUp = setTimeout(() => reject(new Error(`no answer to call ${index} in time`)), ANSWER_LIMIT_MS);
    this.#underWay.set(callId, (port) => {
      clearTimeout(giveUp);
      this.#underWay.delete(callId);
      if (port > 0) resolve(port);
      else reject(new Error(`call ${index} was refused`));
    });
    this.#ports.push(promise);
    promise.catch(() => undefined);
    const uri = `sip:${number}@127.0.0.1:${this.#serverPort}`;
    const contact = `Contact: <sip:trunk@127.0.0.1:${this.#socket.address().port}>\r\n`;
    this.#send('INVITE', uri, callId, `<${uri}>`, contact + bodyLines(this.#describe(mediaPort)));
  }

  /** Tandem's port of each call, in the order in which they were placed. */
  ports(): Promise<readonly number[]> {
    return Promise.all(this.#ports);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    const status = statusOf(text);
    if (status === 0) {
      this.#write(respondText(text, '200 OK', 'crowd'));
      return;
    }
    if (status < 200 || !field(text, 'CSeq').endsWith('INVITE')) return;
    const callId = field(text, 'Call-ID');
    if (status < 300) this.#send('ACK', uriOf(field(text, 'Contact')), callId, field(text, 'To'), bodyLines());
    this.#underWay.get(callId)?.(status < 300 ? (mediaOf(text)?.port ?? 0) : 0);
  }

  #send(method: string, uri: string, callId: string, to: string, rest: string): void {
    const own = this.#socket.address().port;
    this.#write(
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${callId}${method};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:+4930123456@127.0.0.1>;tag=${callId}\r\nTo: ${to}\r\n` +
        `Call-ID: ${callId}\r\nCSeq: 1 ${method}\r\n${rest}`,
    );
  }

  #write(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), this.#serverPort, '127.0.0.1');
  }
}
