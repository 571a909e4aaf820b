import { Directory } from '../../../core/directory/directory.ts';
import type { CustomerId, ExtensionId, LegId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { Instant } from '../../../core/kernel/time.ts';
import type { SignalingEvent } from '../../../core/ports.ts';
import { Sessions } from '../../../sip/dialog/sessions.ts';
import { Notifier } from '../../../sip/events/notifier.ts';
import { Locator } from '../../../sip/locating/locator.ts';
import { parse } from '../../../sip/parser.ts';
import { RFC_TIMING } from '../../../sip/transaction/timing.ts';
import { TransactionLayer } from '../../../sip/transaction/transaction-layer.ts';
import { Gatekeeper } from '../../../sip/user-agent/gatekeeper.ts';
import { Messenger } from '../../../sip/user-agent/messenger.ts';
import { OverloadGovernor } from '../../../sip/user-agent/overload-governor.ts';
import { Referrals } from '../../../sip/user-agent/referrals.ts';
import { Registrar } from '../../../sip/user-agent/registrar.ts';
import { UserAgent } from '../../../sip/user-agent/user-agent.ts';
import { write } from '../../../sip/writer.ts';
import { type CrossedCall, PEER } from './crossed-call.ts';

const PORT = 5060;
const STAMPS = { createdAt: 0, updatedAt: null, deletedAt: null };

/** Many calls on one stack of sessions that trusts everybody, each with a peer of its own that says what a test lets it. */
export class CrossingBench {
  readonly layer: TransactionLayer;
  readonly sessions: Sessions;
  readonly #userAgent: UserAgent;
  readonly #calls = new Map<string, CrossedCall>();
  readonly #byLeg = new Map<LegId, CrossedCall>();
  #legs = 0;
  /** The peers have gone: they hear nothing any more. */
  #isDeserted = false;
  #beginning: CrossedCall | undefined;
  now: Instant = 0;

  constructor() {
    const random = seeded(1);
    const contactFor = () => ({ host: '192.0.2.1', port: PORT, transport: 'udp' as const });
    const shared = { random, timing: RFC_TIMING, contactFor, userAgent: 'Tandem', domain: '' };
    const directory = new Directory();
    this.layer = new TransactionLayer({ ...shared, serverTransactionsMax: 1_000_000 });
    this.sessions = new Sessions(this.layer, new Locator({ transports: [], families: [] }, random), shared);
    const events = { ...shared, directory, layer: this.layer, dialogs: this.sessions, calendar: (now: Instant) => now };
    this.#userAgent = new UserAgent({
      directory,
      layer: this.layer,
      sessions: this.sessions,
      notifier: new Notifier(events),
      messenger: new Messenger({ ...shared, layer: this.layer }),
      referrals: new Referrals({ ...shared, layer: this.layer, sessions: this.sessions }),
      registrar: new Registrar({ directory, calendar: (now) => now, random }),
      gatekeeper: new Gatekeeper({ registeredFrom: () => true, mode: 'off' }),
      proof: { judge: () => PROVEN, challenges: () => [] },
      governor: new OverloadGovernor(() => ({ isOverflowing: false, delayMs: 0 })),
      isEmergency: () => false,
      nextLeg: () => this.nextLeg(),
      userAgent: 'Tandem',
      legsMax: 1_000_000,
    });
  }

  nextLeg(): LegId {
    return ++this.#legs as LegId;
  }

  /** From now on this call gets what has its Call-ID, and the leg that begins with its first message. */
  begin(call: CrossedCall): void {
    this.#beginning = call;
    this.#calls.set(call.callId, call);
  }

  /** A leg that we dial, and its Call-ID. */
  dialling(leg: LegId, call: CrossedCall): void {
    this.#byLeg.set(leg, call);
    this.#beginning = call;
  }

  receive(text: string | Parameters<typeof write>[0]): void {
    const { message } = parse(typeof text === 'string' ? new TextEncoder().encode(text) : write(text));
    this.layer.receive(message!, PEER, PORT, this.now);
    this.drain();
  }

  execute(command: Parameters<Sessions['execute']>[0]): void {
    this.sessions.execute(command, this.now);
    this.drain();
  }

  /** Silence from the peers until then. */
  until(at: Instant): void {
    this.#isDeserted = true;
    for (;;) {
      const next = Math.min(this.layer.deadline(), this.sessions.deadline());
      if (next > at) break;
      this.now = next;
      if (this.layer.deadline() <= next) this.layer.expire(next);
      else this.sessions.expire(next);
      this.drain();
    }
    this.now = at;
  }

  /** What is live: nothing, when all calls are over and their timers have run. */
  get left(): Readonly<Record<string, number>> {
    return {
      ...this.layer.live,
      legs: this.sessions.legCount,
      dialogs: this.sessions.dialogCount,
      timers: this.layer.timersArmed + this.sessions.timersArmed,
    };
  }

  drain(): void {
    for (;;) {
      const output = this.layer.poll();
      if (output?.kind === 'send') {
        if (!this.#isDeserted) this.#hear(output.bytes);
      } else if (output !== undefined) this.#userAgent.receive(output, this.now);
      else {
        const event = this.#userAgent.poll() ?? this.sessions.poll();
        if (event === undefined) return;
        this.#tell(event);
      }
    }
  }

  #hear(bytes: Uint8Array): void {
    const { message } = parse(bytes);
    const { callId } = message!;
    let call = this.#calls.get(callId);
    if (call === undefined && this.#beginning !== undefined) {
      call = this.#beginning;
      this.#calls.set(callId, call);
    }
    call?.hear(message!);
  }

  #tell(event: SignalingEvent): void {
    if (!('leg' in event)) return;
    if (event.kind === 'offered') this.#byLeg.set(event.leg, this.#beginning!);
    this.#byLeg.get(event.leg)!.tell(event);
  }
}

const PROVEN = {
  kind: 'proven',
  party: {
    kind: 'extension',
    extension: {
      ...STAMPS,
      id: '' as ExtensionId,
      customerId: '' as CustomerId,
      extension: 'peer',
      name: '',
      detail: '',
      password: '',
      codecs: '',
      srtp: 'off',
    },
  },
} as const;
