import type { Cause } from '../../core/calls/cause.ts';
import { Directory } from '../../core/directory/directory.ts';
import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { hexToken, type LegId } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { Sessions } from '../../sip/dialog/sessions.ts';
import { Notifier } from '../../sip/events/notifier.ts';
import { formatHostPort } from '../../sip/grammar/host.ts';
import { buildUri } from '../../sip/grammar/uri.ts';
import { Locator } from '../../sip/locating/locator.ts';
import type { Response } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import type { SipPacket } from '../../sip/stack.ts';
import { RFC_TIMING } from '../../sip/transaction/timing.ts';
import { type Arrival, TransactionLayer } from '../../sip/transaction/transaction-layer.ts';
import { Gatekeeper } from '../../sip/user-agent/gatekeeper.ts';
import { Messenger } from '../../sip/user-agent/messenger.ts';
import { OverloadGovernor } from '../../sip/user-agent/overload-governor.ts';
import { Referrals } from '../../sip/user-agent/referrals.ts';
import { Registrar } from '../../sip/user-agent/registrar.ts';
import { UserAgent } from '../../sip/user-agent/user-agent.ts';
import { authorizationFor } from './challenged.ts';
import { furtherFields } from './further-fields.ts';
import { phoneDescription } from './phone-description.ts';
import { registerRequest } from './register-request.ts';
import { textRequest } from './text-request.ts';
import { TRUSTING } from './trusting.ts';
import type { Party, Send } from './world.ts';

/** What a phone does by itself when it is called. */
export type Manner =
  | { readonly kind: 'answers'; readonly afterMs: number; readonly early?: 'speaks' }
  | { readonly kind: 'rings'; readonly early?: 'speaks' }
  | { readonly kind: 'is busy' | 'is away' }
  /** 503, with a time after which it may be tried again. */
  | { readonly kind: 'is overloaded' };

export interface PhoneOptions {
  readonly name: string;
  readonly address: TransportAddress;
  readonly username: string;
  readonly password: string;
  /** The switch it belongs to. */
  readonly server: TransportAddress;
  /** What it sends outside dialogs goes here first; it is a proxy. */
  readonly proxy?: TransportAddress;
  readonly random: Random;
  /** Further fields of the INVITEs that it sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What it calls itself in Via and Contact when it does not know its address, as browsers do (RFC 7118 §5). */
  readonly ownHost?: string;
  /** What stands before the host in the Contact that it registers; its name and `@` unless told. In its calls nothing does. */
  readonly contactUser?: '';
  readonly manner?: Manner;
  /** Payload types that it offers and takes, as in an m-line; 0, 8 and telephone-events unless told. */
  readonly formats?: string;
  /** Hangs up this long after its call was answered. */
  readonly hangsUpAfterMs?: number;
}

type Act =
  | { readonly kind: 'register'; readonly expiresS: number | 'asks only' }
  | { readonly kind: 'call'; readonly to: string }
  | { readonly kind: 'write'; readonly to: string; readonly text: string }
  /** Its media is at another address from now on. */
  | { readonly kind: 'move'; readonly to: string }
  /** It offers this in its call, line by line behind `t=`. */
  | { readonly kind: 'offer'; readonly media: readonly string[] }
  /** Unplugged, it hears and says nothing any more. */
  | { readonly kind: 'answer' | 'hangup' | 'hold' | 'resume' | 'unplug' }
  | { readonly kind: 'do'; readonly what: (now: Instant) => void };

const REFUSALS: Readonly<Partial<Record<Manner['kind'], Cause>>> = {
  'is busy': 'busy',
  'is away': 'unavailable',
  'is overloaded': 'overloaded',
};

/**
 * A phone: one call at a time, over the transaction and dialog classes of the switch itself. It trusts whoever calls
 * it, as phones do. `heard` is what its owner would notice.
 */
export class Phone implements Party {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
  readonly heard: string[] = [];
  readonly layer: TransactionLayer;
  readonly sessions: Sessions;
  /** Sees requests first: true when it has dealt with one. */
  attend: ((request: Arrival, now: Instant) => boolean) | undefined;
  readonly #options: PhoneOptions;
  readonly #messenger: Messenger;
  readonly #userAgent: UserAgent;
  readonly #acts = new DeadlineHeap<Act>();
  readonly #sends: Send[] = [];
  #leg: LegId | undefined;
  /** It is called and has not answered. */
  #isRinging = false;
  #isTalking = false;
  /** How it described itself before it answered (RFC 3960). */
  #early: Uint8Array | undefined;
  #isUnplugged = false;
  #remoteDescription: Uint8Array | undefined;
  #writing: { transaction: number; to: string; text: string; isChallenged: boolean } | undefined;
  #lastLeg = 0;
  #mediaAddress: string;
  /** Version of its last session description (RFC 3264 §8). */
  #version = 0;
  #registration = { callId: '', cseq: 0, transaction: 0, challenged: false, expiresS: 0 as number | 'asks only' };

  constructor(options: PhoneOptions) {
    const { name, address, random, server } = options;
    this.#options = options;
    this.name = name;
    this.addresses = [address];
    this.#mediaAddress = address.address;
    const contactFor = () => ({
      host: options.ownHost ?? address.address,
      port: address.port,
      transport: address.transport,
    });
    const shared = { random, timing: RFC_TIMING, contactFor };
    this.layer = new TransactionLayer({ ...shared, serverTransactionsMax: 100 });
    this.sessions = new Sessions(this.layer, new Locator({ transports: [], families: [] }, random), {
      ...shared,
      userAgent: 'Phone',
      domain: server.address,
    });
    const directory = new Directory();
    this.#messenger = new Messenger({ ...shared, layer: this.layer, userAgent: 'Phone', domain: server.address });
    this.#userAgent = new UserAgent({
      directory,
      layer: this.layer,
      sessions: this.sessions,
      notifier: new Notifier({
        ...shared,
        directory,
        layer: this.layer,
        dialogs: this.sessions,
        calendar: (now) => now,
        userAgent: 'Phone',
      }),
      messenger: this.#messenger,
      governor: new OverloadGovernor(() => ({ isOverflowing: false, delayMs: 0 })),
      isEmergency: () => false,
      referrals: new Referrals({ ...shared, layer: this.layer, sessions: this.sessions, userAgent: 'Phone' }),
      registrar: new Registrar({ directory, calendar: (now) => now, random }),
      gatekeeper: new Gatekeeper({ registeredFrom: () => true, mode: 'off' }),
      proof: TRUSTING,
      nextLeg: () => ++this.#lastLeg as LegId,
      userAgent: 'Phone',
      legsMax: 10,
    });
    this.#registration.callId = hexToken(random, 8);
  }

  /** Neither in a call nor on the way into one; nor is it when unplugged. */
  get isIdle(): boolean {
    return this.#leg === undefined || this.#isUnplugged;
  }

  /** Its call was answered and is not over. */
  get isTalking(): boolean {
    return this.#isTalking && !this.#isUnplugged;
  }

  /** It sends what its owner, or an announcement, says: before it has answered only if that is its manner. */
  get isSpeaking(): boolean {
    return (this.#isTalking || this.#early !== undefined) && !this.#isUnplugged;
  }

  /** Of its call. */
  get leg(): LegId | undefined {
    return this.#leg;
  }

  /** Where it listens for RTP. */
  get mediaPort(): number {
    return this.addresses[0]!.port + 10_000;
  }

  /** How the other side described its session last. */
  get remoteDescription(): Uint8Array | undefined {
    return this.#remoteDescription;
  }

  /** Does something at an instant of the simulation. */
  plan(at: Instant, act: Act): void {
    this.#acts.add(at, act);
  }

  receive({ bytes, source, localPort }: SipPacket, now: Instant): void {
    if (this.#isUnplugged) return;
    const { message } = parse(bytes);
    if (message !== undefined) this.layer.receive(message, source, localPort, now);
    this.#drain(now);
  }

  expire(now: Instant): void {
    const act = this.#acts.takeDue(now);
    if (act !== undefined) this.#act(act, now);
    else if (this.layer.deadline() <= now) this.layer.expire(now);
    else this.sessions.expire(now);
    this.#drain(now);
  }

  deadline(): Instant {
    if (this.#isUnplugged) return NEVER;
    return Math.min(this.#acts.next(), this.layer.deadline(), this.sessions.deadline());
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  #act(act: Act, now: Instant): void {
    const leg = this.#leg;
    if (act.kind === 'register') {
      this.#registration = { ...this.#registration, expiresS: act.expiresS, challenged: false };
      this.#register(undefined, now);
    } else if (act.kind === 'call') {
      if (leg === undefined) this.#call(act.to, now);
    } else if (act.kind === 'write') this.#write(act.to, act.text, undefined, now);
    else if (act.kind === 'do') act.what(now);
    else if (act.kind === 'unplug') this.#isUnplugged = true;
    else if (leg === undefined) return;
    else if (act.kind === 'answer') this.#answer(leg, now);
    else if (act.kind === 'hangup') this.sessions.execute({ kind: 'hangup', leg, cause: 'normal' }, now);
    else if (this.#isTalking) {
      if (act.kind === 'move') this.#mediaAddress = act.to;
      const direction = act.kind === 'hold' ? 'sendonly' : 'sendrecv';
      const offer = this.describe(direction, act.kind === 'offer' ? act.media : undefined);
      this.sessions.execute({ kind: 'reoffer', leg, offer }, now);
    }
  }

  #answer(leg: LegId, now: Instant): void {
    if (!this.#isRinging) return;
    this.#isRinging = false;
    this.sessions.execute({ kind: 'answer', leg, body: this.#early ?? this.describe('sendrecv') }, now);
  }

  #call(to: string, now: Instant): void {
    const { server, proxy, username, password, headers } = this.#options;
    const path = proxy === undefined ? [] : [`sip:${proxy.address}:${proxy.port};lr`];
    const contact = buildUri({ user: to, host: server.address, port: server.port }).text;
    this.#leg = ++this.#lastLeg as LegId;
    this.sessions.dial(
      this.#leg,
      {
        target: { contact, path, via: proxy ?? server, localPort: this.addresses[0]!.port },
        fromUser: username,
        fromName: this.name,
        toUser: to,
        offer: this.describe('sendrecv'),
        credentials: { username, password },
        ...(headers && { wishes: furtherFields(headers) }),
      },
      undefined,
      now,
    );
  }

  /** A text, once more with credentials when it is challenged. */
  #write(to: string, text: string, authorization: string | undefined, now: Instant): void {
    const { server, username, address, random } = this.#options;
    const request = textRequest({ server: server.address, username, to, text, authorization, random });
    const transaction = this.layer.request(request, server, address.port, now);
    this.#writing = { transaction, to, text, isChallenged: authorization !== undefined };
  }

  #written(response: Response, now: Instant): void {
    const { username, password, server, random } = this.#options;
    const { to, text, isChallenged } = this.#writing!;
    const uri = buildUri({ user: to, host: server.address }).text;
    const asked = { username, password, method: 'MESSAGE', uri, random };
    const authorization = isChallenged ? undefined : authorizationFor(response, asked);
    if (authorization !== undefined) this.#write(to, text, authorization, now);
    else if (response.status >= 200) this.heard.push(`written ${response.status}`);
  }

  #register(authorization: string | undefined, now: Instant): void {
    const { server, proxy, username, address, random, ownHost = address.address, contactUser } = this.#options;
    const user = contactUser ?? `${username}@`;
    const registration = this.#registration;
    const { callId, expiresS } = registration;
    const transport = address.transport === 'udp' ? '' : `;transport=${address.transport}`;
    const contact = `<sip:${user}${formatHostPort(ownHost, address.port)}${transport}>;expires=${expiresS}`;
    const request = registerRequest({
      ...{ server: server.address, username, callId, cseq: ++registration.cseq, authorization, random },
      contact: expiresS === 'asks only' ? undefined : contact,
    });
    registration.transaction = this.layer.request(request, proxy ?? server, address.port, now);
  }

  #registered(response: Response, now: Instant): void {
    const { username, password, server, random } = this.#options;
    const registration = this.#registration;
    const uri = buildUri({ host: server.address }).text;
    const asked = { username, password, method: 'REGISTER', uri, random };
    const authorization = registration.challenged ? undefined : authorizationFor(response, asked);
    if (authorization !== undefined) {
      registration.challenged = true;
      this.#register(authorization, now);
    } else if (response.status >= 200) this.heard.push(`registered ${response.status}`);
  }

  #drain(now: Instant): void {
    for (;;) {
      const output = this.layer.poll();
      if (output?.kind === 'send') this.#sends.push(output);
      else if (output?.kind === 'request' && this.attend?.(output, now) === true) continue;
      else if (output?.kind === 'response' && output.transaction === this.#registration.transaction) {
        this.#registered(output.response, now);
      } else if (output?.kind === 'response' && output.transaction === this.#writing?.transaction) {
        this.#written(output.response, now);
      } else if (output !== undefined) this.#userAgent.receive(output, now);
      else {
        const event = this.#userAgent.poll() ?? this.sessions.poll() ?? this.#messenger.poll();
        if (event === undefined) return;
        this.#react(event, now);
      }
    }
  }

  #react(event: SignalingEvent, now: Instant): void {
    const { hangsUpAfterMs } = this.#options;
    switch (event.kind) {
      case 'messaged':
        this.heard.push(`text of ${event.fromUser}: ${new TextDecoder().decode(event.body)}`);
        this.#messenger.answer(event.message, undefined, now);
        break;
      case 'offered':
        this.#offered(event, now);
        break;
      case 'ringing':
        this.heard.push(`ringing ${event.status}`);
        break;
      case 'answered':
      case 'confirmed':
        this.#isTalking = true;
        this.#remoteDescription = event.body ?? this.#remoteDescription;
        if (event.kind === 'answered') this.heard.push('answered');
        if (hangsUpAfterMs !== undefined) this.plan(now + hangsUpAfterMs, { kind: 'hangup' });
        break;
      case 'reoffered':
        this.heard.push('reoffered');
        this.sessions.execute({ kind: 'acceptOffer', leg: event.leg, answer: this.describe('sendrecv') }, now);
        break;
      case 'reanswered':
        this.heard.push(`reanswered ${event.status}`);
        break;
      case 'failed':
        this.heard.push(`failed ${event.status}`);
        this.#forget(event.leg);
        break;
      case 'ended':
        this.heard.push(`ended ${event.cause} ${event.by}`);
        this.#forget(event.leg);
        break;
    }
  }

  #forget(leg: LegId): void {
    if (leg !== this.#leg) return;
    this.#leg = undefined;
    this.#isRinging = false;
    this.#isTalking = false;
    this.#early = undefined;
  }

  #offered({ leg, fromUser, offer }: Extract<SignalingEvent, { kind: 'offered' }>, now: Instant): void {
    const { manner = { kind: 'rings' } } = this.#options;
    const refusal = this.#leg === undefined ? REFUSALS[manner.kind] : 'busy';
    if (refusal !== undefined) {
      this.heard.push('refused');
      this.sessions.execute({ kind: 'hangup', leg, cause: refusal }, now);
      return;
    }
    this.#leg = leg;
    this.#isRinging = true;
    this.#remoteDescription = offer;
    this.heard.push(`called by ${fromUser}`);
    this.#early = 'early' in manner ? this.describe('sendrecv') : undefined;
    this.sessions.execute({ kind: 'ring', leg, early: this.#early }, now);
    if (manner.kind === 'answers') this.plan(now + manner.afterMs, { kind: 'answer' });
  }

  describe(direction: 'sendrecv' | 'sendonly', media?: readonly string[]): Uint8Array {
    const { formats = '0 8 101' } = this.#options;
    const version = ++this.#version;
    return phoneDescription({ address: this.#mediaAddress, port: this.mediaPort, version, formats, direction, media });
  }
}
