import { expect, test } from 'vitest';
import type { LegId, MixId, RecordingNumber } from '../../core/kernel/ids.ts';
import { pcma, pcmu } from '../../media/codec/g711.ts';
import { COUNTER } from '../../media/counters.ts';
import type { StreamSettings } from '../../media/protocol.ts';
import { gaps, level, levelAt, testTone } from '../audio/measures.ts';
import type { Packet } from '../sim/memory-packet-io.ts';
import { at, Bench, read, readRing, recordingOrder, rtp, settings } from './phones.ts';

const MIX = 1 as MixId;
const LEVEL_DBOV = -30;
/** Ten tones, whole periods in 100 ms, none a harmonic or a neighbour of another. */
const TONES_HZ = [310, 470, 630, 790, 970, 1130, 1310, 1510, 1730, 1990];

const ALAW: Partial<StreamSettings> = {
  receivePayloadTypes: [
    { payloadType: 8, format: 'PCMA' },
    { payloadType: 101, format: 'telephone-event' },
  ],
  sendCodec: 'PCMA',
  sendPayloadType: 8,
};

interface Member {
  readonly leg: LegId;
  readonly address: number;
  readonly codec: typeof pcmu;
  readonly tone: Int16Array;
  isTalking: boolean;
  position: number;
}

/** Phones in one conference: each says a tone of its own, and what each hears is kept as samples. */
class Room {
  readonly bench = new Bench({ streamsMax: 64 });
  readonly members: Member[] = [];
  readonly #heard = new Map<number, Packet[]>();

  enter(options: { toneHz?: number; isTalking?: boolean; codec?: 'PCMU' | 'PCMA'; joins?: boolean } = {}): Member {
    const { toneHz = 1000, isTalking = true, codec = 'PCMU', joins = true } = options;
    const leg = (this.members.length + 1) as LegId;
    const address = at('192.0.2.7', 4000 + 2 * leg);
    const member = {
      leg,
      address,
      codec: codec === 'PCMU' ? pcmu : pcma,
      tone: testTone(toneHz, LEVEL_DBOV, 8000),
      isTalking,
      position: 0,
    };
    this.members.push(member);
    this.#heard.set(address, []);
    this.bench.open(leg, settings(address, codec === 'PCMU' ? {} : ALAW));
    if (joins) this.bench.post({ kind: 'join', leg, mix: MIX });
    return member;
  }

  /** Lets everybody talk for so long; packets come spread over each 20 ms. */
  talk(ms: number): void {
    const payload = new Uint8Array(160);
    for (let time = 0; time < ms; time += 20) {
      for (const member of this.members) {
        this.bench.advance(20 / this.members.length);
        const { position, address, leg, codec, tone } = member;
        member.position++;
        if (!member.isTalking) continue;
        codec.encode(tone, (position * 160) % 8000, 160, payload, 0);
        const fields = { sequence: position & 0xffff, timestamp: position * 160, ssrc: 1000 + leg };
        this.bench.deliver(address, rtp({ ...fields, payloadType: codec.payloadType }, payload));
      }
    }
    for (const packet of this.bench.sent.splice(0)) {
      if (!packet.isRtcp) this.#heard.get(packet.remote)?.push(packet);
    }
  }

  /** What a member was sent since the last call, at the times that the timestamps tell. */
  hear({ address, codec }: Member): Int16Array {
    const packets = this.#heard.get(address)!.splice(0).map(read);
    const first = packets[0]?.timestamp ?? 0;
    const end = packets.length === 0 ? 0 : ((packets.at(-1)!.timestamp - first) >>> 0) + 160;
    const samples = new Int16Array(end);
    for (const { timestamp, payload } of packets) codec.decode(payload, 0, 160, samples, (timestamp - first) >>> 0);
    return samples;
  }

  count({ address }: Member): number {
    return this.#heard.get(address)!.length;
  }
}

function tenRoom(codecs: readonly ('PCMU' | 'PCMA')[] = ['PCMU']): Room {
  const room = new Room();
  for (const [i, toneHz] of TONES_HZ.entries()) room.enter({ toneHz, codec: codecs[i % codecs.length]! });
  return room;
}

/** The last 300 ms. */
function latest(samples: Int16Array): Int16Array {
  expect(samples.length).toBeGreaterThanOrEqual(2400);
  return samples.subarray(samples.length - 2400);
}

test.each([[['PCMU']], [['PCMA']], [['PCMU', 'PCMA']]] as const)(
  'each of ten hears the nine others at their level and not itself, with %s',
  (codecs) => {
    const room = tenRoom(codecs);
    room.talk(1000);
    for (const [i, member] of room.members.entries()) {
      const heard = latest(room.hear(member));
      for (const [j, toneHz] of TONES_HZ.entries()) {
        if (i === j) expect(levelAt(heard, toneHz)).toBeLessThan(-60);
        else expect(Math.abs(levelAt(heard, toneHz) - LEVEL_DBOV)).toBeLessThan(0.5);
      }
    }
  },
);

test('who is loud together is clipped once and not torn', () => {
  const room = new Room();
  const loud = [0, 1, 2].map(() => room.enter());
  for (const member of loud) member.tone.set(testTone(500, -4, 8000));
  const listener = room.enter({ isTalking: false });
  room.talk(600);
  const heard = latest(room.hear(listener));
  expect(level(heard)).toBeGreaterThan(-2);
  expect(heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThanOrEqual(32_767);
  expect(levelAt(heard, 500)).toBeGreaterThan(-2);
});

test('who leaves is gone within two frames, and the others stay', () => {
  const room = tenRoom();
  room.talk(600);
  const [gone, stays] = room.members as [Member, Member];
  room.hear(stays);
  room.bench.post({ kind: 'leave', leg: gone.leg });
  room.talk(600);
  const heard = room.hear(stays).subarray(320);
  expect(levelAt(heard, TONES_HZ[0]!)).toBeLessThan(-60);
  expect(Math.abs(levelAt(heard, TONES_HZ[2]!) - LEVEL_DBOV)).toBeLessThan(0.5);
  room.hear(gone);
  room.talk(200);
  expect(room.count(gone)).toBe(0);
});

test('who comes is heard, and hears, from the first packets on', () => {
  const room = new Room();
  const first = room.enter({ toneHz: 470 });
  const second = room.enter({ toneHz: 790 });
  room.talk(600);
  room.hear(first);
  const third = room.enter({ toneHz: 1310 });
  room.talk(500);
  expect(levelAt(room.hear(first).subarray(640), 1310)).toBeCloseTo(LEVEL_DBOV, 0);
  const heard = room.hear(third);
  expect(heard.length).toBeGreaterThanOrEqual(3840);
  expect(levelAt(heard.subarray(160), 470)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(heard.subarray(160), 790)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(gaps(heard)).toEqual([]);
  expect(second.isTalking).toBe(true);
});

test('a muted one is not heard, a deaf one hears silence, and both come back', () => {
  const room = tenRoom();
  const [muted, deaf, other] = room.members as [Member, Member, Member];
  room.talk(200);
  room.bench.post({ kind: 'mute', leg: muted.leg, direction: 'in' });
  room.bench.post({ kind: 'mute', leg: deaf.leg, direction: 'out' });
  room.talk(600);
  expect(levelAt(latest(room.hear(other)), TONES_HZ[0]!)).toBeLessThan(-60);
  expect(levelAt(latest(room.hear(muted)), TONES_HZ[2]!)).toBeCloseTo(LEVEL_DBOV, 0);
  const silence = latest(room.hear(deaf));
  expect(level(silence)).toBeLessThan(-75);
  for (const { leg } of [muted, deaf]) room.bench.post({ kind: 'mute', leg, direction: '' });
  room.talk(600);
  expect(levelAt(latest(room.hear(other)), TONES_HZ[0]!)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(latest(room.hear(deaf)), TONES_HZ[2]!)).toBeCloseTo(LEVEL_DBOV, 0);
});

test('fifty listeners of two codecs share each encoded frame, and the silent add nothing', () => {
  const room = new Room();
  const bench = new Bench({ streamsMax: 128 });
  Object.assign(room, { bench });
  const talker = room.enter({ toneHz: 790 });
  for (let i = 0; i < 50; i++) room.enter({ isTalking: false, codec: i % 2 === 0 ? 'PCMU' : 'PCMA' });
  bench.passFirst();
  room.talk(200);
  const [framesBefore, encodingsBefore] = [bench.counters[COUNTER.mixFrames]!, bench.counters[COUNTER.mixEncodings]!];
  room.talk(400);
  expect(bench.counters[COUNTER.mixFrames]! - framesBefore).toBe(20 * 50);
  expect(bench.counters[COUNTER.mixEncodings]! - encodingsBefore).toBe(20 * 2);
  expect(room.count(talker)).toBe(0);
  expect(levelAt(latest(room.hear(room.members[7]!)), 790)).toBeCloseTo(LEVEL_DBOV, 0);
});

test('what is played to one member is heard by that one alone, besides the others, and its end is told', () => {
  const room = new Room();
  const [first, second] = [room.enter({ toneHz: 470 }), room.enter({ toneHz: 790 })];
  room.talk(400);
  room.hear(first);
  const source = { kind: 'sine', frequencyHz: 1510, levelDbov: -25 } as const;
  room.bench.post({ kind: 'play', leg: first.leg, play: 3, source });
  room.talk(600);
  const heard = latest(room.hear(first));
  expect(levelAt(heard, 1510)).toBeCloseTo(-25, 0);
  expect(levelAt(heard, 790)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(latest(room.hear(second)), 1510)).toBeLessThan(-60);
  room.bench.post({ kind: 'play', leg: first.leg, play: 4, source: { kind: 'tone', tone: 'beep' } });
  room.talk(800);
  expect(room.bench.takeMessages()).toEqual([{ kind: 'played', leg: first.leg, play: 4 }]);
  expect(levelAt(latest(room.hear(first)), 1510)).toBeLessThan(-60);
});

test('what is played to a lone member is heard, and afterwards the conference rests', () => {
  const room = new Room();
  const lone = room.enter({ isTalking: true });
  room.bench.post({ kind: 'play', leg: lone.leg, play: 1, source: { kind: 'tone', tone: 'beep' } });
  room.talk(600);
  expect(levelAt(room.hear(lone).subarray(160, 3840), 1000)).toBeCloseTo(-19, 0);
  room.talk(2000);
  room.hear(lone);
  const ticks = room.bench.counters[COUNTER.ticks];
  room.talk(1000);
  expect(room.bench.counters[COUNTER.ticks]).toBe(ticks);
  expect(room.count(lone)).toBe(0);
});

test('a conference in which nobody says anything costs no tick, and wakes with the first packet', () => {
  const room = new Room();
  const members = [0, 1, 2].map((i) => room.enter({ toneHz: TONES_HZ[i]!, isTalking: false }));
  room.talk(3000);
  const ticks = room.bench.counters[COUNTER.ticks];
  room.talk(1000);
  expect(room.bench.counters[COUNTER.ticks]).toBe(ticks);
  room.hear(members[1]!);
  members[0]!.isTalking = true;
  room.talk(500);
  const heard = room.hear(members[1]!);
  expect(heard.length).toBeGreaterThanOrEqual(3840);
  expect(levelAt(heard.subarray(160), TONES_HZ[0]!)).toBeCloseTo(LEVEL_DBOV, 0);
});

test('a pause of the talker is no pause of the stream, and the time of the stream is right after a long one', () => {
  const room = new Room();
  const [talker, listener] = [room.enter({ toneHz: 630 }), room.enter({ isTalking: false })];
  room.talk(400);
  talker.isTalking = false;
  room.talk(300);
  talker.isTalking = true;
  room.talk(400);
  const [silence, ...more] = gaps(room.hear(listener)).filter(({ samples }) => samples > 400);
  expect(more).toEqual([]);
  expect(silence!.samples / 8).toBeGreaterThan(180);
  expect(silence!.samples / 8).toBeLessThan(380);
  talker.isTalking = false;
  room.talk(5000);
  talker.isTalking = true;
  room.talk(400);
  const long = gaps(room.hear(listener)).find(({ samples }) => samples > 8000);
  expect(long!.samples / 8000).toBeGreaterThan(4.8);
  expect(long!.samples / 8000).toBeLessThan(5.2);
});

test('a member that hears nobody for long is still sent something now and then', () => {
  const room = new Room();
  const lone = room.enter({ isTalking: true });
  room.talk(30_000);
  expect(room.count(lone)).toBeGreaterThanOrEqual(1);
  expect(room.count(lone)).toBeLessThanOrEqual(4);
});

test('the recording of a conference holds everybody, once, in real time, and needs no member to go on', () => {
  const room = tenRoom();
  const order = recordingOrder(1, { samples: 65_536, isOneSided: true });
  room.bench.post({ kind: 'recordMix', mix: MIX, order });
  room.talk(1000);
  for (const { leg } of room.members) room.bench.post({ kind: 'leave', leg });
  room.bench.advance(500);
  room.bench.post({ kind: 'stopRecording', recording: 1 as RecordingNumber });
  const recorded = readRing(order.inRing);
  expect(recorded.length / 8000).toBeCloseTo(1.5, 1);
  for (const toneHz of TONES_HZ) {
    expect(Math.abs(levelAt(recorded.subarray(2400, 7200), toneHz) - LEVEL_DBOV)).toBeLessThan(0.5);
  }
  expect(level(recorded.subarray(8800))).toBe(Number.NEGATIVE_INFINITY);
  const ticks = room.bench.counters[COUNTER.ticks];
  room.bench.advance(500);
  expect(room.bench.counters[COUNTER.ticks]).toBe(ticks);
});

test('the recording of a member has its own voice on one side and what it heard on the other', () => {
  const room = tenRoom(['PCMU', 'PCMA']);
  const order = recordingOrder(1, { samples: 65_536 });
  const recorded = room.members[3]!;
  room.bench.post({ kind: 'record', leg: recorded.leg, order });
  room.talk(1000);
  room.bench.post({ kind: 'close', leg: recorded.leg });
  const [said, heard] = [readRing(order.inRing), readRing(order.outRing!)];
  expect(said.length).toBe(heard.length);
  const [saidLatest, heardLatest] = [said.subarray(4800, 7200), heard.subarray(4800, 7200)];
  for (const [i, toneHz] of TONES_HZ.entries()) {
    const [own, other] = i === 3 ? [saidLatest, heardLatest] : [heardLatest, saidLatest];
    expect(Math.abs(levelAt(own, toneHz) - LEVEL_DBOV)).toBeLessThan(0.5);
    expect(levelAt(other, toneHz)).toBeLessThan(-60);
  }
});

test('packets of thirty milliseconds are mixed without gaps', () => {
  const room = new Room();
  const listener = room.enter({ isTalking: false });
  const talker = room.enter({ isTalking: false });
  const tone = testTone(500, LEVEL_DBOV, 8000);
  const payload = new Uint8Array(240);
  for (let i = 0; i < 40; i++) {
    pcmu.encode(tone, (i * 240) % 8000 > 7760 ? 0 : (i * 240) % 8000, 240, payload, 0);
    room.bench.deliver(talker.address, rtp({ sequence: i, timestamp: i * 240, ssrc: 4 }, payload));
    room.bench.advance(30);
  }
  room.talk(20);
  const heard = room.hear(listener).subarray(800, 8000);
  expect(gaps(heard)).toEqual([]);
  expect(level(heard)).toBeCloseTo(LEVEL_DBOV, 0);
});

test('digits pressed in a conference are told and not passed on', () => {
  const room = new Room();
  const [presser, other] = [room.enter({ isTalking: false }), room.enter({ isTalking: false })];
  room.bench.passFirst();
  const event = Uint8Array.of(5, 0x8a, 3, 0x20);
  room.bench.deliver(presser.address, rtp({ sequence: 9, timestamp: 800, ssrc: 5, payloadType: 101 }, event));
  room.talk(100);
  expect(room.bench.takeMessages()).toEqual([{ kind: 'digit', leg: presser.leg, digit: '5', durationMs: 100 }]);
  expect(room.count(other)).toBe(0);
});

test('a member goes from the conference to a bridge and back', () => {
  const room = new Room();
  const [a, b, c] = [470, 790, 1310].map((toneHz) => room.enter({ toneHz })) as [Member, Member, Member];
  room.talk(400);
  room.bench.post({ kind: 'bridge', a: a.leg, b: b.leg });
  for (const member of [a, b, c]) room.hear(member);
  room.talk(500);
  const bridged = latest(room.hear(a));
  expect(levelAt(bridged, 790)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(bridged, 1310)).toBeLessThan(-60);
  expect(level(room.hear(c).subarray(1600))).toBeLessThan(-75);
  room.bench.post({ kind: 'join', leg: a.leg, mix: MIX });
  room.talk(100);
  for (const member of [a, b, c]) room.hear(member);
  room.talk(500);
  expect(levelAt(latest(room.hear(a)), 1310)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(latest(room.hear(c)), 470)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(room.count(b)).toBe(0);
});
