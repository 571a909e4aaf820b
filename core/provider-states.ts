import type { Directory } from './directory/directory.ts';
import type { Journal } from './journal.ts';
import type { Calendar } from './kernel/clock.ts';
import type { GatewayId, ProviderId, TrunkId } from './kernel/ids.ts';
import type { Instant, WallTime } from './kernel/time.ts';
import type { SignalingEvent } from './ports.ts';
import type { RegistrationStatus } from './provider-ports.ts';

/** How a provider, or a customer's own trunk, is doing, as far as signalling has seen. */
export interface ProviderNow {
  readonly health: 'unknown' | 'healthy' | 'unhealthy';
  /** What OPTIONS was answered with last, or why it was not. */
  readonly healthDetail: string;
  /** When it answered last; null for never. */
  readonly healthyAt: WallTime | null;
  /** Undefined where we do not register. */
  readonly registration: ProviderRegistration | undefined;
}

export interface ProviderRegistration extends Omit<RegistrationStatus, 'endsInMs' | 'retryInMs'> {
  readonly at: WallTime;
  /** When the binding ends unless it is refreshed, and when we try again; null for never. */
  readonly endsAt: WallTime | null;
  readonly retryAt: WallTime | null;
}

export interface ProviderStatesPorts {
  readonly directory: Directory;
  readonly journal: Journal;
  readonly calendar: Calendar;
}

type ProviderEvent = Extract<SignalingEvent, { kind: 'providerRegistration' | 'providerWatched' }>;

const UNSEEN: ProviderNow = { health: 'unknown', healthDetail: '', healthyAt: null, registration: undefined };

/** Whether we are registered at each provider and own trunk, and whether it lives: told when it changes, and known to routing. */
export class ProviderStates {
  readonly #ports: ProviderStatesPorts;
  readonly #states = new Map<GatewayId, ProviderNow>();

  constructor(ports: ProviderStatesPorts) {
    this.#ports = ports;
  }

  get registeredCount(): number {
    return this.#count(({ registration }) => isRegistered(registration));
  }

  get unhealthyCount(): number {
    return this.#count(({ health }) => health === 'unhealthy');
  }

  of(id: GatewayId): ProviderNow {
    return this.#states.get(id) ?? UNSEEN;
  }

  /** The row was changed or deleted: what was seen under other terms means nothing. */
  forget(id: GatewayId): void {
    const { directory } = this.#ports;
    directory.setGatewayDown(id, 'up');
    const terms = directory.gateway(id)?.terms;
    const { registration } = this.of(id);
    if (terms?.registers === true && registration !== undefined) this.#states.set(id, { ...UNSEEN, registration });
    else this.#states.delete(id);
  }

  receive(event: ProviderEvent, now: Instant): void {
    const { gatewayId } = event;
    // One that is gone may still be unregistered from.
    if (this.#ports.directory.gateway(gatewayId) === undefined) return;
    const at = this.#ports.calendar(now);
    const before = this.of(gatewayId);
    const after = event.kind === 'providerWatched' ? watched(before, event, at) : registered(before, event, at);
    this.#states.set(gatewayId, after);
    this.#tell(gatewayId, before, after, at);
  }

  #tell(id: GatewayId, before: ProviderNow, after: ProviderNow, at: WallTime): void {
    const { directory } = this.#ports;
    if (after.health !== before.health) {
      directory.setGatewayDown(id, after.health === 'unhealthy' ? 'down' : 'up');
      this.#publish(id, after.health === 'unhealthy' ? 'unhealthy' : 'healthy', at);
    }
    const is = isRegistered(after.registration);
    if (is !== isRegistered(before.registration)) this.#publish(id, is ? 'registered' : 'unregistered', at);
  }

  #publish(id: GatewayId, what: 'healthy' | 'unhealthy' | 'registered' | 'unregistered', at: WallTime): void {
    const { directory, journal } = this.#ports;
    const trunk = directory.trunks.get(id as TrunkId);
    const provider = directory.providers.get(id as ProviderId);
    if (trunk !== undefined) journal.append(trunk.customerId, { type: `trunk_${what}`, trunk }, at);
    else if (provider !== undefined) journal.append(provider.customerId, { type: `provider_${what}`, provider }, at);
  }

  #count(isMeant: (state: ProviderNow) => boolean): number {
    let count = 0;
    for (const state of this.#states.values()) if (isMeant(state)) count += 1;
    return count;
  }
}

function watched(
  before: ProviderNow,
  { health, detail }: Extract<ProviderEvent, { kind: 'providerWatched' }>,
  at: WallTime,
): ProviderNow {
  return { ...before, health, healthDetail: detail, healthyAt: health === 'healthy' ? at : before.healthyAt };
}

function registered(
  before: ProviderNow,
  { registration }: Extract<ProviderEvent, { kind: 'providerRegistration' }>,
  at: WallTime,
): ProviderNow {
  const { endsInMs, retryInMs, ...rest } = registration;
  const endsAt = endsInMs > 0 ? at + endsInMs : null;
  return { ...before, registration: { ...rest, at, endsAt, retryAt: retryInMs > 0 ? at + retryInMs : null } };
}

/** While it is refreshed the binding is there. */
function isRegistered(registration: ProviderRegistration | undefined): boolean {
  return registration?.state === 'registered' || registration?.state === 'refreshing';
}
