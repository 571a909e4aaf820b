import { expect } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { MediaEvent, StreamLinkOrder, TransportAddress } from '../../core/ports.ts';
import { WorkerMediaPlane } from '../../media/media-plane.ts';
import type { Packet } from '../sim/memory-packet-io.ts';
import { PORT_SHARING } from '../sim/port-sharing.ts';
import { InProcessWorkers } from './in-process-workers.ts';
import { at, rtp } from './phones.ts';

export const A = 1 as LegId;
export const B = 2 as LegId;
export const C = 3 as LegId;
export const OURS = '198.51.100.1';
export const OURS_IPV6 = '2001:db8:ffff::1';

export function peer(address: string): TransportAddress {
  return { transport: 'udp', address, port: 5060 };
}

export function sdp(address: string, port: number, formats = '0 8 101', lines: readonly string[] = []): Uint8Array {
  const attributes = formats.includes('101') ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16'] : [];
  const text = [
    'v=0',
    `o=- 1 1 IN ${familyOf(address)} ${address}`,
    's=-',
    `c=IN ${familyOf(address)} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${formats}`,
  ];
  return new TextEncoder().encode([...text, ...attributes, ...lines, ''].join('\r\n'));
}

function familyOf(address: string): 'IP4' | 'IP6' {
  return address.includes(':') ? 'IP6' : 'IP4';
}

/** The lines of a description that matter here. */
export function described(body: Uint8Array): { port: number; formats: string; direction: string; address: string } {
  const text = new TextDecoder().decode(body);
  const [, port, formats] = /^m=audio (\d+) RTP\/AVP (.*)$/m.exec(text)!;
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)$/m.exec(text)?.[1] ?? '';
  return {
    port: Number(port),
    formats: formats!.trim(),
    direction,
    address: /^c=IN IP[46] (.*)$/m.exec(text)![1]!.trim(),
  };
}

/** A plane before its engines, with a clock that is turned by hand. */
export class Stage {
  now = 1000;
  readonly plane: WorkerMediaPlane;
  readonly workers: InProcessWorkers;
  readonly events: MediaEvent[] = [];
  /** What was asked of the sockets to programs. */
  readonly links: StreamLinkOrder[] = [];
  readonly sent: Packet[] = [];
  #sequence = 0;

  constructor(
    options: {
      workerCount?: number;
      portTo?: number;
      streamsMax?: number;
      sharing?: 'on' | 'off';
      inbandDigits?: 'auto' | 'always' | 'off';
    } = {},
  ) {
    const { workerCount = 1, portTo = 20099, streamsMax = 16, sharing = PORT_SHARING, inbandDigits = 'auto' } = options;
    const random = seeded(7);
    this.plane = new WorkerMediaPlane({
      workerCount,
      streamsMax,
      portFrom: 20000,
      portTo,
      sharing,
      inbandDigits,
      addressFor: (address) => (address.includes(':') ? OURS_IPV6 : OURS),
      random,
      clock: { now: () => this.now, wallTime: () => this.now },
    });
    this.workers = new InProcessWorkers(
      this.plane,
      { count: workerCount, random, streamsMax, mediaTimeoutMs: 60_000 },
      this.now,
    );
    this.listen();
    this.settle();
  }

  /** Hears what the engines send; again after one was replaced. */
  listen(): void {
    for (const io of this.workers.ios) io.onSend((packet) => this.sent.push(packet));
  }

  settle(): void {
    for (let output = this.plane.poll(); output !== undefined; output = this.plane.poll()) {
      if (output.kind === 'post' || output.kind === 'postFiles') this.workers.post(output, this.now);
      else if (output.kind === 'link') this.links.push(output.order);
      else this.events.push(output);
    }
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.settle();
      const next = Math.min(this.workers.deadline(), this.plane.deadline());
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.workers.turn(this.now);
      this.plane.expire(this.now);
    }
    this.now = end;
  }

  deliver(source: number, port: number, bytes: Uint8Array): void {
    this.settle();
    for (const io of this.workers.ios) io.deliver(source, port, false, bytes);
    this.workers.turn(this.now);
    this.settle();
  }

  /** `count` packets from one party; what the other then was sent. */
  talk(from: number, port: number, to: number, count = 5, payloadType = 0): Packet[] {
    this.sent.length = 0;
    for (let i = 0; i < count; i++) {
      const sequence = ++this.#sequence;
      const fields = { sequence, timestamp: sequence * 160, ssrc: from % 2 ** 32, payloadType };
      this.deliver(from, port, rtp(fields, new Uint8Array(160).fill(i)));
      this.advance(20);
    }
    return this.sent.filter(({ remote, isRtcp }) => remote === to && !isRtcp);
  }
}

export const ALICE = at('192.0.2.1', 4000);
export const BOB = at('192.0.2.2', 6000);

/** Alice calls, Bob is dialled and answers, both are bridged. */
export function call(stage: Stage, answerFormats = '0 101'): { alice: number; bob: number } {
  const { plane } = stage;
  expect(plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000), undefined)).toEqual({ kind: 'opened' });
  expect(plane.open(B, peer('192.0.2.2'), undefined, A)).toEqual({ kind: 'opened' });
  const offer = described(plane.describe(B, A));
  expect(plane.accept(B, sdp('192.0.2.2', 6000, answerFormats))).toEqual({ kind: 'opened' });
  const answer = described(plane.describe(A, B));
  plane.bridge(A, B);
  stage.settle();
  return { alice: answer.port, bob: offer.port };
}
