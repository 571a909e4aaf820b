import { expect, test } from 'vitest';
import {
  HEARD_BY,
  hears,
  MEMBER_ROLES,
  mixTermsOf,
  type Presence,
  type Role,
  SUPERVISOR_MODES,
} from '../../core/calls/who-hears-whom.ts';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { MixExchange } from '../../media/mix-exchange.ts';
import { levelAt, testTone } from '../audio/measures.ts';
import type { Packet } from '../sim/memory-packet-io.ts';
import { at, Bench, read, rtp, settings } from './phones.ts';

const MIX = 1 as MixId;
const [A, B, C] = [1 as LegId, 2 as LegId, 3 as LegId];
const LEVEL_DBOV = -20;
/** Whole periods in each packet, so that each can be judged by itself. */
const TONES_HZ = [300, 800, 1300];
/** What each says: 100 ms, again and again. */
const SAID = TONES_HZ.map((toneHz) => {
  const tone = testTone(toneHz, LEVEL_DBOV, 8000);
  const payload = new Uint8Array(800);
  pcmu.encode(tone, 0, 800, payload, 0);
  return payload;
});
const ROLES: readonly Role[] = [...MEMBER_ROLES, ...SUPERVISOR_MODES];

/** Everybody who can be in a room: each role, muted and deaf or not, supervising each of the others. */
function presences(leg: LegId, others: readonly LegId[]): Presence[] {
  return ROLES.flatMap((role) =>
    [false, true].flatMap((isMuted) =>
      [false, true].flatMap((isDeaf) =>
        (role === 'whisper' ? others : [others[0]!]).map((supervises) => ({ leg, role, isMuted, isDeaf, supervises })),
      ),
    ),
  );
}

/** Three who talk all the time, each a tone of its own, and what each was sent from the moment on at which they met. */
class Room {
  readonly #benches: readonly Bench[];
  readonly #exchange: SharedArrayBuffer;
  /** Of each, packet by packet. */
  readonly #heard = new Map<LegId, Int16Array[]>();
  #position = 0;

  /** Their legs live on so many threads in turn. */
  constructor(present: readonly Presence[], threads: number) {
    this.#benches = Array.from({ length: threads }, () => new Bench({ streamsMax: 4 }));
    this.#exchange = MixExchange.allocate(threads);
    for (const { leg } of present) this.#benchOf(leg).open(leg, settings(this.#addressOf(leg)));
    this.talk(present, 40);
    for (const presence of present) this.seat(presence);
    if (threads > 1) this.#span();
  }

  seat(presence: Presence): void {
    const { leg } = presence;
    this.#benchOf(leg).post({ kind: 'join', leg, mix: MIX, terms: mixTermsOf(presence) });
  }

  talk(present: readonly Presence[], ms: number): void {
    for (let time = 0; time < ms; time += 20, this.#position++) {
      for (const bench of this.#benches) bench.advance(20);
      for (const { leg } of present) {
        const payload = SAID[leg - 1]!.subarray((this.#position % 5) * 160, (this.#position % 5) * 160 + 160);
        const fields = { sequence: this.#position, timestamp: this.#position * 160, ssrc: leg };
        this.#benchOf(leg).deliver(this.#addressOf(leg), rtp(fields, payload));
      }
    }
    this.#heard.clear();
    for (const { leg } of present) {
      const packets = this.#benchOf(leg).takeSentTo(this.#addressOf(leg));
      this.#heard.set(leg, packets.map(samplesOf));
    }
  }

  /** How loud the tone of one is in each packet that the other was sent. */
  levels(hearer: LegId, speaker: LegId): number[] {
    return this.#heard.get(hearer)!.map((samples) => levelAt(samples, TONES_HZ[speaker - 1]!));
  }

  #span(): void {
    const places = this.#benches.map((_, place) => place);
    for (const [own, bench] of this.#benches.entries()) {
      const others = places.filter((place) => place !== own);
      bench.post({ kind: 'spanMix', mix: MIX, exchange: this.#exchange, own, others });
    }
  }

  #benchOf(leg: LegId): Bench {
    return this.#benches[leg % this.#benches.length]!;
  }

  #addressOf(leg: LegId): number {
    return at('192.0.2.7', 4000 + 2 * leg);
  }
}

function samplesOf(packet: Packet): Int16Array {
  const samples = new Int16Array(160);
  pcmu.decode(read(packet).payload, 0, 160, samples, 0);
  return samples;
}

/** Every packet holds everybody who is to be heard, and nobody else. */
function judge(room: Room, present: readonly Presence[]): void {
  for (const hearer of present) {
    for (const speaker of present) {
      const levels = room.levels(hearer.leg, speaker.leg);
      const about = `${JSON.stringify(hearer)} hears ${JSON.stringify(speaker)}: ${levels}`;
      if (hears(hearer, speaker)) {
        expect(levels.length, about).toBeGreaterThan(0);
        expect(Math.min(...levels), about).toBeGreaterThan(LEVEL_DBOV - 3);
      } else expect(Math.max(Number.NEGATIVE_INFINITY, ...levels), about).toBeLessThan(-45);
    }
  }
}

test.each(ROLES.flatMap((role) => [[role, 1] as const, [role, 2] as const]))(
  'a %s and each other role hear what the table says, beside one who whispers, from the first packet on (threads: %i)',
  (role, threads) => {
    const third: Presence = { leg: C, role: 'whisper', isMuted: false, isDeaf: false, supervises: A };
    for (const first of presences(A, [B, C]).filter((one) => one.role === role)) {
      for (const second of presences(B, [A, C])) {
        const present = [first, second, third];
        const room = new Room(present, threads);
        room.talk(present, 100);
        judge(room, present);
      }
    }
  },
);

test('who gets another role is heard by others from the next packet on', () => {
  const [customer, agent] = [A, B].map((leg): Presence => ({ leg, role: 'member', isMuted: false, isDeaf: false }));
  const supervisor = (role: Role): Presence => ({ leg: C, role, isMuted: false, isDeaf: false, supervises: B });
  let present = [customer!, agent!, supervisor('listen')];
  const room = new Room(present, 1);
  room.talk(present, 120);
  for (const role of ['whisper', 'barge', 'listen', 'whisper'] as const) {
    present = [customer!, agent!, supervisor(role)];
    room.seat(present[2]!);
    room.talk(present, 120);
    judge(room, present);
  }
});

test('the table names every role, and a supervisor is heard by nobody who is not asked', () => {
  expect(Object.keys(HEARD_BY)).toEqual(ROLES);
  const whisperer: Presence = { leg: C, role: 'whisper', isMuted: false, isDeaf: false };
  expect(mixTermsOf(whisperer)).toEqual({ heardBy: 'nobody', hears: true });
});
