import type { Directory } from '../../core/directory/directory.ts';
import type { Gateway } from '../../core/directory/records.ts';
import { type Deadline, DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import type { GatewayId } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import type { Errand, ErrandOutcome, Errands } from './errands.ts';
import type { Lines } from './lines.ts';
import { Liveness, type LivenessOutput } from './liveness.ts';
import { aimOf, type ProviderAim } from './provider-aim.ts';
import { Registration, type RegistrationOptions, type RegistrationOutput } from './registration.ts';

export interface ProviderLinksParts {
  readonly directory: Directory;
  readonly errands: Errands;
  readonly lines: Lines;
  readonly random: Random;
  /** Product name for User-Agent. */
  readonly userAgent: string;
}

/** One registration or watch, and when it acts next. */
interface Link {
  readonly gatewayId: GatewayId;
  readonly machine: Registration | Liveness;
  deadline: Deadline<Link> | undefined;
}

/** Our registrations at providers, and the watch over whether they live. */
export class ProviderLinks {
  readonly #parts: ProviderLinksParts;
  readonly #registrations = new Map<GatewayId, Link>();
  readonly #watches = new Map<GatewayId, Link>();
  /** Registrations that are being taken away; another may be there in their place already. */
  readonly #leaving = new Set<Link>();
  readonly #byErrand = new Map<Errand, Link>();
  readonly #deadlines = new DeadlineHeap<Link>();
  readonly #signals = new Queue<SignalingEvent>();

  constructor(parts: ProviderLinksParts) {
    this.#parts = parts;
  }

  /** Bindings that we have at providers or are asking for, also those that are being taken away. */
  get registrationCount(): number {
    return this.#registrations.size + this.#leaving.size;
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  /** From now on as the directory has it: what has changed is ended, and begun anew when it is still wanted. */
  maintain(gatewayId: GatewayId, now: Instant): void {
    const { directory, lines } = this.#parts;
    const provider = directory.gateway(gatewayId);
    const aim = provider === undefined ? undefined : aimOf(provider);
    this.#endWatch(gatewayId);
    if (provider === undefined || aim === undefined) {
      this.#endRegistration(gatewayId, now);
      lines.drop(gatewayId);
      return;
    }
    const { registers, expiresS, optionsIntervalS } = provider.terms;
    if (registers) this.#register(gatewayId, { aim, expiresS }, now);
    else this.#endRegistration(gatewayId, now);
    if (optionsIntervalS > 0) this.#watch(provider, aim, now);
  }

  #register(gatewayId: GatewayId, wanted: Pick<RegistrationOptions, 'aim' | 'expiresS'>, now: Instant): void {
    const { lines, random, userAgent } = this.#parts;
    const old = this.#registrations.get(gatewayId);
    if (old !== undefined) {
      const registration = old.machine as Registration;
      if (registration.isLike(wanted)) return;
      // Taking the old binding away could take away the new one in its place.
      if (registration.isReplacedBy(wanted)) this.#drop(this.#registrations, gatewayId);
      else this.#endRegistration(gatewayId, now);
    }
    const machine = new Registration({ ...wanted, line: lines.lineOf(gatewayId), random, userAgent });
    const link: Link = { gatewayId, machine, deadline: undefined };
    this.#registrations.set(gatewayId, link);
    machine.begin(now);
    this.#drain(link, now);
  }

  #watch({ id: gatewayId, terms }: Gateway, aim: ProviderAim, now: Instant): void {
    const { random, userAgent } = this.#parts;
    const intervalMs = 1_000 * terms.optionsIntervalS;
    const failuresMax = terms.optionsFailuresMax;
    const machine = new Liveness({ aim, intervalMs, failuresMax, random, userAgent }, now);
    const link: Link = { gatewayId, machine, deadline: undefined };
    this.#watches.set(gatewayId, link);
    this.#drain(link, now);
  }

  /** Everything ends: bindings are taken away, nobody is watched any more. */
  retire(now: Instant): void {
    for (const id of [...this.#watches.keys()]) this.#endWatch(id);
    for (const id of [...this.#registrations.keys()]) this.#endRegistration(id, now);
  }

  /** A connection broke: what was registered over it is registered anew. */
  transportFailed({ transport, address, port }: TransportAddress, now: Instant): void {
    if (transport === 'udp') return;
    for (const link of this.#registrations.values()) {
      const { server } = link.machine as Registration;
      if (server?.transport !== transport || server.address !== address || server.port !== port) continue;
      (link.machine as Registration).flowFailed(now);
      this.#drain(link, now);
    }
  }

  /** What has become of an errand. */
  receive(errand: Errand, outcome: ErrandOutcome, now: Instant): void {
    const link = this.#byErrand.get(errand);
    if (link === undefined) return;
    this.#byErrand.delete(errand);
    link.machine.receive(errand, outcome, now);
    this.#drain(link, now);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const link = this.#deadlines.takeDue(now);
    if (link === undefined) return;
    link.deadline = undefined;
    link.machine.expire(now);
    this.#drain(link, now);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }

  #endWatch(gatewayId: GatewayId): void {
    this.#drop(this.#watches, gatewayId);
  }

  #endRegistration(gatewayId: GatewayId, now: Instant): void {
    const link = this.#registrations.get(gatewayId);
    if (link === undefined) return;
    this.#registrations.delete(gatewayId);
    this.#leaving.add(link);
    (link.machine as Registration).stop(now);
    this.#drain(link, now);
  }

  /** Without a word to the provider. */
  #drop(links: Map<GatewayId, Link>, gatewayId: GatewayId): void {
    const link = links.get(gatewayId);
    if (link === undefined) return;
    links.delete(gatewayId);
    this.#disarm(link);
    this.#abandon(link);
  }

  #drain(link: Link, now: Instant): void {
    const { machine } = link;
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) this.#carry(link, output, now);
    if (machine instanceof Registration && machine.state === 'stopped') {
      this.#leaving.delete(link);
      this.#disarm(link);
      this.#abandon(link);
      return;
    }
    const at = machine.deadline();
    if (at === NEVER) this.#disarm(link);
    else if (link.deadline === undefined) link.deadline = this.#deadlines.add(at, link);
    else this.#deadlines.move(link.deadline, at);
  }

  #carry(link: Link, output: RegistrationOutput | LivenessOutput, now: Instant): void {
    const { errands } = this.#parts;
    const { gatewayId } = link;
    if (output.kind === 'begin') {
      this.#byErrand.set(output.errand, link);
      errands.begin(output.errand, now);
    } else if (output.kind === 'abandon') {
      this.#byErrand.delete(output.errand);
      errands.abandon(output.errand);
    } else if ('state' in output) {
      this.#signals.push({ kind: 'providerWatched', gatewayId, health: output.state, detail: output.detail });
    } else if (this.#registrations.get(gatewayId) === link || !this.#registrations.has(gatewayId)) {
      // One that was replaced has nothing to say of the one in its place.
      this.#signals.push({ kind: 'providerRegistration', gatewayId, registration: output.status });
    }
  }

  #disarm(link: Link): void {
    if (link.deadline !== undefined) this.#deadlines.remove(link.deadline);
    link.deadline = undefined;
  }

  #abandon(link: Link): void {
    for (const [errand, owner] of this.#byErrand) {
      if (owner !== link) continue;
      this.#byErrand.delete(errand);
      this.#parts.errands.abandon(errand);
    }
  }
}
