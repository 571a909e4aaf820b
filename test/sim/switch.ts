import { Node } from '../../cli/node.ts';
import type { Settled } from '../../core/accounts.ts';
import type { Command, Principal } from '../../core/command.ts';
import { Directory } from '../../core/directory/directory.ts';
import type { Customer, Extension } from '../../core/directory/records.ts';
import { Journal, type JournalEvent } from '../../core/journal.ts';
import { assert } from '../../core/kernel/assert.ts';
import { type CustomerId, type ExtensionId, type LegId, type ScriptSessionId, uuid } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type {
  HttpEvent,
  HttpRequest,
  ScriptEvent,
  ScriptLinks,
  StreamLinkEvent,
  StreamLinkOrder,
  TransportAddress,
} from '../../core/ports.ts';
import { InProcessStore } from '../../core/store/in-process.ts';
import { WorkerMediaPlane } from '../../media/media-plane.ts';
import { type SipPacket, SipStack } from '../../sip/stack.ts';
import type { QueueState } from '../../sip/transport/queue-probe.ts';
import { InProcessWorkers } from '../media/in-process-workers.ts';
import type { MemoryPacketIo, Packet } from './memory-packet-io.ts';
import { NameServer, type Zone } from './name-server.ts';
import { PORT_SHARING } from './port-sharing.ts';
import type { Party, Send } from './world.ts';

export const CUSTOMER = '5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a0001' as CustomerId;
export const PASSWORD = 'secret';

/** Wall time at the instant 0 of every simulation. */
export const EPOCH = Date.UTC(2026, 0, 1);

const EXTENSIONS = ['1000', '1001', '1002', '1003'];
const MEDIA_TIMEOUT_MS = 60_000;
const STREAMS_MAX = 64;

export interface SimulatedSwitchOptions {
  /** Its column on the ladder; `tandem` unless told. */
  readonly name?: string;
  readonly address: TransportAddress;
  /** Its IPv6 address, at the same port; without it, it speaks IPv4 alone. */
  readonly ipv6?: string;
  readonly random: Random;
  readonly workerCount?: number;
  /** Streams of media that fit; 64 unless told. */
  readonly streamsMax?: number;
  /** Writes rest this long before they are committed, as in production; what rests at a crash is lost. */
  readonly lingerMs?: number;
  /** Where recordings are written; without it they fail. */
  readonly recordingsFolder?: string;
  readonly promptsFolder?: string;
  /** What its name server knows; nothing without it. */
  readonly zone?: Zone;
  /** What waits in its sockets; nothing without it. */
  readonly queue?: () => QueueState;
}

/** A socket of a program was opened, written to or closed. */
export interface ScriptFrame {
  readonly kind: 'open' | 'send' | 'close';
  readonly session: ScriptSessionId;
  readonly text: string;
}

/** One process of a Tandem: what a crash takes along. */
interface Process {
  readonly node: Node;
  readonly plane: WorkerMediaPlane;
  readonly workers: InProcessWorkers;
  readonly directory: Directory;
  readonly journal: Journal;
}

/**
 * A whole Tandem as a party of the simulated world: the production machines as `cli/assemble.ts` joins them, over a
 * store, media engines and a clock in memory. Its store outlives a crash. After each step nothing may be left undone.
 */
export class SimulatedSwitch implements Party {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
  readonly store: InProcessStore;
  readonly names: NameServer;
  /** Commands that have ended, in order. */
  readonly settled: Settled[] = [];
  /** Requests to servers of users, in order; a scene answers them by `answer`. */
  readonly requests: HttpRequest[] = [];
  /** What programs were told, in order; a scene speaks for them by `script`. */
  readonly told: ScriptFrame[] = [];
  /** What was asked of the sockets to programs that hear and speak; a scene speaks for them by `link`. */
  readonly links: StreamLinkOrder[] = [];
  /** Packets of media that left, in order, for who listens. */
  onMedia: (packet: Packet, from: MemoryPacketIo) => void = () => {};
  readonly #options: SimulatedSwitchOptions;
  readonly #sends: Send[] = [];
  #process: Process | undefined;
  #now: Instant = 0;
  #commitAt: Instant = NEVER;
  /** When media arrived that no engine has read yet. */
  #mediaAt: Instant = NEVER;

  constructor(options: SimulatedSwitchOptions) {
    const { address, ipv6, random, name = 'tandem' } = options;
    this.#options = options;
    this.name = name;
    const own = ipv6 === undefined ? [address] : [address, { ...address, address: ipv6 }];
    this.addresses = own.flatMap((one) =>
      (['udp', 'tcp', 'tls', 'ws'] as const).map((transport) => ({ ...one, transport })),
    );
    this.store = new InProcessStore(random);
    this.names = new NameServer(options.zone ?? {});
    this.store.write([{ kind: 'saveCustomer', row: customer() }, ...EXTENSIONS.map(savedExtension)], 0);
    this.store.poll();
    this.start(0);
  }

  get node(): Node {
    return this.#running.node;
  }

  get plane(): WorkerMediaPlane {
    return this.#running.plane;
  }

  get directory(): Directory {
    return this.#running.directory;
  }

  /** Not between a crash and the next start. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Everything that the present process has told of its customer. */
  get events(): JournalEvent[] {
    const cursor = this.#running.journal.cursor(CUSTOMER, 0);
    const events: JournalEvent[] = [];
    for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
      assert(reading.kind === 'event', 'a simulation fits into the journal');
      events.push(reading.event);
    }
    return events;
  }

  /** A new process over the same store takes up what the last one left. */
  start(now: Instant): void {
    assert(this.#process === undefined, 'one process at a time');
    this.#now = now;
    this.#process = this.#open(now);
    if (this.#options.lingerMs !== undefined) this.store.hold();
    const directory = this.#process.directory;
    const left = this.store.load(directory, EPOCH + now);
    this.#process.node.restore(left, now);
    this.#settle(now);
  }

  /** The process dies: memory, sockets and what was not committed are gone. */
  crash(): void {
    this.#process = undefined;
    this.#commitAt = NEVER;
    this.#mediaAt = NEVER;
    this.#sends.length = 0;
    this.names.clear();
    this.store.crash();
  }

  /** Takes no new calls and ends those that live. */
  shutDown(now: Instant): void {
    const { node } = this.#running;
    this.#now = now;
    node.stack.setDraining(true);
    node.exchange.retire();
    node.exchange.calls.hangupAll('shutting-down', now);
    this.#settle(now);
  }

  /** A media thread dies and is replaced by an empty one. */
  loseWorker(worker: number, now: Instant): void {
    const { plane, workers } = this.#running;
    this.#now = now;
    workers.replace(worker, now);
    this.#listen(workers);
    plane.workerLost(worker);
    this.#settle(now);
  }

  /** Somebody commands; what comes of it is found in `settled`. The world sends what the switch says of it. */
  execute(ticket: number, command: Command, by: Principal, now: Instant): void {
    this.#now = now;
    this.#running.node.input({ kind: 'command', ticket, command, by }, now);
    this.#settle(now);
  }

  /** A server of a user answers, or does not. */
  answer(event: HttpEvent, now: Instant): void {
    this.#now = now;
    this.#running.node.http(event, now);
    this.#settle(now);
  }

  /** A program speaks, or its socket opens or closes. */
  script(event: ScriptEvent, now: Instant): void {
    this.#now = now;
    this.#running.node.script(event, now);
    this.#settle(now);
  }

  /** A program that hears and speaks says something, or its socket opens or closes. */
  link(event: StreamLinkEvent, now: Instant): void {
    this.#now = now;
    this.#running.node.link(event, now);
    this.#settle(now);
  }

  /** An RTP packet arrives on one of our ports, and is read at once; false when nothing is bound there. */
  receiveMedia(source: number, port: number, bytes: Uint8Array, now: Instant): boolean {
    if (this.#process === undefined) return false;
    this.#mediaAt = now;
    return this.#process.workers.ios.some((io) => io.deliver(source, port, false, bytes));
  }

  /** The same from an address of either family. */
  receiveMediaFrom(source: string, sourcePort: number, port: number, bytes: Uint8Array, now: Instant): boolean {
    if (this.#process === undefined) return false;
    this.#mediaAt = now;
    return this.#process.workers.ios.some((io) => io.deliver(io.packed(source, sourcePort), port, false, bytes));
  }

  receive(packet: SipPacket, now: Instant): void {
    this.#now = now;
    this.#process?.node.receive(packet, now);
    this.#settle(now);
  }

  transportFailed(destination: TransportAddress, now: Instant): void {
    this.#now = now;
    this.#process?.node.transportFailed(destination, now);
    this.#settle(now);
  }

  expire(now: Instant): void {
    this.#now = now;
    this.#mediaAt = NEVER;
    if (this.#commitAt <= now) this.#commit(now);
    this.#hear(now);
    this.#process?.node.expire(now);
    this.#process?.workers.turn(now);
    this.#settle(now);
  }

  deadline(): Instant {
    if (this.#process === undefined) return NEVER;
    const { node, workers } = this.#process;
    return Math.min(node.deadline(), workers.deadline(), this.names.deadline(), this.#commitAt, this.#mediaAt);
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  get #running(): Process {
    assert(this.#process !== undefined, 'the process runs');
    return this.#process;
  }

  /** Passes on what the machines say to each other until all are silent. */
  #settle(now: Instant): void {
    if (this.#process === undefined) return;
    const { node, workers } = this.#process;
    node.settle(now);
    for (let post = node.pollPost(); post !== undefined; post = node.pollPost()) {
      workers.post(post, now);
      node.settle(now);
    }
    for (let link = node.pollLink(); link !== undefined; link = node.pollLink()) this.links.push(link);
    for (let lookup = node.pollLookup(); lookup !== undefined; lookup = node.pollLookup()) this.names.ask(lookup, now);
    for (let send = node.poll(); send !== undefined; send = node.poll()) this.#sends.push(send);
    this.#rest(now);
    for (let settled = node.pollSettled(); settled !== undefined; settled = node.pollSettled()) {
      this.settled.push(settled);
    }
  }

  /** What the name server answers. */
  #hear(now: Instant): void {
    for (let answer = this.names.poll(now); answer !== undefined; answer = this.names.poll(now)) {
      this.#process?.node.receiveLookup(answer, now);
    }
  }

  /** What is written now is committed together with what follows shortly. */
  #rest(now: Instant): void {
    const { lingerMs } = this.#options;
    const waits = this.store.queueLength > 0;
    if (lingerMs === undefined) assert(!waits, 'what was written is committed');
    else if (waits && this.#commitAt === NEVER) this.#commitAt = now + lingerMs;
  }

  #commit(now: Instant): void {
    this.#commitAt = NEVER;
    this.store.resume();
    this.#running.node.settle(now);
    this.store.hold();
  }

  #listen(workers: InProcessWorkers): void {
    for (const io of workers.ios) io.onSend((packet, from) => this.onMedia(packet, from));
  }

  #open(now: Instant): Process {
    const { address, ipv6, random, workerCount = 1, streamsMax = STREAMS_MAX, queue } = this.#options;
    const directory = new Directory();
    const addressFor = (peer: string): string => (ipv6 !== undefined && peer.includes(':') ? ipv6 : address.address);
    for (const own of [address.address, ipv6 ?? '']) if (own !== '') directory.addOwnHost(own);
    const calendar = (at: Instant): number => EPOCH + at;
    const clock = { now: () => this.#now, wallTime: () => calendar(this.#now) };
    const plane = new WorkerMediaPlane({
      workerCount,
      streamsMax,
      portFrom: 20_000,
      portTo: 20_999,
      sharing: PORT_SHARING,
      addressFor,
      random,
      clock,
    });
    const workers = new InProcessWorkers(
      plane,
      { count: workerCount, random, streamsMax, mediaTimeoutMs: MEDIA_TIMEOUT_MS },
      now,
    );
    this.#listen(workers);
    let lastLeg = 0;
    const nextLeg = (): LegId => ++lastLeg as LegId;
    const stack = new SipStack({
      directory,
      random,
      calendar,
      nextLeg,
      settings: {
        userAgent: 'Tandem',
        contactFor: (peer) => ({ host: addressFor(peer.address), port: address.port, transport: peer.transport }),
        nonceSecret: new Uint8Array(32).fill(7),
        registeredFrom: (source) => directory.hasBindingFrom(source),
        ...(queue && { queue }),
        reachable: { transports: ['udp', 'tcp'], families: ipv6 === undefined ? [4] : [4, 6] },
      },
    });
    const journal = new Journal({ epoch: uuid(random) });
    const limits = { ringTimeoutMs: LIMITS.ringTimeoutMs, durationMaxMs: LIMITS.callDurationMaxMs };
    const http = { request: (request: HttpRequest) => void this.requests.push(request) };
    const folders = {
      prompts: this.#options.promptsFolder ?? 'cli/prompts',
      recordings: this.#options.recordingsFolder ?? 'nowhere',
      cache: 'nowhere',
    };
    const edges = { media: plane, store: this.store, http, folders };
    const ports = { ...edges, directory, journal, calendar, random, nextLeg, country: 'US', ...limits };
    // Everything that a simulation records is still in memory when it is played.
    const archive = { poll: () => undefined };
    const node = new Node({ stack, media: plane, store: this.store, archive, ports, scripts: this.#scripts() });
    return { node, plane, workers, directory, journal };
  }

  #scripts(): ScriptLinks {
    const tell =
      (kind: ScriptFrame['kind']) =>
      (session: ScriptSessionId, text: string): void => {
        this.told.push({ kind, session, text });
      };
    return { open: tell('open'), send: tell('send'), close: tell('close') };
  }
}

const STAMPS = { createdAt: EPOCH, updatedAt: null, deletedAt: null };

function customer(): Customer {
  return { ...STAMPS, id: CUSTOMER, name: '', detail: '', email: '', status: 'active', ordinal: 1 };
}

function savedExtension(extension: string): { readonly kind: 'saveExtension'; readonly row: Extension } {
  const id = `5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a${extension}` as ExtensionId;
  const said = { name: '', detail: '', password: PASSWORD, codecs: '', srtp: 'off' } as const;
  return { kind: 'saveExtension', row: { ...STAMPS, id, customerId: CUSTOMER, extension, ...said } };
}
