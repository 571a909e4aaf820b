import { getHeapStatistics } from 'node:v8';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../core/kernel/assert.ts';
import { systemClock } from '../core/kernel/clock.ts';
import { secure } from '../core/kernel/random.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import { Control } from './control.ts';
import { COUNTER } from './counters.ts';
import { tonesOf } from './dsp/country-tones.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { DgramUdp } from './io/dgram-udp.ts';
import { openPacketIo } from './io/open-packet-io.ts';
import { openCiphers } from './io/openssl-ciphers.ts';
import { openOpus } from './io/opus-library.ts';
import { type ThreadIo, WAIT_MAX_MS } from './io/packet-io.ts';
import { raiseThreadPriority } from './io/thread-priority.ts';
import { LoadMeter } from './load-meter.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { StreamMemory } from './stream-memory.ts';

const METER_EVERY_MS = 500;
const HEAP_EVERY_MS = 1000;

/** What a media thread is started with. */
export interface MediaWorkerStart {
  readonly control: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  /** IPv4 address (as a number) that ports are bound to; 0 for all interfaces of both families. */
  readonly address: number;
  readonly io: 'best' | 'dgram';
  readonly streamsMax: number;
  /** Of a `StreamMemory`. */
  readonly memory: SharedArrayBuffer | undefined;
  readonly mediaTimeoutMs: number;
  /** ISO 3166 code: whose tones callers hear. */
  readonly country: string;
  readonly koffiAddonPath?: string | undefined;
}

/**
 * The loop of a media thread. Synchronous where the packet I/O is: nothing here awaits anything but the wait of the
 * event-loop fallback. Ends when asked to; whatever goes wrong ends it too, with its reason as the last message.
 */
async function run(): Promise<void> {
  const port = parentPort;
  assert(port !== null, 'runs as a worker');
  const start = workerData as MediaWorkerStart;
  const control = new Control(start.control);
  const { io, kind } = openIo(start);
  const post = (message: FromWorker) => port.postMessage([message]);
  try {
    const priority = raiseThreadPriority();
    const opus = openOpus(start.koffiAddonPath);
    const ciphers = openCiphers([io.bytes, io.out], start.koffiAddonPath);
    let now = io.now();
    const options = engineOptions(start, now);
    const engine = new Engine(io, { ...options, opus, ciphers }, now);
    const meter = new Meter(new Float64Array(start.counters), options.memory, now);
    const outbox = new Outbox(port);
    const handles = { wakeHandle: io.handOverWakeHandle(), io: kind, ipv6: io.carriesIpv6 };
    post({ kind: 'ready', ...handles, opus: opus?.kind, priority });
    while (!control.stopRequested) {
      if (control.fallAsleep()) {
        const deadline = Math.min(engine.deadline(), outbox.deadline());
        const waiting = io.wait(Math.min(deadline - now, WAIT_MAX_MS) | 0, engine.gatherMs);
        if (waiting !== undefined) await waiting;
        control.awake();
      }
      now = io.now();
      if (control.takeMail()) {
        for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
          for (const message of mail.message as ToWorker[]) engine.handle(message, now);
        }
      }
      engine.turn(now);
      for (let message = engine.poll(); message !== undefined; message = engine.poll()) outbox.add(message, now);
      outbox.post(now);
      now = io.now();
      engine.measureTurn(now);
      meter.measure(now);
    }
    engine.close(now);
    for (let message = engine.poll(); message !== undefined; message = engine.poll()) outbox.add(message, now);
    outbox.post(NEVER);
  } catch (error) {
    post({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    throw error;
  } finally {
    io.close();
    port.close();
  }
}

/** What nobody waits for: it goes with the next that somebody does, or together with others after a while. */
const PATIENT: ReadonlySet<FromWorker['kind']> = new Set(['closed', 'latched']);
const PATIENCE_MS = 100;

/** Messages to the main thread: each that is posted wakes it, so what can wait is posted together. */
class Outbox {
  readonly #port: MessagePort;
  #messages: FromWorker[] = [];
  /** While there is something. */
  #dueAt: Instant = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  add(message: FromWorker, now: Instant): void {
    const dueAt = PATIENT.has(message.kind) ? now + PATIENCE_MS : now;
    this.#dueAt = this.#messages.length === 0 ? dueAt : Math.min(this.#dueAt, dueAt);
    this.#messages.push(message);
  }

  deadline(): Instant {
    return this.#messages.length === 0 ? NEVER : this.#dueAt;
  }

  post(now: Instant): void {
    if (this.#messages.length === 0 || this.#dueAt > now) return;
    this.#port.postMessage(this.#messages);
    this.#messages = [];
  }
}

/** Keeps the counters of processor time and heap up to date; asking at every turn would cost more than a packet. */
class Meter {
  readonly #counters: Float64Array;
  readonly #earlierUs: number;
  readonly #memory: StreamMemory;
  readonly #load: LoadMeter;
  #measuredAt: Instant = -METER_EVERY_MS;
  #heapMeasuredAt: Instant = -HEAP_EVERY_MS;

  constructor(counters: Float64Array, memory: StreamMemory, now: Instant) {
    this.#counters = counters;
    this.#earlierUs = counters[COUNTER.cpuUs]!;
    this.#memory = memory;
    this.#load = new LoadMeter(counters, now);
    memory.isOverloaded = false;
  }

  measure(now: Instant): void {
    if (now - this.#measuredAt < METER_EVERY_MS) return;
    this.#measuredAt = now;
    const { user, system } = process.threadCpuUsage();
    this.#counters[COUNTER.cpuUs] = this.#earlierUs + user + system;
    if (this.#load.measure(now)) this.#memory.isOverloaded = this.#load.isOverloaded;
    if (now - this.#heapMeasuredAt < HEAP_EVERY_MS) return;
    this.#heapMeasuredAt = now;
    this.#counters[COUNTER.heapUsedBytes] = getHeapStatistics().used_heap_size;
  }
}

function engineOptions(start: MediaWorkerStart, now: Instant): EngineOptions & { readonly memory: StreamMemory } {
  const { counters, streamsMax, memory, mediaTimeoutMs, country } = start;
  return {
    random: secure(),
    wallOffsetMs: systemClock.wallTime() - now,
    counters: new Float64Array(counters),
    streamsMax,
    memory: new StreamMemory(streamsMax, memory),
    mediaTimeoutMs,
    tones: tonesOf(country),
  };
}

function openIo(start: MediaWorkerStart): { io: ThreadIo; kind: 'batch' | 'dgram' } {
  if (start.io === 'dgram') return { io: new DgramUdp(start), kind: 'dgram' };
  return openPacketIo(start);
}

// No await at the top: inside a single executable this file is a CommonJS script.
run();
