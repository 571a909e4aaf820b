import { Directory } from '../../core/directory/directory.ts';
import { assert } from '../../core/kernel/assert.ts';
import { calendarOf, systemClock } from '../../core/kernel/clock.ts';
import { Disposal } from '../../core/kernel/disposal.ts';
import { Driver } from '../../core/kernel/driver.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { secure } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { parseIpv4 } from '../../media/io/addresses.ts';
import { WorkerMediaPlane } from '../../media/media-plane.ts';
import { defaultPort } from '../../sip/locating/goal.ts';
import { targetAt } from '../../sip/locating/survey.ts';
import { QueuedSignaling } from '../../sip/signaling.ts';
import { SipStack } from '../../sip/stack.ts';
import type { TlsIdentity } from '../../sip/transport/tls-identity.ts';
import type { TransportHandlers } from '../../sip/transport/transport.ts';
import { SipTransports } from '../../sip/transport/transports.ts';
import { MediaSide } from '../media-side.ts';
import { VERSION } from '../version.ts';
import type { DialString } from './dial-string.ts';
import { addressOfHost, addressTowards, freePortPair } from './own-address.ts';
import { type CallOrder, type CallProgress, type CallResult, PhoneCall } from './phone-call.ts';
import { PhoneNode, type PhoneOutput } from './phone-node.ts';

export interface PhoneLineOptions {
  readonly target: DialString;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Whom it believes over TLS. */
  readonly identity: TlsIdentity;
  readonly order: Pick<CallOrder, 'play' | 'record' | 'digits' | 'talkMaxMs'>;
  /** Hears each step before the end. */
  readonly progress: (progress: Exclude<CallProgress, { kind: 'over' }>) => void;
}

/** Where the line begins and ends, as literal addresses. */
interface Route {
  readonly peer: string;
  readonly own: string;
  readonly rtpPort: number;
}

/** Who calls without a name (RFC 3261 §8.1.1.3). */
const ANONYMOUS = 'anonymous';
const CLOSE_LIMIT_MS = 10_000;
const MEDIA_TIMEOUT_MS = 60_000;

/** A phone with sockets, a media thread and a clock, for one call. */
export class PhoneLine {
  /** Resolves when the call is over and its stream has told how it was. */
  readonly over: Promise<CallResult>;
  readonly #options: PhoneLineOptions;
  readonly #route: Route;
  readonly #stack: SipStack;
  readonly #plane: WorkerMediaPlane;
  readonly #call: PhoneCall;
  readonly #node: PhoneNode;
  readonly #driver: Driver;
  readonly #disposal = new Disposal(CLOSE_LIMIT_MS);
  readonly #settled = Promise.withResolvers<CallResult>();
  #transports: SipTransports | undefined;
  #media: MediaSide | undefined;
  #connectionFailure = '';

  private constructor(options: PhoneLineOptions, route: Route) {
    this.over = this.#settled.promise;
    this.#options = options;
    this.#route = route;
    const random = secure();
    this.#plane = new WorkerMediaPlane({
      workerCount: 1,
      streamsMax: 1,
      portFrom: route.rtpPort,
      portTo: route.rtpPort + 1,
      sharing: 'off',
      addressFor: () => route.own,
      codecs: ['PCMU', 'PCMA'],
      random,
      clock: systemClock,
    });
    let lastLeg = 1;
    this.#stack = new SipStack({
      // Empty but for the domain that we call in: whoever calls this phone is not known here.
      directory: new Directory(options.target.host),
      random,
      calendar: calendarOf(systemClock),
      nextLeg: () => ++lastLeg as LegId,
      settings: { userAgent: `Tandem/${VERSION}`, contactFor: () => this.#contact() },
    });
    const signaling = new QueuedSignaling();
    this.#call = new PhoneCall(this.#order(), { signaling, media: this.#plane });
    this.#node = new PhoneNode({ stack: this.#stack, signaling, plane: this.#plane, call: this.#call });
    this.#driver = new Driver(
      systemClock,
      (now) => this.#guard(() => this.#turn(now)),
      () => this.#node.deadline(),
    );
    this.#disposal.add('driver', () => this.#driver.stop());
  }

  /** Throws UNREACHABLE, PORT_IN_USE, ADDRESS_UNAVAILABLE or INTERNAL, and leaves nothing behind. */
  static async open(options: PhoneLineOptions): Promise<PhoneLine> {
    const peer = await addressOfHost(options.target.host);
    const own = await addressTowards(peer);
    const line = new PhoneLine(options, { peer, own, rtpPort: await freePortPair(own) });
    try {
      await line.#open();
    } catch (error) {
      await line.close();
      throw error;
    }
    return line;
  }

  dial(): void {
    this.#input((now) => this.#call.dial(now));
  }

  /** Ends the call, whatever it is doing; `over` follows within seconds. */
  hangup(): void {
    this.#input((now) => this.#call.hangup(now));
  }

  /** Why a connection did not come about; '' when none was refused. */
  get connectionFailure(): string {
    return this.#connectionFailure;
  }

  /** Why the recording is not whole, once the line is closed; '' when it is. */
  get recordingFailure(): string {
    const { recordingsFailed, recordingSamplesLost } = this.#plane.counters;
    if (recordingsFailed > 0) return 'expected a file that can be written, got an error';
    return recordingSamplesLost > 0 ? `expected every sample, lost ${recordingSamplesLost}` : '';
  }

  /** Writes out the recording and closes everything. */
  close(): Promise<void> {
    return this.#disposal.dispose();
  }

  async #open(): Promise<void> {
    const { own } = this.#route;
    const { target, identity } = this.#options;
    // Over TLS everything travels on the connection that is opened: listening would need a certificate.
    const listeners = target.transport === 'tls' ? [] : [{ transport: target.transport, host: own, port: 0 }];
    const handlers: TransportHandlers = {
      received: (packet) => this.#input((now) => this.#stack.receive(packet, now)),
      failed: (destination) => this.#input((now) => this.#stack.transportFailed(destination, now)),
      complained: (_, why) => {
        this.#connectionFailure = why;
      },
    };
    const transports = await SipTransports.open(listeners, handlers, { identity });
    this.#transports = transports;
    this.#disposal.add('sip', () => transports.close());
    const media = await MediaSide.start({
      plane: this.#plane,
      count: 1,
      address: parseIpv4(own) ?? 0,
      io: 'best',
      streamsMax: 1,
      mediaTimeoutMs: MEDIA_TIMEOUT_MS,
      country: '',
      wake: () => this.#driver.wake(),
      lost: () => this.#driver.wake(),
      closed: (_leg, report) => this.#input((now) => this.#call.reported(report, now)),
    });
    this.#media = media;
    this.#disposal.add('media threads', async () => {
      await media.stop();
    });
  }

  #order(): CallOrder {
    const { target, credentials, order } = this.#options;
    const peer = targetAt(this.#route.peer, target.port, target.transport, target.host);
    const dial = {
      target: { contact: target.uri, path: [], via: peer, localPort: undefined },
      fromUser: credentials?.username ?? ANONYMOUS,
      fromName: '',
      toUser: target.user,
      ...(credentials && { credentials }),
    };
    return { ...order, peer, dial };
  }

  #contact() {
    assert(this.#transports !== undefined, 'nothing is said before the socket is open');
    const { transport } = this.#options.target;
    const port = this.#transports.bound[0]?.port ?? defaultPort(transport);
    return { host: this.#route.own, port, transport };
  }

  #input(input: (now: Instant) => void): void {
    this.#guard(() => input(systemClock.now()));
    this.#driver.wake();
  }

  /** A bug ends the call, so that threads and sockets are closed in order. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#driver.stop();
      this.#settled.reject(error);
    }
  }

  #turn(now: Instant): void {
    if (this.#media === undefined) return;
    this.#node.expire(now);
    for (let output = this.#node.poll(now); output !== undefined; output = this.#node.poll(now)) this.#emit(output);
  }

  #emit(output: PhoneOutput): void {
    if (output.kind === 'send') {
      const { destination, localPort, bytes } = output.send;
      this.#transports?.send(destination, localPort, bytes);
    } else if (output.kind === 'post') {
      this.#media?.post(output.post);
    } else if (output.progress.kind === 'over') {
      this.#settled.resolve(output.progress.result);
    } else {
      this.#options.progress(output.progress);
    }
  }
}
