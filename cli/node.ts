import { presentCall, presentRecording } from '../api/presentation/calls.ts';
import type { Settled } from '../core/accounts.ts';
import type { SwitchPorts } from '../core/calls/switch-ports.ts';
import { Exchange, type ExchangeInput } from '../core/exchange.ts';
import type { Json } from '../core/flows/action.ts';
import { Queue } from '../core/kernel/queue.ts';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import type {
  ArchiveEvent,
  HttpClient,
  HttpEvent,
  ScriptEvent,
  ScriptLinks,
  SignalingEvent,
  StoreEvent,
  StreamLinkEvent,
  StreamLinkOrder,
} from '../core/ports.ts';
import type { LeftBehind } from '../core/store/load.ts';
import { FlowRunner } from '../flows/runner.ts';
import type { PlaneOutput } from '../media/media-plane.ts';
import type { Lookup, LookupAnswer } from '../sip/locating/records.ts';
import { QueuedSignaling } from '../sip/signaling.ts';
import type { SipPacket, SipStack, StackOutput } from '../sip/stack.ts';

/** What the node asks of the media plane beside the port of the core: its outputs and its time. */
export interface MediaSource {
  readonly externals: { receive(event: StreamLinkEvent): void };
  poll(): PlaneOutput | undefined;
  expire(now: Instant): void;
  deadline(): Instant;
}

/** A message for a media thread or for the file thread. */
export type Post = Extract<PlaneOutput, { kind: 'post' | 'postFiles' }>;

export interface StoreSource {
  poll(): StoreEvent | undefined;
}

/** What was looked up in the archive. */
export interface ArchiveSource {
  poll(): ArchiveEvent | undefined;
}

export interface NodeParts {
  readonly stack: SipStack;
  readonly media: MediaSource;
  readonly store: StoreSource;
  readonly archive: ArchiveSource;
  /** Ports of the core, save those that the node itself stands between. */
  readonly ports: Omit<SwitchPorts, 'signaling' | 'flows' | 'admission'> & { readonly http: HttpClient };
  readonly scripts: ScriptLinks;
}

type Send = Extract<StackOutput, { kind: 'send' }>;

/** More steps than one input can cause: beyond it two machines feed each other for ever. */
const STEPS_MAX = 1_000_000;

/**
 * One Tandem without its sockets, threads and clock: the machines, and the order in which they are drained. One input
 * goes in, everything that follows from it is done, and what is left are packets to send and commands that settled.
 * `serve` drives it with real time, the simulated world with a virtual one.
 */
export class Node {
  readonly exchange: Exchange;
  readonly stack: SipStack;
  readonly flows: FlowRunner;
  readonly #media: MediaSource;
  readonly #store: StoreSource;
  readonly #archive: ArchiveSource;
  readonly #signaling = new QueuedSignaling();
  readonly #signals = new Queue<SignalingEvent>();
  readonly #sends = new Queue<Send>();
  readonly #lookups = new Queue<Lookup>();
  readonly #posts = new Queue<Post>();
  readonly #links = new Queue<StreamLinkOrder>();
  readonly #settled = new Queue<Settled>();

  constructor(parts: NodeParts) {
    this.stack = parts.stack;
    this.#media = parts.media;
    this.#store = parts.store;
    this.#archive = parts.archive;
    this.flows = new FlowRunner({
      ...parts.ports,
      scripts: parts.scripts,
      callOf: (id) => this.exchange.calls.recordOf(id),
      presentCall: (call) => presentCall(call) as Json,
      presentRecording: (recording) => presentRecording(recording) as Json,
    });
    this.exchange = new Exchange({
      ...parts.ports,
      signaling: this.#signaling,
      admission: this.stack,
      flows: this.flows,
      liveActiveflow: (id) => this.flows.recordOf(id),
    });
  }

  /** Takes up what an earlier process left. */
  restore(left: LeftBehind, now: Instant): void {
    this.exchange.restore(left, now);
    this.flows.restore(left.activeflows, now);
    this.settle(now);
  }

  receive(packet: SipPacket, now: Instant): void {
    this.stack.receive(packet, now);
    this.settle(now);
  }

  transportFailed(destination: Send['destination'], now: Instant): void {
    this.stack.transportFailed(destination, now);
    this.settle(now);
  }

  receiveLookup(answer: LookupAnswer, now: Instant): void {
    this.stack.receiveLookup(answer, now);
    this.settle(now);
  }

  input(input: ExchangeInput, now: Instant): void {
    this.exchange.receive(input, now);
    this.settle(now);
  }

  /** The outcome of an HTTP request, for whoever made it. */
  http(event: HttpEvent, now: Instant): void {
    if (event.owner === 'flows') this.flows.receive(event, now);
    else this.exchange.receive({ kind: 'http', event }, now);
    this.settle(now);
  }

  script(event: ScriptEvent, now: Instant): void {
    this.flows.receiveScript(event, now);
    this.settle(now);
  }

  /** What comes of the sockets to programs that hear and speak. */
  link(event: StreamLinkEvent, now: Instant): void {
    this.#media.externals.receive(event);
    this.settle(now);
  }

  expire(now: Instant): void {
    while (this.stack.deadline() <= now) {
      this.stack.expire(now);
      this.settle(now);
    }
    while (this.exchange.deadline() <= now) {
      this.exchange.expire(now);
      this.settle(now);
    }
    while (this.flows.deadline() <= now) {
      this.flows.expire(now);
      this.settle(now);
    }
    if (this.#media.deadline() <= now) this.#media.expire(now);
    this.settle(now);
  }

  deadline(): Instant {
    return Math.min(
      this.stack.deadline(),
      this.exchange.deadline(),
      this.flows.deadline(),
      this.#media.deadline(),
      NEVER,
    );
  }

  /** The next packet to send. */
  poll(): Send | undefined {
    return this.#sends.shift();
  }

  /** The next query for a name server; `receiveLookup` takes the answer. */
  pollLookup(): Lookup | undefined {
    return this.#lookups.shift();
  }

  /** The next message for a thread of media. */
  pollPost(): Post | undefined {
    return this.#posts.shift();
  }

  /** The next order for the sockets to programs that hear and speak. */
  pollLink(): StreamLinkOrder | undefined {
    return this.#links.shift();
  }

  /** The next command that has ended. */
  pollSettled(): Settled | undefined {
    return this.#settled.shift();
  }

  /** Drains every machine until nothing is left to hand over. */
  settle(now: Instant): void {
    for (let steps = 0; this.#step(now); steps++) {
      if (steps > STEPS_MAX) throw new Error(`the node does not settle after ${steps} steps`);
    }
  }

  /** Moves one thing from the machine that said it to the one that it is for. False when all are drained. */
  #step(now: Instant): boolean {
    return this.#stepSignalling(now) || this.#stepCore(now) || this.#stepEdges(now);
  }

  #stepSignalling(now: Instant): boolean {
    const output = this.stack.poll();
    if (output !== undefined) {
      if (output.kind === 'send') this.#sends.push(output);
      else if (output.kind === 'signal') this.#signals.push(output.event);
      else this.#lookups.push(output);
      return true;
    }
    const command = this.#signaling.poll();
    if (command === undefined) return false;
    this.stack.execute(command, now);
    return true;
  }

  #stepCore(now: Instant): boolean {
    const settled = this.exchange.poll();
    if (settled !== undefined) {
      this.#settled.push(settled);
      return true;
    }
    const signal = this.#signals.shift();
    if (signal !== undefined) {
      this.exchange.receive({ kind: 'signal', event: signal }, now);
      return true;
    }
    const flow = this.flows.poll();
    if (flow !== undefined) {
      this.exchange.receive({ kind: 'flow', event: flow }, now);
      return true;
    }
    return this.flows.turn(now);
  }

  #stepEdges(now: Instant): boolean {
    const media = this.#media.poll();
    if (media !== undefined) {
      if (media.kind === 'post' || media.kind === 'postFiles') this.#posts.push(media);
      else if (media.kind === 'link') this.#links.push(media.order);
      else this.exchange.receive({ kind: 'media', event: media }, now);
      return true;
    }
    const stored = this.#store.poll();
    if (stored !== undefined) {
      this.exchange.receive({ kind: 'store', event: stored }, now);
      this.flows.receiveStore(stored, now);
      return true;
    }
    const found = this.#archive.poll();
    if (found === undefined) return false;
    this.exchange.receive({ kind: 'archive', event: found }, now);
    return true;
  }
}
