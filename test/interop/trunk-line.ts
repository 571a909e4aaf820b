import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  bodyLines,
  field,
  mediaOf,
  methodOf,
  respondText,
  sessionDescription,
  statusOf,
  uriOf,
} from '../../cli/load/sip-text.ts';
import { pcmu } from '../../media/codec/g711.ts';

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;
const RATE_HZ = 8_000;
const EVENT_PAYLOAD_TYPE = 101;
/** As a phone presses: 100 ms, the last packet three times (RFC 4733 §2.5.1.4). */
const EVENT_STEPS = [160, 320, 480, 640, 800, 800, 800];
const AMPLITUDE = 3_000;
const ANSWER_LIMIT_MS = 10_000;

/** A peer on the loopback address that places calls and is trusted by it: the far end of a trunk, with real sockets. */
export class Trunk {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #lines = new Map<string, TrunkLine>();
  readonly #ticking: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #ticks = 0;

  private constructor(socket: Socket, serverPort: number) {
    this.#socket = socket;
    this.#serverPort = serverPort;
    socket.on('message', (bytes) => this.#receive(bytes.toString('latin1')));
    this.#ticking = setInterval(() => this.#tick(), 5);
  }

  static async open(serverPort: number): Promise<Trunk> {
    return new Trunk(await boundSocket(), serverPort);
  }

  /** Calls the number; resolves when it is answered, rejects with the status when it is not. */
  async call(number: string, from = '+4930123456'): Promise<TrunkLine> {
    const rtp = await boundSocket();
    const line = new TrunkLine(rtp, { number, from, serverPort: this.#serverPort, sip: this.#socket });
    this.#lines.set(line.callId, line);
    line.invite();
    await line.answered;
    return line;
  }

  /** Ends without a word: what it called finds out by itself. */
  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    for (const line of this.#lines.values()) line.drop();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(text: string): void {
    this.#lines.get(field(text, 'Call-ID'))?.receive(text);
  }

  /** On an absolute schedule: a late turn sends what it owes. */
  #tick(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / FRAME_MS);
    for (; this.#ticks < due; this.#ticks++) for (const line of this.#lines.values()) line.tick();
  }
}

interface Dialling {
  readonly number: string;
  readonly from: string;
  readonly serverPort: number;
  readonly sip: Socket;
}

/** One call of a trunk: speaks a tone, presses digits, keeps everything that it hears. */
export class TrunkLine {
  readonly callId = randomBytes(8).toString('hex');
  readonly answered: Promise<void>;
  /** Resolves when the call is over, with who ended it. */
  readonly over: Promise<'here' | 'there'>;
  /** When each packet came, in ms. */
  readonly arrivals: number[] = [];
  readonly #dialling: Dialling;
  readonly #rtp: Socket;
  readonly #answered = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<'here' | 'there'>();
  readonly #tag = randomBytes(4).toString('hex');
  readonly #packet = Buffer.alloc(12 + FRAME_SAMPLES);
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  readonly #heard: Int16Array[] = [];
  readonly #pressed: { readonly event: number; step: number }[] = [];
  readonly #giveUp: NodeJS.Timeout;
  #target = '';
  #to = '';
  #media: { readonly address: string; readonly port: number } | undefined;
  #toneHz = 0;
  #sequence = 0;
  #timestamp = 0;
  #isLive = false;
  #isClosed = false;

  constructor(rtp: Socket, dialling: Dialling) {
    this.#rtp = rtp;
    this.#dialling = dialling;
    this.answered = this.#answered.promise;
    this.over = this.#over.promise;
    this.#packet.set([0x80, 0]);
    this.#packet.writeUInt32BE(randomBytes(4).readUInt32BE(0), 8);
    rtp.on('message', (bytes) => this.#hear(bytes));
    this.#giveUp = setTimeout(() => this.#answered.reject(new Error('no answer in time')), ANSWER_LIMIT_MS);
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** Frames heard so far. */
  get heardCount(): number {
    return this.#heard.length;
  }

  /** What was heard from that frame on, up to the other. */
  heard(from = 0, to = this.#heard.length): Int16Array {
    const frames = this.#heard.slice(from, to);
    const samples = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      samples.set(frame, at);
      at += frame.length;
    }
    return samples;
  }

  /** Speaks this tone from now on; 0 for silence. */
  speak(frequencyHz: number): void {
    this.#toneHz = frequencyHz;
  }

  press(digit: string): void {
    const event = '0123456789*#ABCD'.indexOf(digit);
    this.#pressed.push({ event, step: 0 });
  }

  invite(): void {
    const { port } = this.#rtp.address();
    const own = this.#dialling.sip.address().port;
    this.#send('INVITE', 1, this.#uri(), `<${this.#uri()}>`, [
      `Contact: <sip:trunk@127.0.0.1:${own}>\r\n`,
      bodyLines(sessionDescription('127.0.0.1', port)),
    ]);
  }

  hangup(): void {
    if (!this.#isLive) return;
    this.#send('BYE', 2, this.#target, this.#to, [bodyLines()]);
    this.#end('here');
  }

  /** Gone without a word. */
  drop(): void {
    this.#end('here');
  }

  receive(text: string): void {
    const status = statusOf(text);
    if (status === 0) this.#serve(text);
    else if (status >= 200 && field(text, 'CSeq') === '1 INVITE') this.#settle(text, status);
  }

  /** One frame of 20 ms is due. */
  tick(): void {
    if (!this.#isLive || this.#media === undefined) return;
    this.#timestamp += FRAME_SAMPLES;
    const pressed = this.#pressed[0];
    if (pressed === undefined) this.#talk();
    else this.#pressStep(pressed);
  }

  #uri(): string {
    return `sip:${this.#dialling.number}@127.0.0.1:${this.#dialling.serverPort}`;
  }

  #settle(text: string, status: number): void {
    this.#to = field(text, 'To');
    this.#target = status < 300 ? uriOf(field(text, 'Contact')) : this.#uri();
    this.#send('ACK', 1, this.#target, this.#to, [bodyLines()]);
    if (status >= 300) {
      this.#answered.reject(new Error(`refused with ${status}`));
      this.#end('there');
    } else if (!this.#isLive) {
      this.#isLive = true;
      this.#media = mediaOf(text);
      clearTimeout(this.#giveUp);
      this.#answered.resolve();
    }
  }

  #serve(text: string): void {
    if (methodOf(text) === 'ACK') return;
    this.#write(respondText(text, '200 OK', this.#tag));
    if (methodOf(text) === 'BYE') this.#end('there');
  }

  #end(by: 'here' | 'there'): void {
    clearTimeout(this.#giveUp);
    this.#isLive = false;
    this.#over.resolve(by);
    this.#answered.reject(new Error('the call is over'));
    // Whoever waits for the answer has it by now, or hears of it; nobody else does.
    this.#answered.promise.catch(() => undefined);
    this.#media = undefined;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rtp.close();
  }

  #send(method: string, cseq: number, uri: string, to: string, lines: readonly string[]): void {
    const own = this.#dialling.sip.address().port;
    // An ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).
    const branch = method === 'ACK' && uri === this.#uri() ? 'invite' : method.toLowerCase();
    this.#write(
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${this.callId}${branch};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:${this.#dialling.from}@127.0.0.1>;tag=${this.#tag}\r\nTo: ${to}\r\n` +
        `Call-ID: ${this.callId}\r\nCSeq: ${cseq} ${method}\r\n${lines.join('')}`,
    );
  }

  #write(text: string): void {
    this.#dialling.sip.send(Buffer.from(text, 'latin1'), this.#dialling.serverPort, '127.0.0.1');
  }

  #talk(): void {
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const phase = (2 * Math.PI * this.#toneHz * (this.#timestamp + i)) / RATE_HZ;
      this.#frame[i] = Math.round(AMPLITUDE * Math.sin(phase));
    }
    const sizeBytes = pcmu.encode(this.#frame, 0, FRAME_SAMPLES, this.#packet, 12);
    this.#transmit(this.#packet.subarray(0, 12 + sizeBytes), 0, this.#timestamp);
  }

  /** RFC 4733 §2.5: the timestamp stays that of the beginning, the duration grows. */
  #pressStep(pressed: { readonly event: number; step: number }): void {
    const begin = this.#timestamp - pressed.step * FRAME_SAMPLES;
    const bytes = Buffer.alloc(16);
    this.#packet.copy(bytes, 0, 0, 12);
    const isLast = pressed.step >= EVENT_STEPS.length - 3;
    bytes.set([pressed.event, (isLast ? 0x80 : 0) | 10], 12);
    bytes.writeUInt16BE(EVENT_STEPS[pressed.step]!, 14);
    const marker = pressed.step === 0 ? 0x80 : 0;
    this.#transmit(bytes, marker | EVENT_PAYLOAD_TYPE, begin);
    pressed.step += 1;
    if (pressed.step === EVENT_STEPS.length) this.#pressed.shift();
  }

  #transmit(bytes: Buffer, second: number, timestamp: number): void {
    const media = this.#media;
    if (media === undefined) return;
    bytes[1] = second;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    bytes.writeUInt16BE(this.#sequence, 2);
    bytes.writeUInt32BE(timestamp >>> 0, 4);
    this.#rtp.send(Buffer.from(bytes), media.port, media.address);
  }

  #hear(bytes: Buffer): void {
    if (bytes.length < 12 || (bytes[1]! & 0x7f) !== 0) return;
    this.arrivals.push(performance.now());
    const samples = new Int16Array(bytes.length - 12);
    pcmu.decode(bytes, 12, bytes.length, samples, 0);
    this.#heard.push(samples);
  }
}

/** Longest time between two packets, in ms, among those from index `from` on. */
export function longestGapMs(arrivals: readonly number[], from = 0): number {
  let longest = 0;
  for (let i = from + 1; i < arrivals.length; i++) longest = Math.max(longest, arrivals[i]! - arrivals[i - 1]!);
  return longest;
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
