import { Queue } from '../core/kernel/queue.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../core/ports.ts';
import { aim } from './dialog/session-messages.ts';
import { Sessions } from './dialog/sessions.ts';
import { Notifier } from './events/notifier.ts';
import { LegLocations } from './locating/leg-locations.ts';
import { Locator } from './locating/locator.ts';
import type { Lookup, LookupAnswer } from './locating/records.ts';
import { parse } from './parser.ts';
import { Errands } from './providers/errands.ts';
import { Lines } from './providers/lines.ts';
import { Probes } from './providers/probes.ts';
import { ProviderLinks } from './providers/provider-links.ts';
import type { SignalingCommand } from './signaling.ts';
import {
  CALM,
  digestServer,
  LEGS_MAX,
  NOTHING_REACHABLE,
  SERVER_TRANSACTIONS_MAX,
  type StackOptions,
} from './stack-options.ts';
import { RFC_TIMING } from './transaction/timing.ts';
import { type LayerOutput, TransactionLayer } from './transaction/transaction-layer.ts';
import { CallerProof } from './user-agent/caller-proof.ts';
import { Gatekeeper } from './user-agent/gatekeeper.ts';
import { Messenger } from './user-agent/messenger.ts';
import { OverloadGovernor } from './user-agent/overload-governor.ts';
import { Referrals } from './user-agent/referrals.ts';
import { Registrar } from './user-agent/registrar.ts';
import { UserAgent } from './user-agent/user-agent.ts';

/** One datagram, or one message cut from a stream, as a transport hands it over. */
export interface SipPacket {
  readonly bytes: Uint8Array;
  readonly source: TransportAddress;
  /** Our port that received it. */
  readonly localPort: number;
}

export type StackOutput =
  | {
      readonly kind: 'send';
      readonly destination: TransportAddress;
      /** Our port to send from; undefined when any listener of the transport will do. */
      readonly localPort: number | undefined;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'signal'; readonly event: SignalingEvent }
  /** To be asked of a name server; `receiveLookup` takes the answer. */
  | ({ readonly kind: 'lookup' } & Lookup);

/** A refusal over UDP, where sources can be forged, has at most so many times the bytes of its request. */
const REFUSAL_FACTOR = 3;

/** SIP as one machine: packets and commands go in; packets and events come out. */
export class SipStack {
  readonly gatekeeper: Gatekeeper;
  readonly #layer: TransactionLayer;
  readonly #locator: Locator;
  readonly #locations: LegLocations;
  readonly #sessions: Sessions;
  readonly #notifier: Notifier;
  readonly #messenger: Messenger;
  readonly #governor: OverloadGovernor;
  readonly #referrals: Referrals;
  readonly #userAgent: UserAgent;
  readonly #errands: Errands;
  readonly #links: ProviderLinks;
  readonly #probes: Probes;
  readonly #outputs = new Queue<StackOutput>();
  #received = 0;
  #sent = 0;
  #parseFailures = 0;

  constructor({ directory, random, calendar, nextLeg, settings }: StackOptions) {
    const { userAgent, contactFor } = settings;
    const secret = settings.nonceSecret ?? random.bytes(32);
    const timing = settings.timing ?? RFC_TIMING;
    this.gatekeeper = new Gatekeeper({
      registeredFrom: settings.registeredFrom ?? (() => false),
      trunkFrom: settings.trunkFrom ?? (() => false),
      mode: settings.rateLimits ?? 'on',
    });
    this.#layer = new TransactionLayer({
      random,
      timing,
      contactFor,
      serverTransactionsMax: settings.serverTransactionsMax ?? SERVER_TRANSACTIONS_MAX,
    });
    const common = { layer: this.#layer, random, userAgent, contactFor };
    this.#locator = new Locator(settings.reachable ?? NOTHING_REACHABLE, random);
    this.#locations = new LegLocations(this.#locator);
    const lines = new Lines(secret);
    this.#errands = new Errands(this.#layer, this.#locator, { random, contactFor });
    this.#links = new ProviderLinks({ directory, errands: this.#errands, lines, random, userAgent });
    this.#probes = new Probes({ directory, errands: this.#errands, random, userAgent });
    this.#sessions = new Sessions(this.#layer, this.#locator, {
      ...common,
      timing,
      domain: directory.domain,
      sessionExpiresS: settings.sessionExpiresS ?? 0,
      lineOf: (provider) => lines.lineOf(provider),
      flowOf: (contact) => this.#userAgent.flowOf(contact),
    });
    this.#notifier = new Notifier({
      ...common,
      directory,
      dialogs: this.#sessions,
      calendar,
      ...(settings.subscriptionLimits && { limits: settings.subscriptionLimits }),
    });
    this.#governor = new OverloadGovernor(settings.queue ?? (() => CALM));
    this.#messenger = new Messenger({ ...common, domain: directory.domain });
    this.#referrals = new Referrals({ ...common, timing, sessions: this.#sessions });
    const digest = digestServer(settings, random, calendar, secret);
    this.#userAgent = new UserAgent({
      ...common,
      directory,
      sessions: this.#sessions,
      notifier: this.#notifier,
      messenger: this.#messenger,
      governor: this.#governor,
      isEmergency: settings.isEmergency ?? (() => false),
      referrals: this.#referrals,
      registrar: new Registrar({ directory, calendar, random }),
      gatekeeper: this.gatekeeper,
      proof: new CallerProof(directory, digest, this.gatekeeper, lines),
      nextLeg,
      isLine: (user) => lines.find(user) !== undefined,
      legsMax: settings.legsMax ?? LEGS_MAX,
    });
  }

  receive({ bytes, source, localPort }: SipPacket, now: Instant): void {
    this.#received++;
    this.#userAgent.refusalBytesMax = source.transport === 'udp' ? REFUSAL_FACTOR * bytes.length : Infinity;
    const { message, defects } = parse(bytes);
    const fatal = defects.length === 0 ? undefined : defects.find((defect) => defect.fatal);
    if (fatal !== undefined || message === undefined) {
      if (!isKeepAlive(bytes)) this.#parseFailures++;
      if (message?.type === 'request' && fatal !== undefined && fatal.status !== 0) {
        this.#userAgent.refuse(
          { kind: 'request', request: message, source, localPort, key: undefined },
          fatal.status,
          [],
          now,
        );
      }
    } else this.#layer.receive(message, source, localPort, now);
    this.#drain(now);
  }

  /** What was sent to this address did not leave, or its connection broke. */
  transportFailed(destination: TransportAddress, now: Instant): void {
    this.#layer.transportFailed(destination, now);
    this.#userAgent.transportFailed(destination, now);
    this.#links.transportFailed(destination, now);
    this.#drain(now);
  }

  /** Does what the core asked through its `Signaling` port. */
  execute(command: SignalingCommand, now: Instant): void {
    this.#execute(command, now);
    this.#drain(now);
  }

  #execute(command: SignalingCommand, now: Instant): void {
    switch (command.kind) {
      case 'locate':
        this.#locations.begin(command.leg, aim(command.target)?.next, now);
        break;
      case 'dial':
        this.#sessions.dial(command.leg, command.request, this.#locations.take(command.leg), now);
        break;
      case 'sendMessage':
        this.#messenger.send(command.delivery, command.request, now);
        break;
      case 'answerMessage':
        this.#messenger.answer(command.message, command.cause, now);
        break;
      case 'answerReferral':
        this.#referrals.answer(command.referral, command.cause, now);
        break;
      case 'reportReferral':
        this.#referrals.report(command.referral, command.status, now);
        break;
      case 'refer':
        this.#referrals.sent.refer(command.leg, command.request, now);
        break;
      case 'maintain':
        this.#links.maintain(command.provider, now);
        break;
      case 'probe':
        this.#probes.begin(command.ticket, command.provider, now);
        break;
      case 'retire':
        this.#links.retire(now);
        break;
      case 'reachability':
      case 'slot':
        this.#notifier.execute(command, now);
        break;
      default:
        if (command.kind === 'hangup' && this.#locations.hangup(command.leg, command.cause)) break;
        this.#sessions.execute(command, now);
    }
  }

  /** What a name server answered, or that nobody could be asked. */
  receiveLookup(answer: LookupAnswer, now: Instant): void {
    this.#locator.receive(answer, now);
    this.#drain(now);
  }

  /** Whether one more call may begin by command: under load it is refused as an INVITE is. */
  judge(now: Instant): 'admitted' | 'overloaded' | 'draining' {
    return this.#userAgent.judge(now);
  }

  /** While draining, new INVITEs get 503; calls that live go on. */
  setDraining(isDraining: boolean): void {
    this.#userAgent.setDraining(isDraining);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const at = this.deadline();
    if (this.#layer.deadline() === at) this.#layer.expire(now);
    else if (this.#sessions.deadline() === at) this.#sessions.expire(now);
    else if (this.#notifier.deadline() === at) this.#notifier.expire(now);
    else if (this.#links.deadline() === at) this.#links.expire(now);
    else if (this.#referrals.sent.deadline() === at) this.#referrals.sent.expire(now);
    else this.#locator.expire(now);
    this.#drain(now);
  }

  deadline(): Instant {
    return Math.min(
      this.#layer.deadline(),
      this.#sessions.deadline(),
      this.#locator.deadline(),
      this.#notifier.deadline(),
      this.#links.deadline(),
      this.#referrals.sent.deadline(),
    );
  }

  poll(): StackOutput | undefined {
    return this.#outputs.shift();
  }

  /** For metrics. */
  get counters() {
    const transactions = this.#layer.live;
    return {
      received: this.#received,
      sent: this.#sent,
      inviteClientTransactions: transactions.inviteClient,
      nonInviteClientTransactions: transactions.nonInviteClient,
      inviteServerTransactions: transactions.inviteServer,
      nonInviteServerTransactions: transactions.nonInviteServer,
      dialogs: this.#sessions.dialogCount,
      legs: this.#sessions.legCount + this.#locations.size,
      subscriptions: this.#notifier.subscriptionCount,
      referrals: this.#referrals.size,
      notifications: this.#notifier.sentCount,
      timersArmed: this.#layer.timersArmed + this.#sessions.timersArmed + this.#notifier.timersArmed,
      retransmissions: this.#layer.retransmissions,
      parseFailures: this.#parseFailures,
      strays: this.#layer.strays,
      overloadRefusals: this.#layer.refusals + this.#governor.refusedCount,
      isOverloaded: this.#governor.isOverloaded ? 1 : 0,
      dropped: this.#userAgent.dropped,
      providerRegistrations: this.#links.registrationCount,
      providersWatched: this.#links.watchCount,
      ...this.#locator.counters,
    };
  }

  #drain(now: Instant): void {
    do {
      this.#drainLayer(now);
      this.#collect(now);
    } while (this.#drainLocator(now) || this.#drainWatched(now));
    for (let event = this.#probes.poll(); event !== undefined; event = this.#probes.poll()) {
      this.#outputs.push({ kind: 'signal', event });
    }
    for (let event = this.#links.poll(); event !== undefined; event = this.#links.poll()) {
      this.#outputs.push({ kind: 'signal', event });
    }
    for (let event = this.#userAgent.poll(); event !== undefined; event = this.#userAgent.poll()) {
      this.#outputs.push({ kind: 'signal', event });
    }
    for (let event = this.#messenger.poll(); event !== undefined; event = this.#messenger.poll()) {
      this.#outputs.push({ kind: 'signal', event });
    }
    for (let event = this.#locations.poll(); event !== undefined; event = this.#locations.poll()) {
      this.#outputs.push({ kind: 'signal', event });
    }
    for (let event = this.#sessions.poll(); event !== undefined; event = this.#sessions.poll()) {
      if (event.kind === 'ended') this.#referrals.sent.over(event.leg, now);
      this.#outputs.push({ kind: 'signal', event });
    }
  }

  #drainLayer(now: Instant): void {
    for (let output = this.#layer.poll(); output !== undefined; output = this.#layer.poll()) {
      if (output.kind === 'send') {
        this.#sent++;
        this.#outputs.push(output);
      } else if (!this.#isErrand(output, now)) this.#userAgent.receive(output, now);
    }
  }

  /** True when somebody watched a phone whose dialogs changed. */
  #drainWatched(now: Instant): boolean {
    let moved = this.#sessions.pollMoved();
    if (moved === undefined) return false;
    for (; moved !== undefined; moved = this.#sessions.pollMoved()) this.#notifier.moved(moved, now);
    return true;
  }

  /** Hands on what has become of requests to providers. */
  #collect(now: Instant): void {
    for (let ended = this.#errands.poll(); ended !== undefined; ended = this.#errands.poll()) {
      if (!this.#probes.receive(ended.errand, ended.outcome)) this.#links.receive(ended.errand, ended.outcome, now);
    }
  }

  /** Whether it is news of a request to a provider. */
  #isErrand(output: Exclude<LayerOutput, { kind: 'send' }>, now: Instant): boolean {
    if (this.#errands.size === 0) return false;
    if (output.kind !== 'response' && output.kind !== 'failed' && output.kind !== 'terminated') return false;
    return this.#errands.receive(output, now);
  }

  /** True when something came of it. */
  #drainLocator(now: Instant): boolean {
    let output = this.#locator.poll();
    if (output === undefined) return false;
    for (; output !== undefined; output = this.#locator.poll()) {
      if (output.kind === 'lookup') this.#outputs.push(output);
      else if (!this.#errands.located(output, now) && !this.#locations.receive(output))
        this.#sessions.located(output, now);
    }
    return true;
  }
}

/** CR and LF alone keep a NAT binding or connection open (RFC 5626 §4.4.1). */
function isKeepAlive(bytes: Uint8Array): boolean {
  return bytes.length <= 4 && bytes.every((byte) => byte === 0x0d || byte === 0x0a);
}
