import { assert } from '../core/kernel/assert.ts';
import type { LegId } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { ListeningWish, PlayOrder } from '../core/ports.ts';
import { Arrival } from './arrival.ts';
import type { OpusLibrary } from './codec/opus.ts';
import { COUNTER } from './counters.ts';
import { Hearing } from './detectors/hearing.ts';
import { DigitsPlayer } from './digits-player.ts';
import type { Tone, ToneName } from './dsp/tone.ts';
import { Duties } from './duties.ts';
import { FrameSender } from './frame-sender.ts';
import { Latching } from './io/latching.ts';
import type { LatchingEntry } from './io/latching-entry.ts';
import type { PacketIo } from './io/packet-io.ts';
import { mute, setGain } from './membership.ts';
import { type AboutMix, Mixes } from './mixes.ts';
import { playerOf, steered } from './player.ts';
import type { FromWorker, StreamSettings, ToWorker } from './protocol.ts';
import { Reception } from './reception.ts';
import { needVoice, Slots, type Stream, type StreamSurroundings } from './slots.ts';
import { NodeCiphers } from './srtp/node-ciphers.ts';
import type { PacketCiphers } from './srtp/packet-ciphers.ts';
import { figuresOf } from './stream-figures.ts';
import { clockRateOf, codecTable, formatName, formatOf } from './stream-formats.ts';
import { StreamMemory } from './stream-memory.ts';
import { countStream, reportOf } from './stream-report.ts';
import { Attaching } from './streams/attaching.ts';
import { type RunningRecordings, Ticking } from './ticking.ts';

/** How long packets may gather while traffic is dense: a relayed one is waited for, a tick comes only every 20 ms. */
const GATHER_RELAYED_MS = 1;
const GATHER_TICKED_MS = 5;

export interface EngineOptions extends Omit<StreamSurroundings, 'codecs' | 'ciphers'> {
  /** For packets in the memories of the packet I/O; those of `node:crypto` unless given. */
  readonly ciphers?: PacketCiphers | undefined;
  /** libopus, if there is any: without it no stream may be opened with Opus. */
  readonly opus?: OpusLibrary | undefined;
  /** Shared with the main thread, see `counters.ts`. */
  readonly counters: Float64Array;
  readonly streamsMax: number;
  /** Of `streamsMax` streams, where the main thread sees their numbers; its own unless given. */
  readonly memory?: StreamMemory | undefined;
  readonly mediaTimeoutMs: number;
  /** What callers of this country expect to hear. */
  readonly tones: Readonly<Record<ToneName, Tone>>;
}

type MixMessage = AboutMix | Extract<ToWorker, { kind: 'recordMix' | 'stopRecording' | 'pauseRecording' }>;
type ThreadMessage = { kind: 'bindPort' | 'unbindPort' | 'learnAddress' | 'forgetAddress' | 'fail' };
type StreamMessage = Exclude<ToWorker, MixMessage | ThreadMessage | { kind: 'open' | 'bridge' }>;

/**
 * The machine of a media thread: streams, what connects them, what is played to them and recorded of them. No socket
 * but a `PacketIo`, no clock but `now`. Packets of bridged legs go out at arrival; ticks run only while something
 * plays, dials or records; a stream has one deadline of its own, for its reports and its silence.
 */
export class Engine {
  readonly #io: PacketIo;
  readonly #options: EngineOptions & StreamSurroundings;
  readonly #counters: Float64Array;
  readonly #memory: StreamMemory;
  readonly #slots: Slots;
  readonly #latching: Latching;
  readonly #duties: Duties;
  readonly #reception: Reception;
  readonly #ticking: Ticking;
  readonly #mixes: Mixes;
  readonly #attaching: Attaching;
  readonly #outputs: FromWorker[] = [];
  #turnedAt: Instant;
  /** Streams whose packets go out at arrival. */
  #relayedCount = 0;

  constructor(io: PacketIo, options: EngineOptions, now: Instant) {
    this.#io = io;
    const codecs = codecTable(options.opus);
    this.#options = { ...options, codecs, ciphers: options.ciphers ?? new NodeCiphers() };
    this.#counters = options.counters;
    this.#memory = options.memory ?? new StreamMemory(options.streamsMax);
    this.#slots = new Slots(options.streamsMax, this.#memory);
    const arrival = new Arrival(io, this.#slots);
    this.#latching = new Latching(options.streamsMax, arrival);
    const { counters, mediaTimeoutMs } = options;
    const sender = new FrameSender(io, this.#latching, counters, this.#outputs);
    const recordings: RunningRecordings = new Map();
    this.#ticking = new Ticking(sender, counters, recordings);
    this.#mixes = new Mixes(this.#ticking, recordings, codecs, options.tones, this.#outputs);
    this.#attaching = new Attaching(this.#ticking, this.#mixes);
    this.#duties = new Duties(
      { io, slots: this.#slots, latching: this.#latching, sender, ticking: this.#ticking },
      counters,
      this.#outputs,
      { mediaTimeoutMs },
    );
    this.#reception = new Reception(io, this.#slots, this.#latching, arrival, this.#duties, this.#ticking, counters);
    this.#turnedAt = now;
    this.#counters[COUNTER.streams] = 0;
    this.#counters[COUNTER.ports] = 0;
  }

  /** Takes one message of the main thread. Legs that this thread does not have are ignored: it may have been replaced. */
  handle(message: ToWorker, now: Instant): void {
    switch (message.kind) {
      case 'bindPort':
        if (this.#io.openPort(message.port)) this.#counters[COUNTER.ports]!++;
        else this.#outputs.push({ kind: 'portFailed', port: message.port });
        return;
      case 'unbindPort':
        this.#io.closePort(message.port);
        this.#counters[COUNTER.ports]!--;
        return;
      case 'learnAddress':
        this.#io.learnAddress(message.number, message.address);
        return;
      case 'forgetAddress':
        this.#io.forgetAddress(message.number);
        return;
      case 'open':
        this.#open(message, now);
        return;
      case 'fail':
        assert(false, 'asked to fail');
        return;
      case 'bridge': {
        const [a, b] = [this.#find(message.a), this.#find(message.b)];
        if (a !== undefined && b !== undefined) this.#bridge(a, b, now);
        return;
      }
      case 'spanMix':
      case 'playMix':
      case 'stopMix':
      case 'steerMix':
      case 'wakeMix':
      case 'watchTalkers':
        this.#mixes.handle(message, now);
        return;
      case 'recordMix':
        this.#mixes.record(message.mix, message.order, now);
        return;
      case 'pauseRecording':
        this.#mixes.pauseRecording(message.recording, message.mode);
        return;
      case 'stopRecording':
        this.#mixes.stopRecording(message.recording, now);
        return;
      case 'attachMix':
        this.#attaching.attachMix(message.mix, message.order, now);
        return;
      case 'partake':
        this.#attaching.takePart(message.external, message.terms, message.inDb, message.outDb);
        break;
      case 'detach':
        this.#attaching.detach(message.external, now);
        return;
      default: {
        const stream = this.#find(message.leg);
        if (stream !== undefined) this.#handleStream(stream, message, now);
      }
    }
  }

  /** One turn: drain the sockets, do what is due, send. */
  turn(now: Instant): void {
    this.#turnedAt = now;
    this.#reception.receive(now);
    this.tick(now);
    this.#io.flush();
  }

  /** Ticks, reports and silences that are due. */
  tick(now: Instant): void {
    this.#ticking.expire(now);
    this.#duties.expire(now);
    if (this.#latching.deadline() <= now) this.#latching.expire(now);
    this.#takeLatched(now);
  }

  /** In whole milliseconds, as time is told here. */
  deadline(): Instant {
    return Math.ceil(Math.min(this.#ticking.deadline(), this.#duties.deadline(), this.#latching.deadline()));
  }

  /** How long the wait for packets may let them gather, in ms. */
  get gatherMs(): number {
    return this.#relayedCount > 0 ? GATHER_RELAYED_MS : GATHER_TICKED_MS;
  }

  poll(): FromWorker | undefined {
    return this.#outputs.shift();
  }

  /** After a turn: how long it took, and what the sockets count. */
  measureTurn(now: Instant): void {
    const counters = this.#counters;
    const { sent, refused, dropped, truncated } = this.#io.counters;
    counters[COUNTER.turns]!++;
    counters[COUNTER.packetsSent] = sent;
    counters[COUNTER.socketRefused] = refused;
    counters[COUNTER.socketDropped] = dropped;
    counters[COUNTER.socketTruncated] = truncated;
    const turnMs = now - this.#turnedAt;
    counters[COUNTER.turnsMs]! += turnMs;
    if (turnMs > counters[COUNTER.turnMsMax]!) counters[COUNTER.turnMsMax] = turnMs;
  }

  /** Ends every stream and mix, so that recordings are complete. */
  close(now: Instant): void {
    for (const stream of [...this.#slots.all()]) this.#close(stream, now);
    this.#mixes.close(now);
    this.#io.flush();
  }

  #find(leg: LegId): Stream | undefined {
    const stream = this.#slots.of(leg);
    if (stream === undefined) this.#counters[COUNTER.messagesIgnored]!++;
    return stream;
  }

  #open({ leg, slot, settings }: Extract<ToWorker, { kind: 'open' }>, now: Instant): void {
    assert(this.#slots.of(leg) === undefined, `leg ${leg} is open already`);
    const stream = this.#slots.take(slot, leg, this.#options, now);
    stream.apply(settings);
    this.#latching.add(stream.slot, latchEntry(settings));
    this.#counters[COUNTER.streams]!++;
    if (this.#toldAt(stream) !== 0) this.#duties.sendFirst(stream, now);
    else this.#duties.arm(stream);
  }

  #handleStream(stream: Stream, message: StreamMessage, now: Instant): void {
    switch (message.kind) {
      case 'update':
        this.#update(stream, message.settings, now);
        return;
      case 'close':
        this.#close(stream, now);
        return;
      case 'unbridge':
        this.#disconnect(stream);
        return;
      case 'echo':
        this.#leaveAll(stream, now);
        this.#connect(stream, stream);
        return;
      case 'join':
        if (stream.mix?.id !== message.mix) this.#leaveAll(stream, now);
        this.#mixes.join(stream, message.mix, message.terms, now);
        return;
      case 'leave':
        this.#mixes.leave(stream, now);
        return;
      case 'mute':
        mute(stream, message.direction);
        return;
      case 'amplify':
        setGain(stream, message.inDb, message.outDb);
        return;
      case 'play':
        this.#play(stream, message, now);
        return;
      case 'stopPlaying':
        this.#stopPlaying(stream);
        return;
      case 'steer':
        if (stream.play === message.play) steer(stream, message.order);
        return;
      case 'digits':
        this.#duties.sendDigits(stream, message.digits, message.durationMs, message.intervalMs, now);
        return;
      case 'listen':
        this.#listen(stream, message.wish, now);
        return;
      case 'passDigit':
        this.#duties.passInformed(stream, message, now);
        return;
      case 'record':
        this.#mixes.recordStream(stream, message.order, now);
        return;
      case 'attach':
        this.#attaching.attach(stream, message.order, now);
        return;
    }
  }

  #update(stream: Stream, settings: StreamSettings, now: Instant): void {
    // What is sent at another clock rate is another source (RFC 7160 §4.1).
    const clockRateHz = clockRateOf(stream.codecs, formatOf(settings.sendCodec));
    if (clockRateHz !== stream.clockRateHz) this.#duties.sendBye(stream, now);
    const toldAt = this.#toldAt(stream);
    stream.apply(settings);
    stream.mix?.retune(stream);
    stream.heardAt = now;
    stream.isSilent = false;
    this.#latching.update(stream.slot, latchEntry(settings), now);
    if (this.#toldAt(stream) !== 0 && this.#toldAt(stream) !== toldAt) this.#duties.sendFirst(stream, now);
    else this.#duties.arm(stream);
  }

  /** Where the peer is told something, 0 while it is not. */
  #toldAt(stream: Stream): number {
    return stream.sends ? this.#latching.destination(stream.slot) : 0;
  }

  #close(stream: Stream, now: Instant): void {
    this.#duties.sendBye(stream, now);
    stream.player = undefined;
    this.#leaveAll(stream, now);
    this.#mixes.endRecordings(stream, now);
    this.#attaching.detachAll(stream, now);
    this.#duties.forget(stream);
    stream.stopHearing();
    const figures = figuresOf(this.#memory, stream.slot, formatName(stream.sendFormat));
    if (figures !== undefined) countStream(figures, this.#counters);
    this.#latching.remove(stream.slot, now);
    this.#slots.release(stream);
    this.#counters[COUNTER.streams]!--;
    this.#outputs.push({ kind: 'closed', leg: stream.leg, report: reportOf(stream) });
  }

  #bridge(a: Stream, b: Stream, now: Instant): void {
    for (const stream of [a, b]) this.#leaveAll(stream, now);
    this.#connect(a, b);
    this.#connect(b, a);
    for (const stream of [a, b]) this.#stopPlaying(stream);
  }

  #connect(stream: Stream, listener: Stream): void {
    stream.listener = listener;
    listener.relayedVoice?.restart();
    this.#relayedCount++;
  }

  #disconnect(stream: Stream): void {
    const other = stream.listener;
    if (other === undefined) return;
    this.#deafen(stream);
    if (other.listener === stream) this.#deafen(other);
  }

  #deafen(stream: Stream): void {
    this.#relayedCount--;
    stream.listener = undefined;
    this.#ticking.stopTranscoding(stream);
    needVoice(stream);
  }

  /** Whatever the stream was connected to. */
  #leaveAll(stream: Stream, now: Instant): void {
    this.#disconnect(stream);
    this.#mixes.leave(stream, now);
  }

  #listen(stream: Stream, wish: ListeningWish, now: Instant): void {
    stream.hearing ??= new Hearing();
    stream.hearing.listenFor(wish, now);
    if (stream.hearing.isIdle) stream.stopHearing();
    this.#duties.arm(stream);
  }

  /** Digits that are being dialled as sound are dialled to their end. */
  #play(stream: Stream, { play, source }: Extract<ToWorker, { kind: 'play' }>, now: Instant): void {
    const player = playerOf(source, this.#options.tones);
    if (stream.player instanceof DigitsPlayer) stream.player.behind = player;
    else stream.player = player;
    stream.play = play;
    this.#ticking.include(stream, now);
  }

  #stopPlaying(stream: Stream): void {
    if (stream.player instanceof DigitsPlayer && stream.player.isDialling) stream.player.behind = undefined;
    else stream.player = undefined;
    this.#ticking.include(stream, this.#turnedAt);
  }

  #takeLatched(now: Instant): void {
    for (let slot = this.#latching.takeLatched(); slot !== -1; slot = this.#latching.takeLatched()) {
      const stream = this.#slots.at(slot);
      const remote = this.#latching.destination(slot);
      if (stream === undefined) continue;
      this.#outputs.push({ kind: 'latched', leg: stream.leg, remote });
      if (stream.sends) this.#duties.sendFirst(stream, now);
    }
  }
}

/** Digits that are being dialled as sound are in front of what is played. */
function steer(stream: Stream, order: PlayOrder): void {
  const { player } = stream;
  if (player instanceof DigitsPlayer) player.behind = player.behind && steered(player.behind, order);
  else if (player !== undefined) stream.player = steered(player, order);
}

function latchEntry(settings: StreamSettings): LatchingEntry {
  const { port, remote, remoteRtcp, allowed, receivePayloadTypes, protection } = settings;
  const payloadTypes = receivePayloadTypes.map(({ payloadType }) => payloadType);
  return { port, remote, remoteRtcp, allowed, payloadTypes, isProtected: protection !== undefined };
}
