import type { Directory } from '../directory/directory.ts';
import type { Flow } from '../directory/records.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type ActiveflowId, type CustomerId, type LegId, type ProviderId, timeOrderedUuid } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows, LegTerms, MediaPlane, SignalingEvent } from '../ports.ts';
import { type Reach, reachOutside } from '../routing/destination.ts';
import { isEmergencyNumber } from '../routing/emergency-number.ts';
import { mediaTermsOf } from '../routing/media-terms.ts';
import { isNumeric } from '../routing/numbering.ts';
import { type ParkPlace, parkPlaceOf } from '../routing/park-slot.ts';
import { isOfNobody, numberOfAnybody, type Route, routeOf } from '../routing/route.ts';
import { type Address, address } from './address.ts';
import type { Call } from './call.ts';
import { flowStartOf } from './call-flow.ts';
import type { CallLife } from './call-life.ts';
import type { Carried } from './carried.ts';
import { mixAhead } from './conference-ahead.ts';
import type { Conferences } from './conferences.ts';
import type { Connecting } from './connecting.ts';
import type { Parking } from './parking.ts';
import type { Replacements } from './replacements.ts';

export interface IncomingPorts {
  readonly directory: Directory;
  readonly media: MediaPlane;
  readonly flows: Flows;
  readonly calendar: Calendar;
  readonly random: Random;
  /** ISO 3166-1 alpha-2, for national forms of numbers; '' for none. */
  readonly country: string;
  readonly carried: Carried;
}

/** Whom callers are brought to. */
export interface IncomingParts {
  readonly connecting: Connecting;
  readonly replacements: Replacements;
  readonly parking: Parking;
  readonly conferences: Conferences;
}

type Offered = Extract<SignalingEvent, { kind: 'offered' }>;

export const MAY_CALL: ReadonlySet<string> = new Set(['active', 'initial']);

/** A caller arrives: who answers, and with what. */
export class Incoming {
  readonly #ports: IncomingPorts;
  readonly #life: CallLife;
  readonly #connecting: Connecting;
  readonly #replacements: Replacements;
  readonly #parking: Parking;
  readonly #conferences: Conferences;

  constructor(ports: IncomingPorts, life: CallLife, parts: IncomingParts) {
    this.#ports = ports;
    this.#life = life;
    this.#connecting = parts.connecting;
    this.#replacements = parts.replacements;
    this.#parking = parts.parking;
    this.#conferences = parts.conferences;
  }

  offered(offered: Offered, now: Instant): void {
    const { media, directory } = this.#ports;
    const { leg, replaces } = offered;
    if (replaces !== undefined) {
      this.#replace(offered, replaces, now);
      return;
    }
    const urgency = isEmergencyNumber(offered.toUser, directory.country) ? 'emergency' : 'usual';
    const place = placeOf(offered);
    const parked = this.#parking.occupant(offered.customerId, place);
    const found = this.#route(offered, now);
    const near = found.kind === 'number' ? mixAhead(found.flow.actions, this.#conferences) : undefined;
    const terms = this.#mediaTermsFor(offered);
    const opened = media.open(leg, offered.source, offered.offer, parked?.leg, terms, urgency, near);
    const route = opened.kind === 'refused' ? refusedFor(opened.cause) : this.#capped(offered, found, now);
    if (place !== undefined && isOfNobody(route)) {
      this.#park(offered, place, parked, now);
      return;
    }
    const outside = isOfNobody(route) ? this.#outside(offered) : undefined;
    const call = this.#create(offered, route, now);
    if (outside !== undefined) {
      if (offered.offer === undefined) this.#life.oweAnswer(leg);
      if (outside.kind === 'diallings') this.#connecting.connectTo(call, outside.diallings, now);
      else this.#life.end(leg, outside.cause, now);
      return;
    }
    if (route.kind === 'refused') {
      this.#life.end(leg, route.cause, now);
      return;
    }
    if (offered.offer === undefined) this.#life.oweAnswer(leg);
    if (route.kind === 'extension') this.#connecting.connectToExtension(call, route.extension, route.bindings, now);
    else this.#run(call, route.flow, now);
  }

  /** The caller is no new one for us, but takes the place of another's leg. */
  #replace(offered: Offered, replaced: LegId, now: Instant): void {
    const { leg, caller, source, offer } = offered;
    const far = this.#replacements.farFrom(replaced, caller);
    const beside = typeof far === 'string' ? undefined : far.leg;
    const opened = this.#ports.media.open(leg, source, offer, beside, this.#mediaTermsFor(offered));
    const cause = typeof far === 'string' ? far : opened.kind === 'refused' ? opened.cause : undefined;
    const call = this.#create(offered, refusedFor(cause ?? 'normal'), now, typeof far === 'string' ? undefined : far);
    if (offer === undefined) this.#life.oweAnswer(leg);
    if (cause !== undefined || typeof far === 'string') this.#life.end(leg, cause ?? 'forbidden', now);
    else this.#replacements.replace(call, replaced, far, now);
  }

  /** The caller takes who waits in a slot, or waits there itself. */
  #park(offered: Offered, place: ParkPlace, parked: Call | undefined, now: Instant): void {
    const call = this.#create(offered, refusedFor('not-found'), now, parked);
    if (offered.offer === undefined) this.#life.oweAnswer(offered.leg);
    this.#parking.dialled(call, place, now);
  }

  #mediaTermsFor({ caller }: Offered): LegTerms | undefined {
    const { extensions, trunks, providers } = this.#ports.directory;
    if (caller.kind === 'extension') {
      const extension = extensions.get(caller.extensionId);
      return mediaTermsOf(extension?.codecs, extension?.srtp);
    }
    const gateway = caller.kind === 'trunk' ? trunks.get(caller.trunkId) : providers.get(caller.providerId);
    return mediaTermsOf(gateway?.codecs, gateway?.terms.srtp);
  }

  /** Beyond what is ours: who carries calls there; undefined when nobody may call there at all. */
  #outside({ caller, customerId, toUser, fromUser, fromName }: Offered): Reach | undefined {
    const { directory } = this.#ports;
    if (caller.kind === 'provider' || directory.customers.get(customerId)?.status !== 'active') return undefined;
    const cameFrom = caller.kind === 'trunk' ? caller.trunkId : undefined;
    const calling = { customerId, source: address('tel', fromUser, fromName), forwardedFrom: '', cameFrom };
    return reachOutside(directory, calling, address('tel', toUser));
  }

  #route({ caller, customerId, toUser }: Offered, now: Instant): Route {
    const { directory, calendar, country } = this.#ports;
    if (caller.kind === 'provider') return this.#routeFrom(caller.providerId, toUser);
    const customer = directory.customers.get(customerId);
    if (customer === undefined || !MAY_CALL.has(customer.status)) return refusedFor('forbidden');
    const terms = caller.kind === 'trunk' ? directory.trunks.get(caller.trunkId)?.terms : undefined;
    const own = terms === undefined || terms.country === '' ? country : terms.country;
    const route = routeOf(directory, customerId, toUser, calendar(now), own);
    const isMisnamed = terms !== undefined && terms.number !== '' && isOfNobody(route);
    if (!isMisnamed || isEmergencyNumber(toUser, directory.country)) return route;
    return routeOf(directory, customerId, terms.number, calendar(now), '');
  }

  /** A call that a provider or trunk brings takes a place as those that it carries out do. A trunk without caps needs none. */
  #capped({ leg, caller, toUser }: Offered, route: Route, now: Instant): Route {
    if (caller.kind === 'extension') return route;
    const { directory, carried } = this.#ports;
    const isForHelp = caller.kind === 'trunk' && isEmergencyNumber(toUser, directory.country);
    const mayGoOutside = caller.kind === 'trunk' && isOfNobody(route) && !isForHelp;
    if (route.kind === 'refused' && !mayGoOutside) return route;
    const gatewayId = caller.kind === 'trunk' ? caller.trunkId : caller.providerId;
    const row = caller.kind === 'trunk' ? directory.trunks.get(caller.trunkId) : directory.gateway(gatewayId);
    const { callsMax = 0, callsPerSecondMax = 0 } = row?.terms ?? {};
    if (caller.kind === 'trunk' && callsMax === 0 && callsPerSecondMax === 0) return route;
    const place = { gatewayId, customerId: undefined, callsMax, callsPerSecondMax, customerCallsMax: 0 };
    return carried.take(leg, place, now) ? route : refusedFor('overloaded');
  }

  /** A provider calls numbers, whoever has them, and nothing else. */
  #routeFrom(providerId: ProviderId, toUser: string): Route {
    const { directory, country } = this.#ports;
    const terms = directory.providers.get(providerId)?.terms;
    if (terms === undefined) return refusedFor('forbidden');
    const own = terms.country === '' ? country : terms.country;
    const route = numberOfAnybody(directory, toUser, own) ?? numberOfAnybody(directory, terms.number, '');
    if (route === undefined) return refusedFor('not-found');
    const owner = route.number === undefined ? undefined : directory.customers.get(route.number.customerId);
    return owner !== undefined && MAY_CALL.has(owner.status) ? route : refusedFor('forbidden');
  }

  #create(offered: Offered, route: Route, now: Instant, master?: Call): Call {
    const { calendar, random } = this.#ports;
    const { leg, caller } = offered;
    const customerId = caller.kind === 'provider' ? (ownerOf(route) ?? offered.customerId) : offered.customerId;
    const flow = route.kind === 'number' ? route.flow : undefined;
    return this.#life.ledger.create(
      leg,
      {
        customerId,
        direction: 'incoming',
        source: sourceOf(offered),
        destination: destinationOf(offered.toUser, route),
        extensionId: caller.kind === 'extension' ? caller.extensionId : null,
        trunkId: caller.kind === 'trunk' ? caller.trunkId : null,
        flowId: flow?.id ?? null,
        activeflowId: flow === undefined ? null : (timeOrderedUuid(random, calendar(now)) as ActiveflowId),
        masterCallId: master?.record.id ?? null,
      },
      now,
    );
  }

  /** The flow answers, or does not: until it says so, the caller hears nothing. */
  #run(call: Call, flow: Flow, now: Instant): void {
    this.#life.armDuration(call.leg, now);
    this.#ports.flows.start(flowStartOf(call.record, flow));
  }
}

/** Providers bring calls to numbers alone. */
function placeOf({ caller, toUser }: Offered): ParkPlace | undefined {
  return caller.kind === 'provider' ? undefined : parkPlaceOf(toUser);
}

function ownerOf(route: Route): CustomerId | undefined {
  return route.kind === 'extension' ? undefined : route.number?.customerId;
}

function refusedFor(cause: Extract<Route, { kind: 'refused' }>['cause']): Route {
  return { kind: 'refused', cause, number: undefined };
}

/** A trunk brings callers from elsewhere: by telephone number, or by another name. */
function sourceOf({ caller, fromUser, fromName, divertedFrom = '' }: Offered): Address {
  if (caller.kind === 'extension') return address('extension', fromUser, fromName);
  const source = address(isNumeric(fromUser) ? 'tel' : 'sip', fromUser, fromName);
  return divertedFrom === '' ? source : { ...source, detail: `diverted by ${divertedFrom}` };
}

function destinationOf(toUser: string, route: Route): Address {
  if (route.kind !== 'extension' && route.number !== undefined) return address('tel', route.number.number);
  return address(toUser.startsWith('+') && isNumeric(toUser) ? 'tel' : 'extension', toUser);
}
