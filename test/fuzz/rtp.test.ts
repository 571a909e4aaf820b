import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { demultiplex } from '../../media/rtp/demultiplex.ts';
import { JitterBuffer } from '../../media/rtp/jitter-buffer.ts';
import { PacketView } from '../../media/rtp/packet-view.ts';
import { ReceiveStream } from '../../media/rtp/receive-stream.ts';
import { SendStream } from '../../media/rtp/send-stream.ts';
import { TelephoneEventReceiver } from '../../media/rtp/telephone-event.ts';
import { rtpPacket } from '../media/rtp/packets.ts';
import { outsideCases } from '../messages/cases.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';

const corpus = outsideCases('rtp/fuzz/webrtc-rtp');

/** Everything of a stream that a packet passes through. */
class Path {
  readonly view = new PacketView();
  readonly receive = new ReceiveStream(8000);
  readonly send = new SendStream(1, 2, 3, 8000);
  readonly jitter = new JitterBuffer();
  readonly events = new TelephoneEventReceiver(8000);
  readonly #out = new Uint8Array(2048);

  take(bytes: Uint8Array, now: number): boolean {
    demultiplex(bytes, 0, bytes.length);
    const { view } = this;
    if (!view.read(bytes, 0, bytes.length)) return false;
    expect(view.payloadStart).toBeGreaterThanOrEqual(12);
    expect(view.payloadEnd).toBeGreaterThanOrEqual(view.payloadStart);
    expect(view.payloadEnd).toBeLessThanOrEqual(bytes.length);
    this.receive.receive(view, now, 'timed');
    const end = this.send.relay(view, view.payloadType, this.#out, 0, now);
    expect(end === 0 || end === 12).toBe(true);
    this.jitter.put(view.sequence, view.timestamp, bytes, view.payloadStart, view.payloadEnd, now);
    this.jitter.take(now);
    this.events.receive(bytes, view.payloadStart, view.payloadEnd, view.timestamp, now);
    this.events.expire(now);
    expect(this.receive.lost).toBeGreaterThanOrEqual(0);
    return true;
  }
}

test('packets with accidents never throw and never reach beyond their end', () => {
  const random = seeded(3550);
  const path = new Path();
  let readable = 0;
  for (let i = 0; i < COUNT; i++) {
    const packet = rtpPacket({ sequence: i & 0xffff, timestamp: i * 160, payload: [...random.bytes(8)] });
    const damaged = random.next() < 0.5 ? mutate(packet, random) : random.bytes(Math.floor(random.next() * 60));
    if (path.take(damaged, i * 20)) readable += 1;
    path.take(packet, i * 20);
  }
  expect(readable).toBeGreaterThan(COUNT / 20);
});

test.skipIf(corpus === undefined)('the WebRTC fuzzing corpus is survived (not on this machine: skipped)', () => {
  const path = new Path();
  for (const [i, name] of readdirSync(corpus!).entries()) path.take(readFileSync(join(corpus!, name)), i * 20);
});
