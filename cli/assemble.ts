import type { Directory } from '../core/directory/directory.ts';
import { Journal } from '../core/journal.ts';
import { type Clock, calendarOf, systemClock } from '../core/kernel/clock.ts';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import { Driver } from '../core/kernel/driver.ts';
import { hexToken, type LegId, uuid } from '../core/kernel/ids.ts';
import { LIMITS } from '../core/kernel/limits.ts';
import { type Log, Summary } from '../core/kernel/log.ts';
import { Metrics } from '../core/kernel/metrics.ts';
import { type Random, secure } from '../core/kernel/random.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { HttpClient, HttpRequest, ScriptLinks, StreamLinkOrder, TransportAddress } from '../core/ports.ts';
import { isEmergencyNumber } from '../core/routing/emergency-number.ts';
import { RecordingArchive } from '../core/store/recording-archive.ts';
import { RecordingLookup } from '../core/store/recording-lookup.ts';
import { WorkerMediaPlane } from '../media/media-plane.ts';
import type { Lookup } from '../sip/locating/records.ts';
import { reachableFrom } from '../sip/locating/survey.ts';
import { SipStack, type StackOutput } from '../sip/stack.ts';
import type { StackOptions } from '../sip/stack-options.ts';
import type { SentBy } from '../sip/transaction/transaction-layer.ts';
import type { QueueState } from '../sip/transport/queue-probe.ts';
import type { SipTransports } from '../sip/transport/transports.ts';
import { Archives } from './archives.ts';
import { TandemBackend } from './backend.ts';
import { registerMetrics } from './figures.ts';
import type { Ground } from './ground.ts';
import type { MediaSide } from './media-side.ts';
import { Node, type Post } from './node.ts';
import { TraceTap } from './trace-tap.ts';
import { VERSION } from './version.ts';

type Send = Extract<StackOutput, { kind: 'send' }>;

/** Where the node's outputs go. Set as the sockets and threads are opened, before the first input. */
export interface Effects {
  send: (send: Send) => void;
  lookUp: (lookup: Lookup) => void;
  post: (post: Post) => void;
  /** The address by which a peer reaches us. */
  addressFor: (peer: string) => string;
  contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
  probe: () => QueueState;
  request: HttpClient['request'];
  scripts: ScriptLinks;
  link: (order: StreamLinkOrder) => void;
}

export interface Machines {
  readonly clock: Clock;
  readonly node: Node;
  readonly plane: WorkerMediaPlane;
  /** After each input: drains the node. Has no effect before `begin`. */
  readonly wake: () => void;
  /** Every edge is open: from here on the node's outputs go out. */
  readonly begin: () => void;
  readonly backend: TandemBackend;
  readonly trace: TraceTap;
  readonly journal: Journal;
  readonly effects: Effects;
  /** Called after each drain: somebody may want to hear of new events. */
  readonly onTurn: (listener: () => void) => void;
  /** Shows what everybody counts. */
  readonly watch: (media: MediaSide, transports: SipTransports) => void;
}

/** Puts the machines together over real time and real chance. Nothing is opened here. */
export function assemble(ground: Ground, settings: Settings, log: Log, disposal: Disposal): Machines {
  const clock = systemClock;
  const random = secure();
  const effects: Effects = {
    send: nowhere,
    lookUp: nowhere,
    post: nowhere,
    addressFor: nowhere,
    contactFor: nowhere,
    probe: () => ({ isOverflowing: false, delayMs: 0 }),
    request: nowhere,
    scripts: { open: nowhere, send: nowhere, close: nowhere },
    link: nowhere,
  };
  const lookup = new RecordingLookup(new RecordingArchive(ground.store));
  const { node, plane, journal } = assembleNode(ground, settings, effects, clock, random, lookup);
  const { directory, store } = ground;
  const trace = new TraceTap(journal);
  const metrics = new Metrics();
  const backend = new TandemBackend({
    node,
    directory,
    clock,
    archives: new Archives(store, directory, node),
    metrics,
    trace,
    log,
    tokenSecret: ground.tokenSecret,
    operatorToken: hexToken(random, 32),
    dataFolder: settings.data,
    recordingsFolder: ground.folders.recordings,
    wake: () => wake(),
  });
  const report = reporter(node.stack, log, clock);
  let told: () => void = () => undefined;
  const turn = (now: Instant): void => {
    node.expire(now);
    drain(node, effects, trace, clock);
    backend.settle();
    trace.events();
    told();
    report();
  };
  const { wake, begin } = drive(new Driver(clock, turn, () => node.deadline()), disposal);
  store.onEvent(wake);
  lookup.onEvent(wake);
  const onTurn = (listener: () => void): void => {
    told = listener;
  };
  const watch = (media: MediaSide, transports: SipTransports): void =>
    registerMetrics(metrics, { node, directory, store, plane, media, journal, transports });
  return { clock, node, plane, wake, begin, backend, trace, journal, effects, onTurn, watch };
}

/** Nothing turns before it has begun. */
function drive(driver: Driver, disposal: Disposal): { wake: () => void; begin: () => void } {
  disposal.add('driver', () => driver.stop());
  let hasBegun = false;
  const wake = (): void => {
    if (hasBegun) driver.wake();
  };
  const begin = (): void => {
    hasBegun = true;
    driver.wake();
  };
  return { wake, begin };
}

function assembleNode(
  { directory, store, nonceSecret, folders }: Ground,
  settings: Settings,
  effects: Effects,
  clock: Clock,
  random: Random,
  archive: RecordingLookup,
): { node: Node; plane: WorkerMediaPlane; journal: Journal } {
  const calendar = calendarOf(clock);
  const plane = new WorkerMediaPlane({
    workerCount: settings.workers,
    streamsMax: LIMITS.mediaStreamsPerWorkerMax,
    portFrom: settings.rtp.from,
    portTo: settings.rtp.to,
    sharing: settings.rtpSharing,
    inbandDigits: settings.inbandDigits,
    addressFor: (peer) => effects.addressFor(peer),
    codecs: settings.codecs,
    random,
    clock,
  });
  let lastLeg = 0;
  const nextLeg = (): LegId => ++lastLeg as LegId;
  const stack = new SipStack({
    directory,
    random,
    calendar,
    nextLeg,
    settings: stackSettings(directory, settings, effects, nonceSecret),
  });
  const journal = new Journal({ epoch: uuid(random) });
  const limits = { ringTimeoutMs: LIMITS.ringTimeoutMs, durationMaxMs: LIMITS.callDurationMaxMs };
  const ports = {
    directory,
    media: plane,
    store,
    journal,
    calendar,
    random,
    nextLeg,
    archive,
    folders,
    country: settings.country,
    http: { request: (request: HttpRequest) => effects.request(request) },
    ...limits,
  };
  const scripts: ScriptLinks = {
    open: (session, url) => effects.scripts.open(session, url),
    send: (session, text) => effects.scripts.send(session, text),
    close: (session, reason) => effects.scripts.close(session, reason),
  };
  return { node: new Node({ stack, media: plane, store, archive, ports, scripts }), plane, journal };
}

function stackSettings(
  directory: Directory,
  settings: Settings,
  effects: Effects,
  nonceSecret: Uint8Array,
): StackOptions['settings'] {
  return {
    userAgent: `Tandem/${VERSION}`,
    contactFor: (peer, localPort) => effects.contactFor(peer, localPort),
    nonceSecret,
    registeredFrom: (address) => directory.hasBindingFrom(address),
    trunkFrom: (address) =>
      directory.trunkForSource(address) !== undefined || directory.providerForSource(address) !== undefined,
    queue: () => effects.probe(),
    isEmergency: (user) => isEmergencyNumber(user, settings.country),
    sessionExpiresS: settings.sessionExpiresS,
    digestAlgorithms: settings.digest === 'md5' ? ['MD5'] : ['SHA-256', 'MD5'],
    reachable: reachableFrom(settings.sip),
  };
}

function drain(node: Node, effects: Effects, trace: TraceTap, clock: Clock): void {
  for (let link = node.pollLink(); link !== undefined; link = node.pollLink()) effects.link(link);
  for (let post = node.pollPost(); post !== undefined; post = node.pollPost()) effects.post(post);
  for (let lookup = node.pollLookup(); lookup !== undefined; lookup = node.pollLookup()) effects.lookUp(lookup);
  for (let send = node.poll(); send !== undefined; send = node.poll()) {
    trace.message('sent', send.destination, send.bytes, clock);
    effects.send(send);
  }
}

/** Tells the operator who was refused: one line for an account and source, then a count at intervals. */
function reporter(stack: SipStack, log: Log, clock: Clock): () => void {
  const summary = new Summary(log, LIMITS.summaryIntervalMs);
  return () => {
    for (
      let failure = stack.gatekeeper.takeFailure();
      failure !== undefined;
      failure = stack.gatekeeper.takeFailure()
    ) {
      const { account, source } = failure;
      summary.warn(
        `SIP authentication failed: wrong password or unknown account ${account} from ${source.address}`,
        clock.now(),
      );
    }
  };
}

function nowhere(): never {
  throw new Error('an output before its edge was opened');
}
