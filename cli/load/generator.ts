import type { Clock } from '../../core/kernel/clock.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { pack, parseIpv4 } from '../../media/io/addresses.ts';
import type { ThreadIo } from '../../media/io/packet-io.ts';
import { Account } from './account.ts';
import type { LoadOptions } from './load-options.ts';
import { audioReport, callReport, type LoadReport, type Reading } from './load-report.ts';
import { Phones } from './phones.ts';
import { Plan } from './plan.ts';
import { usageOf, usedBetween } from './process-usage.ts';
import { Requests } from './requests.ts';
import { Streams } from './streams.ts';
import { Tally } from './tally.ts';

const LOOPBACK = '127.0.0.1';
/** Batches taken before it is sent again, so that neither side of a phone starves the other. */
const BATCHES_PER_TURN = 4_096;
const PORT_TRIES = 1_000;

/** N phones in one process: one loop over packet I/O, with signalling on one port and audio on one per stream. */
export class Generator {
  readonly #options: LoadOptions;
  readonly #io: ThreadIo;
  readonly #clock: Clock;
  readonly #sipPort: number;
  readonly #server: Float64Array;
  readonly #tally = new Tally();
  readonly #requests: Requests;
  readonly #streams: Streams;
  readonly #phones: Phones;
  readonly #plan: Plan;

  /** `run` tells messages of this run from those of another. Throws when no port is free. */
  constructor(options: LoadOptions, io: ThreadIo, clock: Clock, run: string) {
    const { server, firstPort, accounts, password, destination } = options;
    this.#options = options;
    this.#io = io;
    this.#clock = clock;
    this.#sipPort = openPort(io, firstPort);
    this.#server = Float64Array.of(pack(parseIpv4(server.address) ?? 0, server.port));
    this.#requests = new Requests(run);
    this.#streams = new Streams(io, options.audio, this.#sipPort + 2);
    const line = { server: `${server.address}:${server.port}`, address: LOOPBACK, port: this.#sipPort, run };
    const parts = { line, requests: this.#requests, streams: this.#streams, tally: this.#tally };
    const users = accounts.map((user) => new Account(user, password));
    this.#phones = new Phones(users, destination, parts);
    this.#plan = new Plan(options, this.#phones, this.#tally, clock.now());
  }

  async run(): Promise<LoadReport> {
    await this.#until(() => this.#plan.phase === 'measuring');
    this.#streams.clear();
    const before = this.#read();
    await this.#until(() => this.#plan.phase !== 'measuring');
    const after = this.#read();
    const audio = audioReport(this.#streams);
    const liveCalls = this.#phones.liveCount;
    await this.#until(() => this.#plan.phase === 'done');
    return {
      ...callReport(this.#tally),
      repeated: this.#requests.repeated,
      strays: this.#phones.strays,
      measured: {
        seconds: (after.at - before.at) / 1000,
        registered: after.registered - before.registered,
        answered: after.answered - before.answered,
        ended: after.ended - before.ended,
        liveCalls,
        dropped: after.dropped - before.dropped,
        ...audio,
        cpu: usedBetween(before.cpu, after.cpu),
        ownCpu: usedBetween(before.ownCpu, after.ownCpu),
      },
    };
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      const waiting = this.#io.wait(this.#options.turnMs);
      if (waiting !== undefined) await waiting;
      this.#receive();
      const now = this.#clock.now();
      this.#plan.expire(now);
      this.#phones.expire(now);
      this.#streams.expire(now);
      this.#sendSignalling();
      this.#io.flush();
    }
  }

  #receive(): void {
    const io = this.#io;
    for (let batches = 0; batches < BATCHES_PER_TURN; batches++) {
      const count = io.receive();
      if (count === 0) break;
      const now = this.#clock.now();
      for (let i = 0; i < count; i++) this.#receiveOne(io.starts[i]!, io.ends[i]!, now);
      if (io.batchPort === this.#sipPort) this.#sendSignalling();
    }
  }

  #receiveOne(start: number, end: number, now: Instant): void {
    const { bytes, batchPort, batchIsRtcp } = this.#io;
    if (batchIsRtcp) return;
    if (batchPort !== this.#sipPort) this.#streams.receive(batchPort, bytes, start, end, now);
    else this.#phones.receive(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'), now);
  }

  #sendSignalling(): void {
    for (let text = this.#requests.poll(); text !== undefined; text = this.#requests.poll()) {
      const at = this.#io.reserve();
      const { out } = this.#io;
      const size = Buffer.from(out.buffer, out.byteOffset + at, 2048).write(text, 'latin1');
      this.#io.send(this.#sipPort, false, this.#server, 0, size);
    }
  }

  #read(): Reading {
    const { registeredCount, answeredCount, endedCount } = this.#tally;
    const { dropped, refused, truncated } = this.#io.counters;
    return {
      at: this.#clock.now(),
      registered: registeredCount,
      answered: answeredCount,
      ended: endedCount,
      dropped: dropped + refused + truncated,
      cpu: usageOf(this.#options.pid),
      ownCpu: usageOf(process.pid),
    };
  }
}

function openPort(io: ThreadIo, first: number): number {
  for (let port = first; port < first + 2 * PORT_TRIES; port += 2) if (io.openPort(port)) return port;
  throw new Error(`no free UDP port from ${first} on`);
}
