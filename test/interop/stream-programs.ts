import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { AudioSocket } from '../../media/streams/audio-socket.ts';
import type { Encapsulation, StreamMessage } from '../../media/streams/encapsulation.ts';
import { MediaMessages } from '../../media/streams/media-messages.ts';
import { RtpPackets } from '../../media/streams/rtp-packets.ts';
import { testTone } from '../audio/measures.ts';

/** A program that waits to be connected with, says half a second of a tone at once, and keeps what it hears. */
abstract class StreamProgram {
  readonly heard: number[] = [];
  readonly name: string;
  readonly rateHz: number;
  readonly frequencyHz: number;
  readonly #encapsulation: Encapsulation;

  constructor(name: string, rateHz: number, frequencyHz: number, encapsulation: Encapsulation) {
    this.name = name;
    this.rateHz = rateHz;
    this.frequencyHz = frequencyHz;
    this.#encapsulation = encapsulation;
  }

  abstract get port(): number;
  abstract close(): void;

  protected take(message: StreamMessage): void {
    for (const said of this.#encapsulation.decode(message)) if (said.kind === 'audio') this.heard.push(...said.samples);
  }

  protected speak(send: (message: StreamMessage) => void): void {
    const tone = testTone(this.frequencyHz, -26, this.rateHz / 2, this.rateHz);
    const frame = this.rateHz / 50;
    for (let at = 0; at < tone.length; at += frame) send(this.#encapsulation.encode(tone.subarray(at, at + frame))!);
  }
}

export class AudioSocketProgram extends StreamProgram {
  /** The first frame, in hexadecimal. */
  first = '';
  readonly #server: Server;

  constructor() {
    super('AudioSocket over TCP', 16_000, 400, new AudioSocket({ format: 'slin16', id: undefined }));
    this.#server = createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      this.speak((message) => socket.write(message));
      socket.on('data', (bytes) => {
        if (this.first === '') this.first = bytes.subarray(0, 19).toString('hex');
        this.take(bytes);
      });
    });
  }

  static async open(): Promise<AudioSocketProgram> {
    const program = new AudioSocketProgram();
    program.#server.listen(0, '127.0.0.1');
    await once(program.#server, 'listening');
    return program;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

export class RtpProgram extends StreamProgram {
  readonly #socket: DatagramSocket = createSocket('udp4');

  constructor() {
    super('RTP over UDP', 8000, 520, new RtpPackets({ format: 'ulaw', carriedBy: 'datagrams', ssrc: 1 }));
    this.#socket.once('message', (_, { port }) => {
      this.speak((message) => this.#socket.send(message, port, '127.0.0.1'));
    });
    this.#socket.on('message', (message) => this.take(message));
  }

  static async open(): Promise<RtpProgram> {
    const program = new RtpProgram();
    program.#socket.bind(0, '127.0.0.1');
    await once(program.#socket, 'listening');
    return program;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }
}

export class MessagesProgram extends StreamProgram {
  /** Names of the messages that came. */
  readonly events: string[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  constructor() {
    const encapsulation = new MediaMessages({
      format: 'ulaw',
      listen: 'in',
      streamId: '',
      account: '',
      reference: '',
      parameters: {},
    });
    super('messages over WebSocket', 8000, 640, encapsulation);
    this.#server.on('connection', (socket: WebSocket) => {
      this.speak((message) => socket.send(message));
      socket.on('message', (bytes) => {
        const text = bytes.toString();
        this.events.push(JSON.parse(text).event);
        this.take(text);
      });
    });
  }

  static async open(): Promise<MessagesProgram> {
    const program = new MessagesProgram();
    await once(program.#server, 'listening');
    return program;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}
