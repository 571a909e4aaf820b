import { expect, test } from 'vitest';
import { failureOf } from '../../../cli/phone/failure.ts';
import { type CallOrder, type CallResult, PhoneCall } from '../../../cli/phone/phone-call.ts';
import type { LegId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { NEVER } from '../../../core/kernel/time.ts';
import type { SignalingEvent } from '../../../core/ports.ts';
import { WorkerMediaPlane } from '../../../media/media-plane.ts';
import { QueuedSignaling, type SignalingCommand } from '../../../sip/signaling.ts';

const LEG = 1 as LegId;
const PEER = { transport: 'udp', address: '127.0.0.1', port: 5060 } as const;
const TARGET = {
  user: '1001',
  host: 'example.org',
  port: 5060,
  transport: 'udp',
  uri: 'sip:1001@example.org',
} as const;
const REPORT = {
  packetsReceived: 50,
  packetsSent: 50,
  packetsLost: 0,
  jitterMs: 1,
  remoteLossShare: 0,
  remoteJitterMs: 0,
  roundTripMs: -1,
};

function sdp(direction = 'sendrecv', payloadType = 0): Uint8Array {
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return Buffer.from([...lines, `m=audio 4000 RTP/AVP ${payloadType}`, `a=${direction}`, ''].join('\r\n'));
}

/** A call with the real plane behind it; what goes to its threads and to signalling is kept. */
class Bench {
  now = 0;
  readonly call: PhoneCall;
  readonly #signaling = new QueuedSignaling();
  readonly #plane: WorkerMediaPlane;

  constructor(order: Partial<CallOrder> = {}) {
    this.#plane = new WorkerMediaPlane({
      workerCount: 1,
      streamsMax: 1,
      portFrom: 4100,
      portTo: 4101,
      sharing: 'off',
      addressFor: () => '127.0.0.1',
      random: seeded(1),
      clock: { now: () => this.now, wallTime: () => this.now },
    });
    const target = { contact: TARGET.uri, path: [], via: PEER, localPort: undefined };
    const dial = { target, fromUser: '1000', fromName: '', toUser: '1001' };
    const nothing = { play: undefined, record: undefined, digits: '', talkMaxMs: NEVER };
    const ports = { signaling: this.#signaling, media: this.#plane };
    this.call = new PhoneCall({ peer: PEER, dial, ...nothing, ...order }, ports);
    this.call.dial(0);
    expect(this.said()).toMatchObject([{ kind: 'dial' }]);
    this.posted();
  }

  receive(event: SignalingEvent): void {
    this.call.receive(event, this.now);
  }

  answered(body: Uint8Array | undefined = sdp()): void {
    this.receive({ kind: 'answered', leg: LEG, body, dialog: '' });
  }

  ended(by: 'local' | 'remote'): void {
    this.receive({ kind: 'ended', leg: LEG, cause: 'normal', by });
  }

  pass(ms: number): void {
    for (this.now += ms; this.call.deadline() <= this.now; ) this.call.expire(this.now);
  }

  /** What signalling was asked for since the last time. */
  said(): SignalingCommand[] {
    const said: SignalingCommand[] = [];
    for (let one = this.#signaling.poll(); one !== undefined; one = this.#signaling.poll()) said.push(one);
    return said;
  }

  /** Kinds of what the threads were told since the last time, and what is played. */
  posted(): string[] {
    const posted: string[] = [];
    for (let one = this.#plane.poll(); one !== undefined; one = this.#plane.poll()) {
      if (one.kind === 'post' || one.kind === 'postFiles') posted.push(one.message.kind);
    }
    return posted;
  }

  /** The result, once the stream has told how it was. */
  result(): CallResult {
    this.call.reported(REPORT, this.now);
    return this.lastProgress();
  }

  lastProgress(): CallResult {
    for (let one = this.call.poll(); one !== undefined; one = this.call.poll())
      if (one.kind === 'over') return one.result;
    throw new Error(`the call is not over but ${this.call.state}`);
  }
}

test('early media is heard and recorded, and an answer without a description goes on with it', () => {
  const bench = new Bench({ record: '/tmp/r.wav' });
  bench.receive({ kind: 'ringing', leg: LEG, status: 183, body: sdp() });
  expect(bench.posted()).toEqual(['update', 'play', 'record', 'record']);
  bench.answered(undefined);
  bench.ended('remote');
  expect(bench.result()).toMatchObject({ answered: true, hasRung: true, cause: 'normal', endedBy: 'remote' });
});

test.each([
  ['without a description', undefined],
  ['with a codec that was not offered', sdp('sendrecv', 18)],
])('an answer %s is hung up', (_, body) => {
  const bench = new Bench();
  bench.receive({ kind: 'answered', leg: LEG, body, dialog: '' });
  expect(bench.said()).toMatchObject([{ kind: 'hangup', cause: 'not-acceptable' }]);
  bench.ended('local');
  const result = bench.result();
  expect(result).toMatchObject({ answered: false, status: 488 });
  expect(failureOf(result, TARGET, '1000')).toMatch(/^The answer of 1001 could not be used/);
});

test('a hold is answered, and so is a re-INVITE that asks for our offer', () => {
  const bench = new Bench();
  bench.answered();
  bench.receive({ kind: 'reoffered', leg: LEG, offer: sdp('sendonly') });
  const [held] = bench.said();
  expect(held).toMatchObject({ kind: 'acceptOffer' });
  expect(Buffer.from(held?.kind === 'acceptOffer' ? held.answer : []).toString()).toContain('a=recvonly');
  bench.receive({ kind: 'reoffered', leg: LEG, offer: undefined });
  expect(bench.said()).toMatchObject([{ kind: 'acceptOffer' }]);
  bench.receive({ kind: 'reoffered', leg: LEG, offer: sdp('sendrecv', 18) });
  expect(bench.said()).toMatchObject([{ kind: 'refuseOffer', cause: 'not-acceptable' }]);
});

test('digits are sent half a second after the answer, and the call is hung up when its time is over', () => {
  const bench = new Bench({ digits: '12#', talkMaxMs: 2_000 });
  bench.answered();
  bench.posted();
  bench.pass(500);
  expect(bench.posted()).toEqual(['digits']);
  bench.pass(1_500);
  expect(bench.said()).toMatchObject([{ kind: 'hangup', cause: 'normal' }]);
  bench.ended('local');
  expect(bench.result()).toMatchObject({ talkMs: 2_000, endedBy: 'local', cause: 'normal', report: REPORT });
});

test('silence follows what was played, and a file that failed is said at the end', () => {
  const bench = new Bench({ play: '/tmp/p.wav' });
  bench.answered();
  expect(bench.posted()).toEqual(['update', 'play', 'load']);
  bench.call.receive({ kind: 'played', leg: LEG, outcome: 'failed', detail: 'no such file' }, 0);
  expect(bench.posted()).toEqual(['play']);
  bench.ended('remote');
  expect(failureOf(bench.result(), TARGET, '1000')).toMatch(/^The file could not be played: no such file\./);
});

test.each([
  ['silence from the other side', { kind: 'silent', leg: LEG }, 'media-lost', /60 s of silence/],
  ['a dead media thread', { kind: 'workerLost', legs: [LEG] }, 'media-failed', /media failed here/],
] as const)('%s ends the call', (_, event, cause, sentence) => {
  const bench = new Bench();
  bench.answered();
  bench.call.receive(event, 0);
  expect(bench.said()).toMatchObject([{ kind: 'hangup', cause }]);
  bench.ended('local');
  const result = bench.result();
  expect(result).toMatchObject({ answered: true, cause, endedBy: 'local' });
  expect(failureOf(result, TARGET, '1000')).toMatch(sentence);
});

test('a goodbye that nobody confirms is waited for 4 s, and a stream that tells nothing 1 s more', () => {
  const bench = new Bench();
  bench.answered();
  bench.call.hangup(0);
  bench.call.hangup(0);
  expect(bench.said()).toHaveLength(1);
  bench.pass(3_999);
  expect(bench.call.state).toBe('releasing');
  bench.pass(1);
  expect(bench.posted()).toContain('close');
  bench.ended('local');
  bench.pass(1_000);
  expect(bench.lastProgress()).toMatchObject({ answered: true, cause: 'normal', report: undefined });
});

test('an answer that crosses the hang-up is left to signalling', () => {
  const bench = new Bench();
  bench.call.hangup(0);
  bench.answered();
  bench.receive({ kind: 'ringing', leg: LEG, status: 183, body: sdp() });
  bench.ended('local');
  expect(bench.result()).toMatchObject({ answered: false, status: 487, cause: 'canceled' });
});

test.each([
  [{ cause: 'unavailable', status: 408 }, /^No answer from example\.org:5060 within 32 s/],
  [{ cause: 'no-answer', status: 408 }, /^Nobody answered at 1001/],
  [{ cause: 'unavailable', status: 480, hasRung: true }, /^Nobody answered at 1001/],
  [{ cause: 'busy', status: 486 }, /^1001 is busy/],
  [{ cause: 'declined', status: 603 }, /^1001 declined the call/],
  [{ cause: 'forbidden', status: 403 }, /^example\.org forbids this call/],
  [{ cause: 'not-acceptable', status: 488 }, /^1001 speaks none of our codecs/],
  [{ cause: 'peer-failed', status: 500 }, /^example\.org refused the call: expected an answer, got 500/],
  [{ cause: 'media-overloaded', status: 503, endedBy: 'local' }, /^The call could not be placed/],
] as const)('%j is told in one sentence', (end, sentence) => {
  const result = { answered: false, hasRung: false, endedBy: 'remote', setupMs: undefined, talkMs: 0 } as const;
  expect(failureOf({ ...result, report: undefined, playFailure: '', ...end }, TARGET, '1000')).toMatch(sentence);
});
