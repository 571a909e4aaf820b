import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { CallDemand } from '../../core/flows/call-control.ts';
import type { CallId, LegId, RecordingNumber } from '../../core/kernel/ids.ts';
import { type Random, seeded } from '../../core/kernel/random.ts';
import type { RecordingRequest, SignalingEvent } from '../../core/ports.ts';
import { FROM_TRUNK, type Office, offered, office, QuietPlane, SDP } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';
import { CUSTOMER, NUMBER } from './store/rows.ts';

const CASES = 200;
const STEPS = 120;
const NO_LIMITS = { durationMs: 0, silenceMs: 0, endKey: 'any', onEndFlowId: null } as const;

/** A media plane that does not let anything be asked for a leg that is not open. */
class StrictPlane extends QuietPlane {
  readonly legs = new Set<LegId>();
  readonly mixed = new Set<LegId>();
  readonly playing = new Set<LegId>();
  readonly running = new Map<RecordingNumber, RecordingRequest>();
  readonly stopped: RecordingNumber[] = [];

  override open(...order: Parameters<QuietPlane['open']>) {
    const [leg] = order;
    expect(this.legs.has(leg)).toBe(false);
    this.legs.add(leg);
    return super.open(...order);
  }
  override close = (leg: LegId) => {
    expect([leg, this.legs.delete(leg), this.mixed.has(leg)]).toEqual([leg, true, false]);
    this.playing.delete(leg);
  };
  override describe = (leg?: LegId) => this.#sure(leg, SDP);
  override accept = (leg: LegId) => this.#sure(leg, { kind: 'opened' } as const);
  override bridge = (a: LegId, b: LegId) =>
    void [a, b].forEach((leg) => {
      this.mixed.delete(this.#sure(leg, leg));
    });
  override unbridge = (leg: LegId) => void this.#sure(leg, 0);
  override echo = (leg: LegId) => void this.#sure(leg, 0);
  override join = (leg: LegId) => void this.mixed.add(this.#sure(leg, leg));
  override leave = (leg: LegId) => void this.mixed.delete(this.#sure(leg, leg));
  override mute = (leg: LegId) => void this.#sure(leg, 0);
  override hold = (leg: LegId) => this.#sure(leg, SDP);
  override play = (leg: LegId) => void this.playing.add(this.#sure(leg, leg));
  override players = { steer: (leg: LegId) => void this.#sure(leg, 0) };
  override stopPlaying = (leg: LegId) => void this.playing.delete(this.#sure(leg, leg));
  override sendDigits = (leg: LegId) => void this.#sure(leg, 0);
  override record = (recording: RecordingNumber, request: RecordingRequest) =>
    void this.running.set(recording, request);
  override stopRecording = (recording?: RecordingNumber) => void this.stopped.push(recording!);

  #sure<Value>(leg: LegId | undefined, value: Value): Value {
    expect(this.legs).toContain(leg);
    return value;
  }
}

type StrictOffice = Omit<Office, 'media'> & { readonly media: StrictPlane };
type Side = 'offered' | 'dialled' | 'talking' | 'ending';

/** Signalling as the stack does it: every leg ends once, after it was hung up or by its peer. */
class Peers {
  readonly sides = new Map<LegId, Side>();
  readonly reoffered: LegId[] = [];
  readonly #place: Pick<Office, 'said'>;

  constructor(place: Pick<Office, 'said'>) {
    this.#place = place;
  }

  /** Takes what the switch has said. */
  listen(): void {
    for (const order of this.#place.said()) {
      const [kind, number] = order.split(' ') as [string, string];
      const leg = Number(number) as LegId;
      const side = this.sides.get(leg);
      if (kind === 'dial') this.sides.set(leg, 'dialled');
      else expect([order, side]).not.toEqual([order, undefined]);
      if (kind === 'answer') this.sides.set(leg, 'talking');
      if (kind === 'hangup') this.sides.set(leg, 'ending');
      if (kind === 'reoffer') this.reoffered.push(leg);
    }
  }

  /** Somebody waits for what comes of it. */
  isMoving(leg: LegId): boolean {
    const side = this.sides.get(leg);
    return side === 'dialled' || side === 'ending';
  }

  /** What may come of a leg next. */
  next(leg: LegId, random: Random): SignalingEvent {
    const side = this.sides.get(leg)!;
    const chance = random.next();
    if (side === 'dialled' && chance < 0.4) {
      return { kind: 'ringing', leg, status: 180, body: chance < 0.2 ? SDP : undefined };
    }
    if (side === 'dialled' && chance < 0.8) {
      this.sides.set(leg, 'talking');
      return { kind: 'answered', leg, body: SDP, dialog: 'd' };
    }
    this.sides.delete(leg);
    if (side === 'dialled') return { kind: 'failed', leg, cause: 'busy', status: 486 };
    return { kind: 'ended', leg, cause: 'normal', by: side === 'ending' ? 'local' : 'remote' };
  }
}

function demandOf(random: Random, token: number, other: CallId): CallDemand {
  const isOften = random.next() < 0.5;
  const destinations = isOften
    ? [address('extension', '1001')]
    : [address('sip', 'sip:a@192.0.2.9'), address('extension', '1002')];
  const demands: readonly CallDemand[] = [
    { kind: 'answer' },
    { kind: 'hangup', cause: 'busy', like: null },
    { kind: 'play', token, urls: ['prompt:a', 'tone:beep', 'recording:x'], times: 2 },
    { kind: 'steerPlaying', order: { kind: 'pause' } },
    { kind: 'steerPlaying', order: { kind: 'seek', toMs: 500, from: 'here' } },
    { kind: 'beep', token },
    { kind: 'stopPlaying' },
    { kind: 'echo' },
    { kind: 'stopEcho' },
    { kind: 'sendDigits', digits: '1', durationMs: 100, intervalMs: 50 },
    { kind: 'joinConference', token, conferenceId: CONFERENCE.id },
    { kind: 'leaveConference' },
    { kind: 'supervise', token, callId: other, mode: isOften ? 'whisper' : 'barge' },
    { kind: 'supervise', token, callId: other, mode: 'listen' },
    { kind: 'stopSupervising' },
    { kind: 'connect', token, source: null, destinations, isEarlyMediaHeard: isOften, anonymous: '' },
    { kind: 'connect', token, source: null, destinations, isEarlyMediaHeard: !isOften, anonymous: 'yes' },
    { kind: 'disconnect' },
    { kind: 'startRecording', limits: NO_LIMITS },
    { kind: 'pauseRecording', mode: 'paused' },
    { kind: 'stopRecording' },
  ];
  return demands[Math.floor(random.next() * demands.length)]!;
}

/** One thing that can happen to a switch at any time. */
function step(place: StrictOffice, peers: Peers, random: Random, now: number): void {
  const { calls, media, flows } = place;
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random.next() * items.length)];
  const started = flows.starts.map(({ reference }) => (reference as { id: CallId }).id);
  // Now and then a flow asks for something when its call is over already.
  const live = random.next() < 0.95 ? started.filter((id) => calls.recordOf(id) !== undefined) : started;
  const call = pick(live);
  const leg = pick([...peers.sides.keys()]);
  const chance = random.next();
  if (chance < 0.08) {
    const caller = (1_000 + now) as LegId;
    peers.sides.set(caller, 'offered');
    const toUser = random.next() < 0.7 ? NUMBER.number : '1001';
    calls.receive({ ...offered({ toUser, caller: FROM_TRUNK }), leg: caller } as SignalingEvent, now);
  } else if (chance < 0.1) {
    const destinations = [address('extension', '1001'), address('sip', 'sip:b@192.0.2.8')];
    const what = { customerId: CUSTOMER.id, source: null, destinations, flowId: NUMBER.callFlowId, actions: [] };
    calls.execute(now, { kind: 'createCalls', ...what, anonymous: '', variables: {} }, now);
  } else if (chance < 0.55 && call !== undefined) {
    calls.receiveFlow(
      { kind: 'demand', call, demand: demandOf(random, now, pick(calls.ledger.records())?.id ?? call) },
      now,
    );
  } else if (chance < 0.56 && call !== undefined) {
    calls.receiveFlow({ kind: 'completed', call, activeflowId: 'a' as never }, now);
  } else if (chance < 0.64) {
    const id = pick(calls.ledger.records())?.id;
    if (id === undefined) return;
    if (random.next() < 0.5)
      calls.execute(now, { kind: 'holdCall', id, mode: pick(['held', 'active'] as const)! }, now);
    else calls.execute(now, { kind: 'hangupCall', id }, now);
  } else if (chance < 0.7 && media.playing.size > 0) {
    calls.receive({ kind: 'played', leg: pick([...media.playing])!, outcome: 'finished', detail: '' }, now);
  } else if (chance < 0.75 && leg !== undefined) {
    calls.receive({ kind: 'digit', leg, digit: '5', durationMs: 100 }, now);
  } else if (leg !== undefined && (peers.isMoving(leg) || random.next() < 0.2)) {
    calls.receive(peers.next(leg, random), now);
  }
}

/** What others do about what the switch asked of them. */
function attend(place: StrictOffice, peers: Peers, random: Random, now: number): void {
  const { calls, media, store } = place;
  peers.listen();
  for (const leg of peers.reoffered.splice(0)) {
    const status = [200, 488, 491][Math.floor(random.next() * 3)]!;
    if (!peers.sides.has(leg)) continue;
    calls.receive({ kind: 'reanswered', leg, status, body: status === 200 ? SDP : undefined }, now);
  }
  for (const recording of media.stopped.splice(0)) {
    if (!media.running.delete(recording)) continue;
    calls.receive({ kind: 'recorded', recording, reason: 'stopped', files: [], lostSamples: 0, detail: '' }, now);
  }
  while (store.waitingCount > 0) calls.receiveStore(random.next() < 0.9 ? store.stored() : store.failed(), now);
  while (calls.poll() !== undefined);
  peers.listen();
}

function wander(seed: number): void {
  const random = seeded(seed);
  const media = new StrictPlane();
  const place = { ...office({ contacts: 2, ports: { media } }), media };
  const { calls, flows } = place;
  const peers = new Peers(place);
  let now = 0;
  for (let i = 0; i < STEPS; i++) {
    now += 1;
    step(place, peers, random, now);
    attend(place, peers, random, now);
  }
  for (let i = 0; i < 100_000 && (peers.sides.size > 0 || calls.deadline() !== Infinity); i++) {
    now = peers.sides.size > 0 ? now + 1 : Math.max(now, calls.deadline());
    const [leg] = peers.sides.keys();
    if (leg !== undefined) calls.receive(peers.next(leg, random), now);
    if (calls.deadline() <= now) calls.expire(now);
    attend(place, peers, random, now);
  }
  const { ledger, conferences, recordings, sounds } = calls;
  expect([ledger.liveCount, calls.timerCount, calls.bridgeCount, calls.heldCount]).toEqual([0, 0, 0, 0]);
  expect(calls.waitingCount).toBe(0);
  expect([conferences.liveCount, recordings.liveCount, sounds.liveCount]).toEqual([0, 0, 0]);
  expect([media.legs.size, media.mixed.size, media.running.size]).toEqual([0, 0, 0]);
  const started = flows.starts.map(({ reference }) => (reference as { id: CallId }).id);
  for (const id of started) {
    const kinds = flows.news.filter(({ call }) => call === id).map(({ news }) => news.kind);
    expect([id, kinds.filter((kind) => kind === 'ended').length, kinds.at(-1)]).toEqual([id, 1, 'ended']);
  }
}

describe('whatever flows, phones and commands do', () => {
  test('every call ends once, its flow is told so last, and nothing is left of it', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      try {
        wander(seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});
