import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { LegId, RecordingNumber } from '../../core/kernel/ids.ts';
import { decodeWav, wavHeader } from '../../media/audio-file.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { levelAt, testTone } from '../audio/measures.ts';
import { packets } from './coded-packets.ts';
import { clipped, presses } from './dsp/dtmf-signals.ts';
import { at, read, rtp } from './phones.ts';
import { A, ALICE, B, BOB, C, call, described, OURS, peer, Stage, sdp } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-plane-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an offer is answered with our address, one codec and telephone-events', () => {
  const { plane } = new Stage();
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '8 0 101'), undefined);
  const first = plane.describe(A, undefined);
  expect(described(first)).toMatchObject({ formats: '8 101', direction: 'sendrecv', address: OURS });
  expect(described(first).port % 2).toBe(0);
  expect(plane.describe(A, undefined)).toEqual(first);
});

test('our offer lists what we speak, first what the other leg offered first', () => {
  const { plane } = new Stage();
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '8 0 101'), undefined);
  plane.open(B, peer('192.0.2.2'), undefined, A);
  expect(described(plane.describe(B, A)).formats).toBe('8 0 9 101');
  expect(described(plane.describe(B, A)).direction).toBe('sendrecv');
});

test('a call through the plane is heard both ways, with the codec that both legs share', () => {
  const stage = new Stage();
  const ports = call(stage, '8 101');
  const toBob = stage.talk(ALICE, ports.alice, BOB, 5, 8);
  expect(toBob.map((packet) => read(packet).payloadType)).toEqual([8, 8, 8, 8, 8]);
  expect(stage.talk(BOB, ports.bob, ALICE, 5, 8).length).toBe(5);
});

test('the caller is answered with the codec that the callee chose, so that nothing is transcoded', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0 8 101'), undefined);
  plane.open(B, peer('192.0.2.2'), undefined, A);
  plane.describe(B, A);
  plane.accept(B, sdp('192.0.2.2', 6000, '8 101'));
  expect(described(plane.describe(A, B)).formats).toBe('8 101');
});

test('a leg takes and is offered what is named for it first, and nothing that only the other side could decode', () => {
  const { plane } = new Stage();
  const answered = (offered: string, wanted: readonly string[], like: string | undefined) => {
    plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, offered), undefined, { encodings: wanted });
    if (like !== undefined) plane.open(B, peer('192.0.2.2'), sdp('192.0.2.2', 6000, like), A);
    const { formats } = described(plane.describe(A, like === undefined ? undefined : B));
    for (const leg of like === undefined ? [A] : [A, B]) plane.close(leg);
    return formats;
  };
  expect(answered('0 8 101', ['PCMA'], undefined)).toBe('8 101');
  expect(answered('0 8 9 101', ['g722', 'PCMA'], '0 8')).toBe('9 101');
  expect(answered('0 8 101', ['G722', 'PCMA'], '0')).toBe('8 101');
  expect(answered('0 101', ['PCMA'], undefined)).toBe('0 101');
  // What is handed through alone is taken where the other side has it, and nothing in its place.
  expect(answered('0 18 101', ['G729'], '0 8')).toBe('0 101');
  expect(answered('0 18 101', ['G729'], '18 0')).toBe('18 101');
  expect(answered('0 18 101', ['PCMU'], '18')).toBe('18 101');
  plane.open(C, peer('192.0.2.3'), undefined, undefined, { encodings: ['PCMA', 'PCMU'] });
  expect(described(plane.describe(C, undefined)).formats).toBe('8 0 101');
});

test('RFC 3605 §2.1: reports go to the port that a description names for them, but to no address that nobody vouches for', () => {
  for (const [line, port] of [
    ['a=rtcp:4500', 4500],
    ['a=rtcp:4500 IN IP4 192.0.2.1', 4500],
    ['a=rtcp:4500 IN IP4 203.0.113.66', 4001],
    ['a=rtcp:4500 IN IP6 2001:db8::66', 4001],
  ] as const) {
    const stage = new Stage();
    stage.plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0 101', [line]), undefined);
    const own = described(stage.plane.describe(A, undefined));
    stage.plane.echo(A);
    stage.settle();
    stage.talk(ALICE, own.port, ALICE, 400);
    const reports = new Set(stage.sent.filter(({ isRtcp }) => isRtcp).map(({ remote }) => remote));
    expect([...reports], line).toEqual([at('192.0.2.1', port)]);
  }
});

test('an offer without a common codec, without sense, or of a family that there is no way for is refused', () => {
  const { plane } = new Stage();
  const open = (body: Uint8Array) => plane.open(A, peer('192.0.2.1'), body, undefined);
  expect(open(sdp('192.0.2.1', 4000, '3 4'))).toMatchObject({
    kind: 'refused',
    cause: 'not-acceptable',
    detail: 'no common codec',
  });
  expect(open(new TextEncoder().encode('hello'))).toMatchObject({ kind: 'refused', cause: 'not-acceptable' });
  const six = 'v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
  plane.receive(0, { kind: 'ready', wakeHandle: 0, io: 'batch', ipv6: false });
  expect(open(new TextEncoder().encode(six))).toMatchObject({
    kind: 'refused',
    detail: 'this system has no way for media over IPv6',
  });
  expect(plane.legCount).toBe(0);
});

test('an answer that is none to our offer is refused', () => {
  const { plane } = new Stage();
  plane.open(B, peer('192.0.2.2'), undefined, undefined);
  plane.describe(B, undefined);
  expect(plane.accept(B, sdp('192.0.2.2', 6000, '18'))).toMatchObject({ kind: 'refused', cause: 'not-acceptable' });
  expect(plane.accept(B, new Uint8Array(3))).toMatchObject({ kind: 'refused' });
});

test('hold and resume by the peer are answered, and nothing is sent to who holds', () => {
  const stage = new Stage();
  const ports = call(stage);
  const { plane } = stage;
  const hold = plane.renegotiate(B, sdp('192.0.2.2', 6000, '0 101', ['a=inactive']));
  expect(hold.kind === 'answer' && described(hold.body).direction).toBe('inactive');
  expect(stage.talk(ALICE, ports.alice, BOB)).toEqual([]);
  const resume = plane.renegotiate(B, sdp('192.0.2.2', 6000));
  expect(resume.kind === 'answer' && described(resume.body)).toMatchObject({ direction: 'sendrecv', formats: '0 101' });
  expect(stage.talk(ALICE, ports.alice, BOB).length).toBe(5);
});

test('a hold by the old form, c=0.0.0.0, is a hold', () => {
  const stage = new Stage();
  const ports = call(stage);
  const hold = stage.plane.renegotiate(B, sdp('0.0.0.0', 6000));
  expect(hold.kind).toBe('answer');
  expect(stage.talk(ALICE, ports.alice, BOB)).toEqual([]);
});

test('a new offer that moves the peer is followed', () => {
  const stage = new Stage();
  const ports = call(stage);
  stage.plane.renegotiate(B, sdp('192.0.2.2', 7000));
  expect(stage.talk(ALICE, ports.alice, at('192.0.2.2', 7000)).length).toBe(5);
});

test('RFC 3264 §8.3.2: a new offer of another codec goes on in it, and the other side keeps its own', () => {
  const stage = new Stage();
  const ports = call(stage);
  const answer = stage.plane.renegotiate(B, sdp('192.0.2.2', 6000, '9 101'));
  expect(answer.kind === 'answer' && described(answer.body).formats).toBe('9 101');
  stage.settle();
  const heard = stage.talk(ALICE, ports.alice, BOB, 10).map((packet) => read(packet));
  expect(heard.length).toBeGreaterThanOrEqual(8);
  expect(new Set(heard.map(({ payloadType }) => payloadType))).toEqual(new Set([9]));
  const back = stage.talk(BOB, ports.bob, ALICE, 10, 9).map((packet) => read(packet));
  expect(new Set(back.map(({ payloadType }) => payloadType))).toEqual(new Set([0]));
});

test('a new offer without a common codec is refused, and the session goes on as it was', () => {
  const stage = new Stage();
  const ports = call(stage);
  expect(stage.plane.renegotiate(B, sdp('192.0.2.2', 9000, '18'))).toMatchObject({
    kind: 'refused',
    cause: 'not-acceptable',
  });
  expect(stage.talk(ALICE, ports.alice, BOB).length).toBe(5);
});

test('asked for an offer after a hold, we offer to go on', () => {
  const stage = new Stage();
  call(stage);
  const { plane } = stage;
  plane.renegotiate(B, sdp('192.0.2.2', 6000, '0 101', ['a=inactive']));
  expect(described(plane.describe(B, undefined)).direction).toBe('sendrecv');
  expect(plane.accept(B, sdp('192.0.2.2', 6000))).toEqual({ kind: 'opened' });
});

test('a phone behind a NAT is heard and spoken to at its true address', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('203.0.113.5'), sdp('192.168.1.20', 4000), undefined);
  const { port } = described(plane.describe(A, undefined));
  plane.echo(A);
  stage.settle();
  const outside = at('203.0.113.5', 51515);
  expect(stage.talk(outside, port, outside).length).toBe(4);
  expect(stage.talk(at('203.0.113.6', 51515), port, at('203.0.113.6', 51515))).toEqual([]);
});

test('early media is heard before the answer', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000), undefined);
  plane.open(B, peer('192.0.2.2'), undefined, A);
  const bob = described(plane.describe(B, A)).port;
  plane.describe(A, B);
  plane.bridge(A, B);
  expect(stage.talk(BOB, bob, ALICE).length).toBeGreaterThan(2);
});

test('a tone and a file are played, and the end of the file is told', () => {
  const stage = new Stage();
  const { plane } = stage;
  const path = join(folder, 'welcome.wav');
  const tone = testTone(1000, -12, 1600);
  writeFileSync(path, Buffer.concat([wavHeader(3200, 8000), new Uint8Array(tone.buffer)]));
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0'), undefined);
  plane.describe(A, undefined);
  plane.play(A, { kind: 'tone', tone: 'ringback' });
  stage.advance(100);
  plane.play(A, { kind: 'file', path });
  stage.settle();
  stage.sent.length = 0;
  stage.advance(400);
  expect(stage.events).toEqual([{ kind: 'played', leg: A, outcome: 'finished', detail: '' }]);
  const heard = stage.sent.filter(({ isRtcp }) => !isRtcp).map((packet) => read(packet).payload);
  const samples = new Int16Array(heard.length * 160);
  for (const [i, payload] of heard.entries()) pcmu.decode(payload, 0, 160, samples, i * 160);
  expect(samples.length).toBe(1600);
  expect(levelAt(samples, 1000)).toBeCloseTo(-12, 0);
});

test('a file that cannot be played is told with the reason, a replaced one is not told', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0'), undefined);
  plane.describe(A, undefined);
  plane.play(A, { kind: 'file', path: join(folder, 'absent.wav') });
  plane.play(A, { kind: 'file', path: join(folder, 'absent too.wav') });
  stage.settle();
  expect(stage.events).toMatchObject([
    { kind: 'played', leg: A, outcome: 'failed', detail: expect.stringContaining('absent too.wav') },
  ]);
});

test('what a leg says is recorded to a file that is complete when the leg closes', () => {
  const stage = new Stage();
  const ports = call(stage);
  const path = join(folder, 'alice.wav');
  const source = { kind: 'leg', leg: A } as const;
  const request = { source, inPath: path, outPath: undefined, durationMs: 0, silenceMs: 0 };
  stage.plane.record(1 as RecordingNumber, request);
  stage.settle();
  stage.talk(ALICE, ports.alice, BOB, 100);
  stage.plane.close(A);
  stage.advance(500);
  const decoded = decodeWav(readFileSync(path));
  expect(decoded.kind === 'decoded' && decoded.samples.length / 8000).toBeCloseTo(2, 1);
  expect(stage.plane.counters).toMatchObject({ recordingsFinished: 1, recordingsFailed: 0, recordingSamplesLost: 0 });
});

test('digits go to the core with their leg', () => {
  const stage = new Stage();
  const ports = call(stage);
  stage.talk(ALICE, ports.alice, BOB, 2);
  const end = Uint8Array.of(7, 0x8a, 3, 0x20);
  stage.deliver(
    ALICE,
    ports.alice,
    rtp({ sequence: 3, timestamp: 5000, ssrc: ALICE % 2 ** 32, payloadType: 101 }, end),
  );
  expect(stage.events).toEqual([{ kind: 'digit', leg: A, digit: '7', durationMs: 100 }]);
});

test.each([
  ['auto', '0 101', ''],
  ['auto', '0', '5'],
  ['always', '0 101', '5'],
  ['off', '0', ''],
] as const)(
  'with keys listened for %s, an answer of %s gives "%s" for a key that is sounded',
  (inbandDigits, formats, told) => {
    const stage = new Stage({ inbandDigits });
    const { bob } = call(stage, formats);
    for (const { bytes } of packets(pcmu, clipped(presses([{ key: '5', onMs: 100, offMs: 100 }])))) {
      stage.deliver(BOB, bob, bytes);
      stage.advance(20);
    }
    expect(stage.events.flatMap((event) => (event.kind === 'digit' ? [event.digit] : [])).join('')).toBe(told);
  },
);

test('what a leg is listened to for reaches the core with its leg', () => {
  const stage = new Stage();
  const { bob } = call(stage);
  const terms = { initialSilenceMs: 500, greetingMs: 1500, afterGreetingMs: 800, totalMs: 5000 };
  const words = { wordMinMs: 100, wordMaxMs: 4000, betweenWordsMs: 100, wordsMax: 4 };
  stage.plane.listen(B, { talk: true, tones: true, machine: { ...terms, ...words } });
  for (const { bytes } of packets(pcmu, new Int16Array(8000))) {
    stage.deliver(BOB, bob, bytes);
    stage.advance(20);
  }
  expect(stage.events).toEqual([
    { kind: 'judged', leg: B, verdict: 'machine', reason: 'initial-silence', afterMs: expect.any(Number) },
  ]);
});

test('legs of one call live on one worker, and others go to the one with the fewest', () => {
  const stage = new Stage({ workerCount: 2 });
  const ports = call(stage);
  stage.plane.open(C, peer('192.0.2.3'), sdp('192.0.2.3', 4000), undefined);
  const other = described(stage.plane.describe(C, undefined)).port;
  expect(ports.alice).toBeLessThan(20050);
  expect(ports.bob).toBeLessThan(20050);
  expect(other).toBeGreaterThanOrEqual(20050);
});

test('a lost worker ends its legs in one event, and new calls go on its replacement', () => {
  const stage = new Stage({ workerCount: 2 });
  call(stage);
  stage.plane.workerLost(0);
  stage.workers.replace(0, stage.now);
  stage.listen();
  stage.settle();
  expect(stage.events).toEqual([{ kind: 'workerLost', legs: [A, B] }]);
  stage.plane.play(A, { kind: 'tone', tone: 'busy' });
  stage.plane.close(A);
  stage.plane.close(B);
  expect(stage.plane.legCount).toBe(0);
  stage.settle();
  const ports = call(stage);
  expect(stage.talk(ALICE, ports.alice, BOB).length).toBe(5);
});

test('a port that another program has ends the legs on it and is not used again', () => {
  const stage = new Stage();
  const { alice, bob } = call(stage);
  stage.plane.receive(0, { kind: 'portFailed', port: alice });
  stage.settle();
  const lost = alice === bob ? [A, B] : [A];
  expect(stage.events).toEqual([{ kind: 'workerLost', legs: lost }]);
  stage.plane.open(C, peer('192.0.2.3'), sdp('192.0.2.3', 4000), undefined);
  expect(described(stage.plane.describe(C, undefined)).port).not.toBe(alice);
});

test('while a media thread has too much to do, new calls go to others, and are refused when all have', () => {
  const stage = new Stage({ workerCount: 2 });
  const open = (leg: number, beside?: LegId, urgency?: 'usual' | 'emergency') =>
    stage.plane.open(leg as LegId, peer('192.0.2.1'), sdp('192.0.2.1', 4000 + 2 * leg), beside, {}, urgency);
  expect([open(1).kind, open(2).kind]).toEqual(['opened', 'opened']);
  const [first, second] = stage.plane.memories;
  first!.isOverloaded = true;
  expect([open(3).kind, open(4).kind, open(5).kind]).toEqual(['opened', 'opened', 'opened']);
  expect(stage.plane.counters.overloadRefusals).toBe(0);
  second!.isOverloaded = true;
  expect(open(6)).toMatchObject({ kind: 'refused', cause: 'media-overloaded' });
  expect(stage.plane.counters.overloadRefusals).toBe(1);
  // What was let in is brought to its end, and help comes before all.
  expect([open(7, A).kind, open(8, undefined, 'emergency').kind]).toEqual(['opened', 'opened']);
  second!.isOverloaded = false;
  expect(open(9).kind).toBe('opened');
});

test('when ports or streams run out a leg is refused, and accepted again after others closed', () => {
  const stage = new Stage({ portTo: 20003, sharing: 'off' });
  const open = (leg: number) =>
    stage.plane.open(leg as LegId, peer('192.0.2.1'), sdp('192.0.2.1', 4000 + 2 * leg), undefined).kind;
  expect([open(1), open(2), open(3)]).toEqual(['opened', 'opened', 'refused']);
  stage.plane.close(1 as LegId);
  stage.advance(61_000);
  expect(open(4)).toBe('opened');
  const small = new Stage({ streamsMax: 1 });
  small.plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000), undefined);
  expect(small.plane.open(B, peer('192.0.2.2'), undefined, undefined)).toMatchObject({ cause: 'media-overloaded' });
});

test('closed calls leave no leg, no stream and, after the quarantine, only the spare port', () => {
  const stage = new Stage();
  for (let round = 0; round < 20; round++) {
    call(stage);
    stage.plane.close(A);
    stage.plane.close(B);
    stage.advance(100);
  }
  stage.advance(120_000);
  expect(stage.plane.legCount).toBe(0);
  expect(stage.workers.counters[0]![0]).toBe(0);
  expect(stage.plane.portsUsed).toBe(0);
  expect(stage.workers.ios[0]!.openPorts.length).toBe(4);
});

test('spare ports that another program has are replaced by others before a call needs them', () => {
  const plane = new Stage().plane;
  const bound = (): number[] => {
    const ports: number[] = [];
    for (let output = plane.poll(); output !== undefined; output = plane.poll()) {
      if (output.kind === 'post' && output.message.kind === 'bindPort') ports.push(output.message.port);
    }
    return ports;
  };
  bound();
  for (const port of [20000, 20002, 20004, 20006]) plane.receive(0, { kind: 'portFailed', port });
  expect(bound()).toEqual([20008, 20010, 20012, 20014]);
});
