import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { type Random, seeded } from '../../core/kernel/random.ts';
import { COUNTER } from '../../media/counters.ts';
import { addressOf } from '../../media/io/addresses.ts';
import { at, Bench, read, rtp, settings } from '../media/phones.ts';
import { outsideCases } from '../messages/cases.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';

const [A, B] = [1 as LegId, 2 as LegId];
const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 5000);
const STRANGER = at('203.0.113.9', 4000);
const CORPORA = ['webrtc-stun', 'webrtc-rtcp', 'webrtc-rtp'].map((name) => outsideCases(`rtp/fuzz/${name}`));

/** A Binding request (RFC 8489 §5) with a USERNAME, the one attribute that might name a stream. */
function bindingRequest(random: Random): Uint8Array {
  const name = random.bytes(8);
  return Uint8Array.of(0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, ...random.bytes(12), 0, 6, 0, 8, ...name);
}

/** A call between two in which Alice talks, whatever comes besides. */
class Call {
  readonly bench = new Bench();
  #sequence = 0;
  heard = 0;

  constructor() {
    this.bench.open(A, settings(ALICE));
    this.bench.open(B, settings(BOB));
    this.bench.post({ kind: 'bridge', a: A, b: B });
    this.say();
  }

  say(): void {
    const sequence = ++this.#sequence & 0xffff;
    const fields = { sequence, timestamp: (this.#sequence * 160) >>> 0, ssrc: 7 };
    this.bench.deliver(ALICE, rtp(fields, new Uint8Array(160).fill(this.#sequence)));
    for (const packet of this.bench.sent.splice(0)) {
      // Who asks is not answered, and nobody else is told anything.
      if (packet.remote !== BOB && addressOf(packet.remote) !== addressOf(ALICE) && !packet.isRtcp) {
        expect.fail(`a packet went to ${packet.remote}`);
      }
      if (addressOf(packet.remote) === addressOf(STRANGER)) expect.fail('a stranger was answered');
      if (packet.remote === BOB && !packet.isRtcp && read(packet).payload[0] === (this.#sequence & 0xff)) this.heard++;
    }
    this.bench.advance(20);
  }
}

test('STUN with accidents, from strangers and from the parties themselves, is dropped, draws nothing and harms no call', () => {
  const random = seeded(8489);
  const call = new Call();
  for (let i = 0; i < COUNT; i++) {
    const request = bindingRequest(random);
    const bytes = random.next() < 0.2 ? request : mutate(request, random);
    const source = random.next() < 0.5 ? STRANGER : ALICE;
    call.bench.deliver(source, bytes, { isRtcp: random.next() < 0.3 });
    if (i % 5 === 0) call.say();
  }
  expect(call.heard).toBeGreaterThanOrEqual(Math.ceil(COUNT / 5));
  expect(call.bench.counters[COUNTER.streams]).toBe(2);
});

test.skipIf(CORPORA.includes(undefined))(
  'the WebRTC fuzzing corpora at the ports of a living call, from a stranger, change nothing in it (not on this machine: skipped)',
  () => {
    const call = new Call();
    let files = 0;
    for (const folder of CORPORA) {
      for (const name of readdirSync(folder!)) {
        for (const isRtcp of [false, true]) {
          call.bench.deliver(STRANGER, readFileSync(join(folder!, name)), { isRtcp });
          call.say();
          files += 1;
        }
      }
    }
    expect(call.heard).toBe(files + 1);
  },
);
