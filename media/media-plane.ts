import type { MediaFigures } from '../core/calls/media-figures.ts';
import { assert } from '../core/kernel/assert.ts';
import { CODEC_NAMES } from '../core/kernel/codec-names.ts';
import type { LegId, MixId, RecordingNumber } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { Instant } from '../core/kernel/time.ts';
import type {
  Body,
  LegTerms,
  ListeningWish,
  MediaPlane,
  MixTerms,
  OpenResult,
  PlaySource,
  RecordingRequest,
  RecordingSource,
  TransportAddress,
} from '../core/ports.ts';
import { noIpv6, nothingInCommon, overloaded, refused } from './open-refusal.ts';
import { OwnAddress } from './own-address.ts';
import { PlaneFiles } from './plane-files.ts';
import { PlaneLeg } from './plane-leg.ts';
import { PlaneMixes } from './plane-mixes.ts';
import { type MediaPlaneCounters, type MediaPlaneOptions, planeCounters } from './plane-options.ts';
import type { PlaneOutput } from './plane-output.ts';
import { PlaneRecordings, type RecordedSource } from './plane-recordings.ts';
import { PlaneSounds } from './plane-sounds.ts';
import { PlaneWorkers } from './plane-workers.ts';
import type { FromFiles, FromWorker, ToWorker } from './protocol.ts';
import type { NegotiatedAudio } from './sdp/negotiate.ts';
import { parseSdp } from './sdp/parse.ts';
import type { SessionDescription } from './sdp/session-description.ts';
import { SpokenFormats } from './sdp/spoken-formats.ts';
import type { StreamMemory } from './stream-memory.ts';
import { mediaPeer } from './stream-settings.ts';
import { PlaneExternals } from './streams/plane-externals.ts';

export type { MediaPlaneCounters, MediaPlaneOptions } from './plane-options.ts';
export type { PlaneOutput } from './plane-output.ts';

/**
 * The main thread's part of media: offer and answer, placing legs on workers and ports, and passing on what the core
 * asks for. A machine: messages in by `receive…`, everything out by `poll`. Legs of a bridge live
 * on one worker, the one of the leg `beside` which they were opened, unless a transfer brings them together. Those of
 * a conference may live anywhere, and best with each other.
 */
export class WorkerMediaPlane implements MediaPlane {
  readonly counters: MediaPlaneCounters = planeCounters();
  readonly #options: MediaPlaneOptions;
  readonly #legs = new LiveMap<LegId, PlaneLeg>();
  readonly #outputs: PlaneOutput[] = [];
  readonly #workers: PlaneWorkers;
  readonly mixes: PlaneMixes;
  readonly #files = new PlaneFiles();
  readonly players: PlaneSounds;
  readonly recorders = new PlaneRecordings(this.counters, this.#outputs);
  readonly externals: PlaneExternals;
  readonly #own: OwnAddress;
  #spoken: SpokenFormats;

  constructor(options: MediaPlaneOptions) {
    this.#options = options;
    this.#own = new OwnAddress(options.addressFor);
    this.#spoken = new SpokenFormats(options.codecs ?? CODEC_NAMES, false);
    this.#workers = new PlaneWorkers(options, this.#outputs);
    this.mixes = new PlaneMixes(options.workerCount, this.#files, this.#outputs);
    this.players = new PlaneSounds(this.#files, this.mixes, this.#legs, this.#outputs);
    const workerOf = (source: RecordingSource): number | undefined => this.#sourceOf(source)?.worker;
    this.externals = new PlaneExternals({ ...options, outputs: this.#outputs, mixes: this.mixes, workerOf });
  }

  get legCount(): number {
    return this.#legs.size;
  }

  get mixCount(): number {
    return this.mixes.count;
  }

  /** Recordings that are not told as recorded yet. */
  get recordingCount(): number {
    return this.recorders.count;
  }

  /** RTP ports bound or about to be, each with its RTCP twin. */
  get portsUsed(): number {
    return this.#workers.portsUsed;
  }

  /** The numbers of each worker's streams: the thread of that worker counts in them. */
  get memories(): readonly StreamMemory[] {
    return this.#workers.memories;
  }

  figures(leg: LegId): MediaFigures | undefined {
    const own = this.#legs.get(leg);
    return own && this.#workers.figuresOf(own);
  }

  open(...[leg, peer, offer, beside, terms = {}, urgency, near]: Parameters<MediaPlane['open']>): OpenResult {
    assert(!this.#legs.has(leg), `leg ${leg} is open already`);
    const session = offer === undefined ? undefined : parseSdp(offer).session;
    if (offer !== undefined && session === undefined) return refused('the session description cannot be read');
    const { encodings = [], srtp = 'off' } = terms;
    const audio = session && this.#spoken.negotiate(session, this.#spoken.wishes(encodings, []), 'sendrecv', srtp);
    if (session !== undefined && audio === undefined) return nothingInCommon(session, srtp);
    if (audio && !this.#own.reaches(audio.remoteAddress)) return noIpv6();
    const neighbour = beside === undefined ? undefined : this.#legs.get(beside);
    const worker = neighbour?.place.worker ?? this.#workers.choose(near && this.mixes.workerOf(near));
    // Who is called for somebody has a place: a call that was let in is brought to its end.
    if (neighbour === undefined && urgency !== 'emergency' && this.#workers.isOverloaded(worker)) {
      this.counters.overloadRefusals++;
      return overloaded('the media threads have more to do than they can');
    }
    return this.#place(leg, peer, session, audio, worker, terms);
  }

  describe(leg: LegId, like: LegId | undefined): Body {
    const own = this.#leg(leg);
    const isFirst = !own.isDescribed;
    const body = own.describe(like === undefined ? undefined : (this.#legs.get(like)?.encodings ?? []));
    this.#tell(own, isFirst ? 'open' : 'update');
    return body;
  }

  accept(leg: LegId, answer: Body): OpenResult {
    const own = this.#leg(leg);
    const session = parseSdp(answer).session;
    if (session === undefined) return refused('the session description cannot be read');
    if (!own.accept(session)) return refused('no common codec or keys, or not an answer to the offer');
    this.#settle(own);
    return { kind: 'opened' };
  }

  renegotiate(leg: LegId, offer: Body, like?: LegId): ReturnType<MediaPlane['renegotiate']> {
    const own = this.#leg(leg);
    const session = parseSdp(offer).session;
    if (session === undefined) return refused('the session description cannot be read');
    const isFirst = !own.isDescribed;
    const preferred = isFirst ? own.wishes(this.#legs.get(like ?? leg)?.encodings ?? []) : own.encodings;
    const audio = this.#spoken.renegotiate(session, preferred, own.willing, own.srtp);
    if (audio === undefined) return { ...nothingInCommon(session, own.srtp), ...(isFirst && own.reject(session)) };
    if (!this.#own.reaches(audio.remoteAddress)) return noIpv6();
    own.tell(this.#own.following(audio.remoteAddress, own.place.address));
    const body = own.renegotiate(session, audio);
    this.#settle(own, isFirst ? 'open' : 'update');
    return { kind: 'answer', body };
  }

  hold(leg: LegId, mode: 'held' | 'active'): Body {
    const own = this.#leg(leg);
    assert(own.isDescribed, `leg ${leg} is held before it is described`);
    const body = own.hold(mode);
    this.#tell(own, 'update');
    return body;
  }

  isHolding(leg: LegId): boolean {
    return this.#leg(leg).isHolding;
  }

  bridge(a: LegId, b: LegId): void {
    const [first, second] = [this.#leg(a), this.#leg(b)];
    for (const own of [first, second]) {
      own.play = 0;
      this.mixes.leave(own.leg, own.place.worker);
    }
    if (first.place.worker === second.place.worker) this.#post(first, { kind: 'bridge', a, b });
    else this.mixes.pair([first, second]);
  }

  unbridge(leg: LegId): void {
    if (!this.mixes.unpair(leg)) this.#post(this.#leg(leg), { kind: 'unbridge', leg });
  }

  echo(leg: LegId): void {
    const own = this.#leg(leg);
    this.mixes.leave(leg, own.place.worker);
    this.#post(own, { kind: 'echo', leg });
  }

  join(leg: LegId, mix: MixId, terms?: MixTerms): void {
    const own = this.#leg(leg);
    if (!own.lost) this.mixes.join(leg, own.place.worker, mix, terms);
  }

  leave(leg: LegId): void {
    this.mixes.leave(leg, this.#leg(leg).place.worker);
  }

  mute(leg: LegId, direction: Parameters<MediaPlane['mute']>[1]): void {
    this.#post(this.#leg(leg), { kind: 'mute', leg, direction });
  }

  amplify(leg: LegId, inDb: number, outDb: number): void {
    this.#post(this.#leg(leg), { kind: 'amplify', leg, inDb, outDb });
  }

  play(leg: LegId, source: PlaySource): void {
    this.players.play(this.#leg(leg), source);
  }

  stopPlaying(leg: LegId): void {
    this.players.stop(this.#leg(leg));
  }

  record(recording: RecordingNumber, request: RecordingRequest): void {
    const source = this.#sourceOf(request.source);
    this.recorders.start(recording, request, source);
    if (source?.kind === 'mix') this.mixes.tap(source.mix, recording, source.worker);
  }

  stopRecording(recording: RecordingNumber): void {
    this.recorders.stop(recording);
  }

  salvage(recording: RecordingNumber, inPath: string, outPath: string | undefined): void {
    this.recorders.salvage(recording, outPath === undefined ? [inPath] : [inPath, outPath]);
  }

  removeFiles(paths: readonly string[]): void {
    this.#outputs.push({ kind: 'postFiles', message: { kind: 'remove', paths } });
  }

  sendDigits(leg: LegId, digits: string, durationMs: number, intervalMs: number): void {
    this.#post(this.#leg(leg), { kind: 'digits', leg, digits, durationMs, intervalMs });
  }

  passDigit(leg: LegId, digit: string, durationMs: number): void {
    if (this.#legs.has(leg)) this.#post(this.#leg(leg), { kind: 'passDigit', leg, digit, durationMs });
  }

  listen(leg: LegId, wish: ListeningWish): void {
    this.#post(this.#leg(leg), { kind: 'listen', leg, wish });
  }

  /** No effect on a leg that was never opened, or is closed. */
  close(leg: LegId): void {
    const own = this.#legs.get(leg);
    if (own === undefined) return;
    if (own.isDescribed) this.#post(own, { kind: 'close', leg });
    this.#legs.delete(leg);
    if (own.lost) return;
    this.mixes.forget(leg, own.place.worker);
    this.#workers.release(own, this.#options.clock.now());
  }

  receive(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case 'portFailed':
        this.#portFailed(worker, message.port);
        return;
      case 'latched':
        if (this.#workers.isLive(worker, message.leg)) this.#workers.latched(worker, message.leg, message.remote);
        return;
      case 'played':
        this.players.played(message.leg, message.play, 'finished', '');
        return;
      case 'mixPlayed':
      case 'mixWoke':
      case 'talkerChanged':
        this.mixes.receive(worker, message);
        return;
      case 'digit':
      case 'judged':
      case 'silent':
      case 'talkChanged':
      case 'toneHeard':
        if (this.#workers.isLive(worker, message.leg)) this.#outputs.push(message);
        return;
      case 'closed':
        this.#workers.ended(worker, message.leg, message.report.packetsReceived > 0 ? 'something' : 'nothing');
        return;
      case 'ready':
        this.#own.carriesIpv6 = message.ipv6;
        this.#spoken = new SpokenFormats(this.#options.codecs ?? CODEC_NAMES, message.opus !== undefined);
        return;
      case 'failed': // The end of the thread follows, see `workerLost`.
        return;
    }
  }

  receiveFromFiles(message: FromFiles): void {
    if (message.kind === 'recorded') {
      const source = this.recorders.receive(message);
      if (source?.kind === 'mix') this.mixes.untap(source.mix, message.recording);
      return;
    }
    this.players.receive(message);
  }

  /**
   * The thread ended; its replacement starts empty. One event tells all its legs; until the core closes them, what it
   * asks for them has no effect.
   */
  workerLost(worker: number): void {
    this.counters.workersLost++;
    this.#lose(this.#workers.lose(worker));
    this.recorders.lose((source) => source.worker === worker);
    this.mixes.lose(worker);
    this.externals.lose((_, own) => own === worker, 'the media thread was lost');
    this.#workers.restart(worker);
  }

  /** The file thread died: what it was loading or writing is lost, and its replacement starts empty. */
  filesLost(reason: string): void {
    const failures = [...this.#files.failures(reason), ...this.recorders.failures(reason)];
    for (const message of failures) this.receiveFromFiles(message);
  }

  deadline(): Instant {
    return Math.min(this.#workers.deadline(), this.externals.deadline());
  }

  expire(now: Instant): void {
    this.#workers.expire(now);
    this.externals.expire(now);
  }

  poll(): PlaneOutput | undefined {
    return this.#outputs.shift();
  }

  #leg(leg: LegId): PlaneLeg {
    const own = this.#legs.get(leg);
    assert(own !== undefined, `leg ${leg} is not open`);
    return own;
  }

  /** Undefined when there is no stream to record. */
  #sourceOf(source: RecordingSource): RecordedSource | undefined {
    if (source.kind === 'mix') return { ...source, worker: this.mixes.workerToTap(source.mix) };
    const own = this.#legs.get(source.leg);
    if (own === undefined || own.lost || !own.isDescribed) return undefined;
    return { ...source, worker: own.place.worker };
  }

  #place(
    leg: LegId,
    peer: TransportAddress,
    offer: SessionDescription | undefined,
    audio: NegotiatedAudio | undefined,
    worker: number,
    terms: LegTerms,
  ): OpenResult {
    const { streamsMax, random, inbandDigits = 'auto' } = this.#options;
    const address = this.#own.towards(peer.address, audio?.remoteAddress);
    if (address === undefined) return noIpv6();
    if (this.#workers.legCount(worker) >= streamsMax) return overloaded(`${streamsMax} streams on one media worker`);
    const placed = this.#workers.place(worker, leg, mediaPeer(peer.address, audio), this.#options.clock.now());
    if (placed === undefined) return overloaded('no RTP port is free');
    const addresses = this.#workers.addresses(worker);
    const place = { worker, slot: placed.slot, port: placed.port, address, inbandDigits, addresses };
    const sessionId = Math.floor(random.next() * 2 ** 48);
    const own = new PlaneLeg(leg, place, peer.address, placed.mode, offer, audio, sessionId, this.#spoken);
    own.agree(terms, random);
    this.#legs.set(leg, own);
    this.#workers.include(own);
    return { kind: 'opened' };
  }

  /** After an answer or a new offer: whether the peer's address is certain by now, then the stream's settings. */
  #settle(own: PlaneLeg, kind: 'open' | 'update' = 'update'): void {
    if (own.lost) return;
    own.mode = this.#workers.settle(own, mediaPeer(own.signallingAddress, own.negotiated), this.#options.clock.now());
    this.#tell(own, kind);
  }

  #tell(own: PlaneLeg, kind: 'open' | 'update'): void {
    const { leg, place } = own;
    const settings = own.settings();
    this.#post(own, kind === 'open' ? { kind, leg, slot: place.slot, settings } : { kind, leg, settings });
  }

  #post(own: PlaneLeg, message: ToWorker): void {
    if (!own.lost) this.#outputs.push({ kind: 'post', worker: own.place.worker, message });
  }

  /** Another program has the port: its legs would wait in vain. */
  #portFailed(worker: number, port: number): void {
    this.counters.portsFailed++;
    const failed = this.#workers.unbindable(worker, port);
    // The thread lives on: it has to be told, as nobody will when the core closes a lost leg.
    for (const own of failed) if (own.isDescribed) this.#post(own, { kind: 'close', leg: own.leg });
    for (const own of failed) this.#workers.release(own, this.#options.clock.now());
    this.#lose(failed);
  }

  #lose(lost: readonly PlaneLeg[]): void {
    if (lost.length === 0) return;
    for (const own of lost) {
      own.lost = true;
      this.mixes.forget(own.leg, own.place.worker);
    }
    const legs = new Set(lost.map(({ leg }) => leg));
    this.recorders.lose((source) => source.kind === 'leg' && legs.has(source.leg));
    this.externals.lose(({ source }) => source.kind === 'leg' && legs.has(source.leg), 'the stream was lost');
    this.#outputs.push({ kind: 'workerLost', legs: [...legs] });
  }
}
