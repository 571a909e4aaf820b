import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A final response as text, with its status; without what differs from one request to the next. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  /** The response with Via, Call-ID, tags, nonce and branch taken out: what a stranger can compare. */
  readonly shape: string;
}

export interface RawRequest {
  readonly method: 'INVITE' | 'REGISTER' | 'OPTIONS';
  /** User part of From. */
  readonly from: string;
  /** User part of the Request-URI; '' for REGISTER. */
  readonly to: string;
  readonly account?: { readonly user: string; readonly password: string };
}

const ANSWER_LIMIT_MS = 5_000;

/** SIP requests written by hand over UDP, to say what no well-behaved phone says. */
export class RawSip {
  readonly #socket: Socket;
  readonly #serverPort: number;

  private constructor(socket: Socket, serverPort: number) {
    this.#socket = socket;
    this.#serverPort = serverPort;
  }

  static async open(serverPort: number): Promise<RawSip> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RawSip(socket, serverPort);
  }

  /** The final response; with an account, the one to the request that answers the challenge (RFC 3261 §22.2). */
  async ask(request: RawRequest): Promise<RawAnswer> {
    const callId = randomBytes(8).toString('hex');
    const first = await this.#exchange(request, callId, 1, '');
    if (request.account === undefined || first.status !== 401) return first;
    return this.#exchange(request, callId, 2, authorizationOf(request, this.#uri(request), first.text));
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #uri({ to }: RawRequest): string {
    return `sip:${to === '' ? '' : `${to}@`}127.0.0.1:${this.#serverPort}`;
  }

  async #exchange(request: RawRequest, callId: string, cseq: number, authorization: string): Promise<RawAnswer> {
    const { method, from, to } = request;
    const { port } = this.#socket.address();
    const lines = [
      `${method} ${this.#uri(request)} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${randomBytes(6).toString('hex')};rport`,
      'Max-Forwards: 70',
      `From: <sip:${from}@127.0.0.1:${this.#serverPort}>;tag=${randomBytes(4).toString('hex')}`,
      `To: <sip:${to === '' ? from : to}@127.0.0.1:${this.#serverPort}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${from}@127.0.0.1:${port}>`,
      ...(authorization === '' ? [] : [`Authorization: ${authorization}`]),
      'Content-Length: 0',
      '',
      '',
    ];
    this.#socket.send(lines.join('\r\n'), this.#serverPort, '127.0.0.1');
    for (;;) {
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const [bytes] = (await once(this.#socket, 'message', { signal })) as [Buffer];
      const text = bytes.toString('utf8');
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1]);
      if (text.includes(callId) && text.includes(`CSeq: ${cseq} `) && status >= 200)
        return { status, text, shape: shapeOf(text, from) };
    }
  }
}

function shapeOf(text: string, from: string): string {
  return text
    .replace(/^(Via|Call-ID|Date): .*\r\n/gim, '')
    .replace(/;tag=[^\s;]+/g, ';tag=')
    .replace(/nonce="[^"]*"/g, 'nonce=""')
    .replaceAll(`sip:${from}@`, 'sip:USER@');
}

function authorizationOf({ method, account }: RawRequest, uri: string, challenge: string): string {
  const { user, password } = account!;
  const line = challenge.split('\r\n').find((one) => /^WWW-Authenticate:.*MD5/i.test(one)) ?? '';
  const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? '';
  const [realm, nonce, opaque] = [field('realm'), field('nonce'), field('opaque')];
  const cnonce = randomBytes(4).toString('hex');
  const secret = md5(`${user}:${realm}:${password}`);
  const response = md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
  const parameters = `username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`;
  const more = opaque === '' ? '' : `, opaque="${opaque}"`;
  return `Digest ${parameters}, algorithm=MD5, cnonce="${cnonce}", qop=auth, nc=00000001${more}`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
