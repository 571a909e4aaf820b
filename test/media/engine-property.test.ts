import { expect, test } from 'vitest';
import type { LegId, MixId, RecordingNumber } from '../../core/kernel/ids.ts';
import { type Random, seeded } from '../../core/kernel/random.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { COUNTER } from '../../media/counters.ts';
import { PacketView } from '../../media/rtp/packet-view.ts';
import { timestampDistance } from '../../media/rtp/sequence.ts';
import { COUNT } from '../fuzz/counts.ts';
import type { Packet } from '../sim/memory-packet-io.ts';
import { at, Bench, PORT, recordingOrder, rtp, settings } from './phones.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 30);
const LEGS = 6;
/** Numbers of recordings are never used again. */
let recordings = 0;

function addressOf(leg: number): number {
  return at(`192.0.2.${leg}`, 4000 + 2 * leg);
}

/** What one leg was sent: one SSRC, each number once, time that does not run back behind newer numbers. */
class Ear {
  #ssrc = -1;
  #sequence = 0;
  #timestamp = 0;
  readonly seen = new Set<number>();

  hear(packet: Packet, label: string): void {
    const view = new PacketView();
    expect(view.read(packet.bytes, 0, packet.bytes.length), label).toBe(true);
    if (this.#ssrc >= 0) {
      expect(view.ssrc, label).toBe(this.#ssrc);
      const ahead = ((view.sequence - this.#sequence) << 16) >> 16;
      expect(Math.abs(ahead), label).toBeLessThan(300);
      expect(this.seen.has(view.sequence), `${label}: sequence ${view.sequence} twice`).toBe(false);
      if (ahead > 0) expect(timestampDistance(this.#timestamp, view.timestamp), label).toBeGreaterThanOrEqual(0);
      if (ahead < 0) return;
    }
    this.#ssrc = view.ssrc;
    this.#sequence = view.sequence;
    this.#timestamp = view.timestamp;
    this.seen.add(view.sequence);
  }
}

/** A talker whose packets are lost, doubled and swapped. */
class Mouth {
  #sequence: number;
  #held: Uint8Array | undefined;
  readonly #ssrc: number;

  constructor(random: Random) {
    this.#sequence = Math.floor(random.next() * 65536);
    this.#ssrc = Math.floor(random.next() * 2 ** 32);
  }

  speak(random: Random): Uint8Array[] {
    this.#sequence++;
    const fields = { sequence: this.#sequence & 0xffff, timestamp: (this.#sequence * 160) >>> 0, ssrc: this.#ssrc };
    const packet = rtp(fields, new Uint8Array(160));
    const chance = random.next();
    if (chance < 0.05) return [];
    if (chance < 0.1) return [packet, packet];
    if (chance < 0.15) {
      this.#held = packet;
      return [];
    }
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [packet] : [packet, held];
  }
}

/** One random request about conferences and recordings. */
function actOnMixes(bench: Bench, random: Random, id: LegId): void {
  switch (Math.floor(random.next() * 6)) {
    case 0:
    case 1:
      bench.post({ kind: 'join', leg: id, mix: (1 + Math.floor(random.next() * 2)) as MixId });
      return;
    case 2:
      bench.post({ kind: 'leave', leg: id });
      return;
    case 3:
      bench.post({
        kind: 'mute',
        leg: id,
        direction: (['', 'in', 'out', 'both'] as const)[Math.floor(random.next() * 4)]!,
      });
      return;
    case 4:
      bench.post({ kind: 'stopRecording', recording: Math.ceil(random.next() * recordings) as RecordingNumber });
      return;
    case 5:
      bench.post({ kind: 'recordMix', mix: 1 as MixId, order: recordingOrder(++recordings) });
      return;
  }
}

/** One random request about random legs. */
function act(bench: Bench, random: Random, open: Map<number, Ear>): void {
  const leg = 1 + Math.floor(random.next() * LEGS);
  const other = 1 + Math.floor(random.next() * LEGS);
  const id = leg as LegId;
  switch (Math.floor(random.next() * 15)) {
    case 0:
    case 1:
      if (!open.has(leg)) bench.open(leg, settings(addressOf(leg)));
      if (!open.has(leg)) open.set(leg, new Ear());
      return;
    case 2:
      bench.post({ kind: 'close', leg: id });
      bench.turn();
      open.delete(leg);
      return;
    case 3:
      if (leg !== other) bench.post({ kind: 'bridge', a: id, b: other as LegId });
      return;
    case 4:
      bench.post({
        kind: 'play',
        leg: id,
        play: 1,
        source: { kind: 'tone', tone: random.next() < 0.5 ? 'busy' : 'dial' },
      });
      return;
    case 5:
      bench.post({ kind: 'stopPlaying', leg: id });
      return;
    case 6:
      bench.post({ kind: 'digits', leg: id, digits: '42', durationMs: 100, intervalMs: 100 });
      return;
    case 7:
      if (open.has(leg))
        bench.post({ kind: 'update', leg: id, settings: settings(addressOf(leg), { sends: random.next() < 0.8 }) });
      return;
    case 8:
      bench.post({ kind: 'record', leg: id, order: recordingOrder(++recordings) });
      return;
    default:
      actOnMixes(bench, random, id);
  }
}

test('whatever is asked in whatever order, each leg hears one well-formed stream, and nothing is left at the end', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seeded(seed);
    const bench = new Bench();
    const open = new Map<number, Ear>();
    const mouths = Array.from({ length: LEGS + 1 }, () => new Mouth(random));
    for (let step = 0; step < 300; step++) {
      if (random.next() < 0.2) act(bench, random, open);
      for (let leg = 1; leg <= LEGS; leg++) {
        for (const packet of mouths[leg]!.speak(random)) bench.deliver(addressOf(leg), packet);
      }
      bench.advance(20);
      for (const [leg, ear] of open) {
        for (const packet of bench.takeSentTo(addressOf(leg)))
          ear.hear(packet, `seed ${seed}, step ${step}, leg ${leg}`);
      }
      bench.sent.length = 0;
    }
    for (const leg of open.keys()) bench.post({ kind: 'close', leg: leg as LegId });
    for (let number = 1; number <= recordings; number++)
      bench.post({ kind: 'stopRecording', recording: number as RecordingNumber });
    bench.advance(70_000);
    expect(bench.engine.deadline(), `seed ${seed}`).toBe(NEVER);
    expect(bench.counters[COUNTER.streams], `seed ${seed}`).toBe(0);
  }
});

test('hostile packets break nothing and make nothing grow', () => {
  const count = process.env['TANDEM_FUZZ_COUNT'] === undefined ? 20_000 : COUNT;
  const random = seeded(99);
  const bench = new Bench();
  for (const leg of [1, 2]) bench.open(leg, settings(addressOf(leg)));
  bench.open(3, settings(0, { allowed: [Math.floor(addressOf(3) / 65536)] }));
  bench.post({ kind: 'bridge', a: 1 as LegId, b: 2 as LegId });
  bench.post({ kind: 'record', leg: 1 as LegId, order: recordingOrder(1) });
  const valid = rtp({ sequence: 1, timestamp: 1, ssrc: 1 }, new Uint8Array(160));
  for (let i = 0; i < count; i++) {
    const bytes = random.next() < 0.5 ? random.bytes(Math.floor(random.next() * 200)) : Uint8Array.from(valid);
    for (let edits = Math.floor(random.next() * 4); edits > 0 && bytes.length > 0; edits--) {
      bytes[Math.floor(random.next() * Math.min(16, bytes.length))] = random.next() * 256;
    }
    const source =
      random.next() < 0.7 ? addressOf(1 + Math.floor(random.next() * 3)) : Math.floor(random.next() * 2 ** 48);
    bench.deliver(source, bytes, { port: PORT, isRtcp: random.next() < 0.3 });
    if (i % 10 === 0) bench.advance(5);
    if (i % 100 === 0) {
      const digits = bench.takeMessages().filter(({ kind }) => kind === 'digit').length;
      expect(digits).toBeLessThanOrEqual(100);
      for (const packet of bench.sent)
        expect([1, 2, 3].map((leg) => Math.floor(addressOf(leg) / 65536))).toContain(Math.floor(packet.remote / 65536));
      bench.sent.length = 0;
    }
  }
  expect(bench.counters[COUNTER.streams]).toBe(3);
  expect(bench.counters[COUNTER.packetsReceived]).toBe(count);
});
