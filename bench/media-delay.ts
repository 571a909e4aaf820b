import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { Trunk, type TrunkLine } from '../test/interop/trunk-line.ts';
import { LOUD_FRAME, loudAt } from './loud-frame.ts';
import { MixProbe } from './mix-probe.ts';
import { type BenchedTandem, withTandem } from './process.ts';

const MIX_MS = 15_000;
const INJECTIONS = 40;
/** Each at another place between two ticks. */
const INJECTION_EVERY_MS = 247;
const UNHEARD_MS = 150;

/**
 * What the switch adds to the way of sound, in ms; `relayed-legs` has the same of relayed calls. Mixed: in a conference of
 * 20, from the packet of a sound to the same sound in a packet to another, less what the packets themselves take.
 * Injected: from the write of a program, after a pause, to the packet that has it.
 */
export async function run(): Promise<Record<string, number>> {
  const mixed = await MixProbe.run(MIX_MS);
  const injected = await withTandem(0, inject, { TANDEM_ALLOW_PRIVATE: '127.0.0.0/8' });
  return { ...named('mixedMs', mixed), ...injected };
}

async function inject({ tandem }: BenchedTandem): Promise<Record<string, number>> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'load', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const trunk = await Trunk.open(tandem.sipPort);
  const datagrams = await DatagramProgram.open();
  const messages = await WebSocketProgram.open();
  try {
    const udp = { external_host: `127.0.0.1:${datagrams.port}` };
    const web = {
      external_host: `ws://127.0.0.1:${messages.port}/`,
      transport: 'websocket',
      encapsulation: 'none',
      format: 'ulaw',
    };
    const byDatagrams = await callOf(tandem.api.bind(tandem), trunk, '+49303001', udp);
    const byMessages = await callOf(tandem.api.bind(tandem), trunk, '+49303002', web);
    return {
      ...named('injectedByDatagramsMs', await injections(byDatagrams, datagrams)),
      ...named('injectedByWebSocketMs', await injections(byMessages, messages)),
    };
  } finally {
    await trunk.stop();
    datagrams.close();
    messages.close();
  }
}

type Api = (method: string, path: string, body: object) => Promise<{ body: Record<string, unknown> }>;

/** A call that this program hears and speaks in. */
async function callOf(api: Api, trunk: Trunk, number: string, program: object): Promise<TrunkLine> {
  const actions = [
    { type: 'answer' },
    { type: 'external_media_start', option: program },
    { type: 'sleep', option: { duration: 60_000 } },
  ];
  const flow = await api('POST', '/v1.0/flows', { name: number, actions });
  await api('POST', '/v1.0/numbers', { number, call_flow_id: flow.body['id'] });
  return await trunk.call(number);
}

interface SpeakingProgram {
  speak(frame: Uint8Array): void;
}

/** From each write to when its first loud sample could be played: it lies that far behind in its packet. */
async function injections(line: TrunkLine, program: SpeakingProgram): Promise<readonly number[]> {
  const delaysMs: number[] = [];
  await pause(1000);
  for (let i = 0; i < INJECTIONS; i++) {
    const first = line.heardCount;
    const saidAt = performance.now();
    program.speak(LOUD_FRAME);
    await pause(UNHEARD_MS);
    for (let frame = first; frame < line.heardCount; frame++) {
      const at = loudAt(line.heard(frame, frame + 1));
      if (at === -1) continue;
      delaysMs.push(line.arrivals[frame]! + at / 8 - saidAt);
      break;
    }
    await pause(INJECTION_EVERY_MS - UNHEARD_MS);
  }
  if (delaysMs.length < INJECTIONS) throw new Error(`${INJECTIONS} were said, ${delaysMs.length} were heard`);
  return delaysMs;
}

/** RTP (RFC 3550, PCMU) to whoever sent the first packet. */
class DatagramProgram implements SpeakingProgram {
  readonly #socket: DatagramSocket = createSocket('udp4');
  readonly #startedAt = performance.now();
  #peerPort = 0;
  #sequence = 0;

  static async open(): Promise<DatagramProgram> {
    const program = new DatagramProgram();
    const socket = program.#socket;
    socket.once('message', (_, { port }) => {
      program.#peerPort = port;
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return program;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  speak(frame: Uint8Array): void {
    const packet = Buffer.alloc(12 + frame.length);
    packet[0] = 0x80;
    packet.writeUInt16BE(++this.#sequence, 2);
    packet.writeUInt32BE(Math.floor(8 * (performance.now() - this.#startedAt)), 4);
    packet.writeUInt32BE(1, 8);
    packet.set(frame, 12);
    this.#socket.send(packet, this.#peerPort, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}

/** Bare bytes of µ-law over the WebSocket that came. */
class WebSocketProgram implements SpeakingProgram {
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  #socket: WebSocket | undefined;

  static async open(): Promise<WebSocketProgram> {
    const program = new WebSocketProgram();
    program.#server.on('connection', (socket: WebSocket) => {
      program.#socket = socket;
    });
    await once(program.#server, 'listening');
    return program;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  speak(frame: Uint8Array): void {
    this.#socket?.send(frame);
  }

  close(): void {
    this.#socket?.terminate();
    this.#server.close();
  }
}

function named(name: string, delaysMs: readonly number[]): Record<string, number> {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { [`${name} p50`]: quantile(0.5), [`${name} p95`]: quantile(0.95), [`${name} max`]: quantile(1) };
}
