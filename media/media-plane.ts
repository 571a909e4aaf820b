import { assert } from '../core/kernel/assert.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { LegId } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { Body, MediaEvent, MediaPlane, OpenResult, PlaySource, TransportAddress } from '../core/ports.ts';
import { addressOf, formatIpv4, parseIpv4, portOf } from './io/addresses.ts';
import { type MediaPeer, PortPool } from './io/port-pool.ts';
import { type FileCounters, PlaneFiles } from './plane-files.ts';
import { PlaneLeg } from './plane-leg.ts';
import type { FromFiles, FromWorker, ToFiles, ToWorker } from './protocol.ts';
import { SUPPORTED_FORMATS } from './sdp/formats.ts';
import { type NegotiatedAudio, negotiateAnswer } from './sdp/negotiate.ts';
import { parseSdp } from './sdp/parse.ts';
import type { SessionDescription } from './sdp/session-description.ts';

/** A port that another program has is met here, before a call is placed on it. */
const SPARE_COUNT = 4;

export interface MediaPlaneOptions {
  readonly workerCount: number;
  /** Legs on one worker; a further one is refused. */
  readonly streamsMax: number;
  readonly portFrom: number;
  readonly portTo: number;
  readonly sharing: 'on' | 'off';
  /** Address that a peer at this literal address can send to. */
  readonly addressFor: (peerAddress: string) => string;
  readonly random: Random;
  /** Legs are placed and released at a time, and the port's methods carry none. */
  readonly clock: Clock;
}

/** What the plane asks of its surroundings: tell the core, or pass a message on. */
export type PlaneOutput =
  | MediaEvent
  | { readonly kind: 'post'; readonly worker: number; readonly message: ToWorker }
  | { readonly kind: 'postFiles'; readonly message: ToFiles };

export interface MediaPlaneCounters extends FileCounters {
  portsFailed: number;
  workersLost: number;
}

interface WorkerState {
  pool: PortPool;
  readonly legs: Map<LegId, PlaneLeg>;
}

/**
 * The main thread's part of media: offer and answer, placing legs on workers and ports, and passing on what the core
 * asks for. A machine: messages in by `receive…`, everything out by `poll`.
 *
 * Legs of a bridge live on one worker, the one of the leg `beside` which they were opened.
 */
export class WorkerMediaPlane implements MediaPlane {
  readonly counters: MediaPlaneCounters = {
    portsFailed: 0,
    workersLost: 0,
    recordingsFinished: 0,
    recordingsFailed: 0,
    recordingSamplesLost: 0,
  };
  readonly #options: MediaPlaneOptions;
  readonly #workers: readonly WorkerState[];
  readonly #legs = new Map<LegId, PlaneLeg>();
  readonly #outputs: PlaneOutput[] = [];
  readonly #files = new PlaneFiles(this.counters);
  #play = 0;

  constructor(options: MediaPlaneOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workerCount }, (_, worker) => ({
      pool: this.#makePool(worker),
      legs: new Map(),
    }));
    for (let worker = 0; worker < options.workerCount; worker++) this.#drainPool(worker);
  }

  get legCount(): number {
    return this.#legs.size;
  }

  /** RTP ports bound or about to be, each with its RTCP twin. */
  get portsUsed(): number {
    return this.#workers.reduce((sum, { pool }) => sum + pool.busyPorts(), 0);
  }

  open(leg: LegId, peer: TransportAddress, offer: Body | undefined, beside: LegId | undefined): OpenResult {
    assert(!this.#legs.has(leg), `leg ${leg} is open already`);
    const session = offer === undefined ? undefined : parseSdp(offer).session;
    if (offer !== undefined && session === undefined) return refused('the session description cannot be read');
    const audio = session === undefined ? undefined : negotiateAnswer(session, SUPPORTED_FORMATS);
    if (session !== undefined && audio === undefined) return refused('no common codec');
    if (audio !== undefined && parseIpv4(audio.remoteAddress) === undefined)
      return refused('media goes over IPv4 only');
    return this.#place(leg, peer, session, audio, this.#chooseWorker(beside));
  }

  describe(leg: LegId, like: LegId | undefined): Body {
    const own = this.#leg(leg);
    const isFirst = !own.isDescribed;
    const body = own.describe(like === undefined ? own.encodings : (this.#legs.get(like)?.encodings ?? []));
    this.#post(own, { kind: isFirst ? 'open' : 'update', leg, settings: own.settings() });
    return body;
  }

  accept(leg: LegId, answer: Body): OpenResult {
    const own = this.#leg(leg);
    const session = parseSdp(answer).session;
    if (session === undefined) return refused('the session description cannot be read');
    if (!own.accept(session)) return refused('no common codec, or not an answer to the offer');
    this.#settle(own);
    return { kind: 'opened' };
  }

  renegotiate(leg: LegId, offer: Body): ReturnType<MediaPlane['renegotiate']> {
    const own = this.#leg(leg);
    const session = parseSdp(offer).session;
    if (session === undefined) return refused('the session description cannot be read');
    const audio = negotiateAnswer(session, SUPPORTED_FORMATS, own.encodings);
    if (audio === undefined) return refused('no common codec');
    if (parseIpv4(audio.remoteAddress) === undefined) return refused('media goes over IPv4 only');
    const body = own.renegotiate(session, audio);
    this.#settle(own);
    return { kind: 'answer', body };
  }

  bridge(a: LegId, b: LegId): void {
    const [first, second] = [this.#leg(a), this.#leg(b)];
    assert(first.place.worker === second.place.worker, 'legs of a bridge are opened beside each other');
    first.play = 0;
    second.play = 0;
    this.#post(first, { kind: 'bridge', a, b });
  }

  unbridge(leg: LegId): void {
    this.#post(this.#leg(leg), { kind: 'unbridge', leg });
  }

  /** Sends the peer's own voice back to it. */
  echo(leg: LegId): void {
    this.#post(this.#leg(leg), { kind: 'echo', leg });
  }

  play(leg: LegId, source: PlaySource): void {
    const own = this.#leg(leg);
    own.play = ++this.#play;
    if (source.kind !== 'file') {
      this.#post(own, { kind: 'play', leg, play: own.play, source });
      return;
    }
    this.#outputs.push({ kind: 'postFiles', message: this.#files.load(leg, own.play, source.path) });
  }

  stopPlaying(leg: LegId): void {
    const own = this.#leg(leg);
    own.play = 0;
    this.#post(own, { kind: 'stopPlaying', leg });
  }

  record(leg: LegId, path: string): void {
    const own = this.#leg(leg);
    if (own.lost) return;
    const message = this.#files.record(leg, path);
    this.#outputs.push({ kind: 'postFiles', message });
    this.#post(own, { kind: 'record', leg, ring: message.ring });
  }

  sendDigits(leg: LegId, digits: string): void {
    this.#post(this.#leg(leg), { kind: 'digits', leg, digits });
  }

  /** No effect on a leg that was never opened, or is closed. */
  close(leg: LegId): void {
    const own = this.#legs.get(leg);
    if (own === undefined) return;
    if (own.isDescribed) this.#post(own, { kind: 'close', leg });
    this.#legs.delete(leg);
    if (own.lost) return;
    const worker = this.#workers[own.place.worker]!;
    worker.legs.delete(leg);
    worker.pool.release(leg, this.#options.clock.now());
    this.#drainPool(own.place.worker);
  }

  receive(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case 'portFailed':
        this.#portFailed(worker, message.port);
        return;
      case 'latched':
        this.#latched(worker, message.leg, message.remote);
        return;
      case 'played':
        this.#played(message.leg, message.play, 'finished', '');
        return;
      case 'digit':
      case 'silent':
        if (this.#isLive(worker, message.leg)) this.#outputs.push(message);
        return;
      case 'ready':
      case 'closed':
      case 'failed': // The end of the thread follows, see `workerLost`.
        return;
    }
  }

  receiveFromFiles(message: FromFiles): void {
    const loaded = this.#files.receive(message);
    if (loaded === undefined) return;
    const { leg, play } = loaded;
    const own = this.#legs.get(leg);
    if (own?.play !== play) return;
    if ('detail' in loaded) this.#played(leg, play, 'failed', loaded.detail);
    else this.#post(own, { kind: 'play', leg, play, source: { kind: 'samples', samples: loaded.samples } });
  }

  /**
   * The thread ended; its replacement starts empty. One event tells all its legs; until the core closes them, what it
   * asks for them has no effect.
   */
  workerLost(worker: number): void {
    const state = this.#workers[worker]!;
    this.counters.workersLost++;
    state.pool = this.#makePool(worker);
    this.#lose([...state.legs.values()]);
    this.#drainPool(worker);
  }

  /** The file thread died: what it was loading or writing is lost, and its replacement starts empty. */
  filesLost(reason: string): void {
    for (const message of this.#files.failures(reason)) this.receiveFromFiles(message);
  }

  deadline(): Instant {
    return Math.min(...this.#workers.map(({ pool }) => pool.deadline()));
  }

  expire(now: Instant): void {
    for (const [worker, { pool }] of this.#workers.entries()) {
      if (pool.deadline() > now) continue;
      pool.expire(now);
      this.#drainPool(worker);
    }
  }

  poll(): PlaneOutput | undefined {
    return this.#outputs.shift();
  }

  #leg(leg: LegId): PlaneLeg {
    const own = this.#legs.get(leg);
    assert(own !== undefined, `leg ${leg} is not open`);
    return own;
  }

  #isLive(worker: number, leg: LegId): boolean {
    return this.#workers[worker]!.legs.has(leg);
  }

  /** Each worker has its own share of the port range, so that pools never meet. */
  #makePool(worker: number): PortPool {
    const { portFrom, portTo, workerCount, sharing } = this.#options;
    const first = portFrom + (portFrom % 2);
    const pairs = Math.floor((portTo - first + 1) / 2);
    const from = first + 2 * Math.floor((pairs * worker) / workerCount);
    const to = first + 2 * Math.floor((pairs * (worker + 1)) / workerCount) - 1;
    assert(to > from, `expected a port pair for each of ${workerCount} workers in ${portFrom}-${portTo}`);
    return new PortPool({ from, to, sharing, spareCount: SPARE_COUNT });
  }

  #chooseWorker(beside: LegId | undefined): number {
    const neighbour = beside === undefined ? undefined : this.#legs.get(beside);
    if (neighbour !== undefined) return neighbour.place.worker;
    let best = 0;
    for (let worker = 1; worker < this.#workers.length; worker++) {
      if (this.#workers[worker]!.legs.size < this.#workers[best]!.legs.size) best = worker;
    }
    return best;
  }

  #place(
    leg: LegId,
    peer: TransportAddress,
    offer: SessionDescription | undefined,
    audio: NegotiatedAudio | undefined,
    worker: number,
  ): OpenResult {
    const { clock, streamsMax, addressFor, random } = this.#options;
    const { pool, legs } = this.#workers[worker]!;
    const reachable = parseIpv4(peer.address) === undefined ? audio?.remoteAddress : peer.address;
    if (reachable === undefined) return refused('media goes over IPv4 only');
    if (legs.size >= streamsMax) return overloaded(`${streamsMax} streams on one media worker`);
    const placed = pool.place(leg, mediaPeer(peer.address, audio), clock.now());
    if (placed === undefined) return overloaded('no RTP port is free');
    const place = { worker, port: placed.port, address: addressFor(reachable) };
    const own = new PlaneLeg(leg, place, peer.address, placed.mode, offer, Math.floor(random.next() * 2 ** 48));
    this.#legs.set(leg, own);
    legs.set(leg, own);
    this.#drainPool(worker);
    return { kind: 'opened' };
  }

  /** After an answer or a new offer: whether the peer's address is certain by now, then the stream's settings. */
  #settle(own: PlaneLeg): void {
    if (own.lost) return;
    const { pool } = this.#workers[own.place.worker]!;
    own.mode = pool.settle(own.leg, mediaPeer(own.signallingAddress, own.negotiated));
    this.#post(own, { kind: 'update', leg: own.leg, settings: own.settings() });
  }

  #post(own: PlaneLeg, message: ToWorker): void {
    if (!own.lost) this.#outputs.push({ kind: 'post', worker: own.place.worker, message });
  }

  #drainPool(worker: number): void {
    const { pool } = this.#workers[worker]!;
    for (let output = pool.poll(); output !== undefined; output = pool.poll()) {
      const kind = output.kind === 'bind' ? 'bindPort' : 'unbindPort';
      this.#outputs.push({ kind: 'post', worker, message: { kind, port: output.port } });
    }
  }

  /** Another program has the port: its legs would wait in vain. */
  #portFailed(worker: number, port: number): void {
    const { pool, legs } = this.#workers[worker]!;
    this.counters.portsFailed++;
    const failed = pool.unbindable(port).map((leg) => legs.get(leg)!);
    // The thread lives on: it has to be told, as nobody will when the core closes a lost leg.
    for (const own of failed) if (own.isDescribed) this.#post(own, { kind: 'close', leg: own.leg });
    for (const own of failed) pool.release(own.leg, this.#options.clock.now());
    this.#lose(failed);
    this.#drainPool(worker);
  }

  #lose(lost: readonly PlaneLeg[]): void {
    if (lost.length === 0) return;
    for (const own of lost) {
      this.#workers[own.place.worker]!.legs.delete(own.leg);
      own.lost = true;
    }
    this.#files.endRecordings(new Set(lost.map(({ leg }) => leg)));
    this.#outputs.push({ kind: 'workerLost', legs: lost.map(({ leg }) => leg) });
  }

  #latched(worker: number, leg: LegId, remote: number): void {
    if (!this.#isLive(worker, leg)) return;
    this.#workers[worker]!.pool.latched(leg, formatIpv4(addressOf(remote)), portOf(remote));
  }

  #played(leg: LegId, play: number, outcome: 'finished' | 'failed', detail: string): void {
    const own = this.#legs.get(leg);
    if (own === undefined || own.play !== play) return;
    own.play = 0;
    this.#outputs.push({ kind: 'played', leg, outcome, detail });
  }
}

/** No trunk vouches for other networks yet. */
function mediaPeer(signallingAddress: string, audio: NegotiatedAudio | undefined): MediaPeer {
  return {
    sdpAddress: audio?.remoteAddress ?? '',
    sdpPort: audio?.remotePort ?? 0,
    signallingAddress,
    mediaNetworks: [],
  };
}

function refused(detail: string): OpenResult & { readonly kind: 'refused' } {
  return { kind: 'refused', cause: 'not-acceptable', detail };
}

function overloaded(detail: string): OpenResult {
  return { kind: 'refused', cause: 'media-overloaded', detail };
}
