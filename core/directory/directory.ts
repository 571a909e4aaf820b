import type { CustomerId, ExtensionId, GatewayId, ProviderId, TrunkId } from '../kernel/ids.ts';
import { bitsOf, keyOf } from '../kernel/network.ts';
import type { WallTime } from '../kernel/time.ts';
import { Bindings } from './bindings.ts';
import { LiveRows } from './live-rows.ts';
import { NetworkSources } from './network-sources.ts';
import { PackedExtension } from './packed-extension.ts';
import { PackedRows } from './packed-rows.ts';
import type {
  Accesskey,
  Agent,
  Binding,
  Conference,
  Customer,
  DialRoute,
  Extension,
  Flow,
  Gateway,
  OutboundConfig,
  PhoneNumber,
  Provider,
  Trunk,
} from './records.ts';
import { TrunkUsernames } from './trunk-usernames.ts';
import type { UnknownNames } from './unknown-names.ts';

/**
 * What a call decision needs, in memory: loaded at start, written through by whoever commits. Only live rows are
 * found; deleted ones stay in the store alone.
 */
export class Directory {
  readonly customers = new Map<CustomerId, Customer>();
  readonly #agents = new LiveRows<Agent>((row) => [row.username]);
  readonly #accesskeys = new LiveRows<Accesskey>((row) => [row.tokenHash]);
  readonly #extensions = new PackedRows<Extension>(
    new PackedExtension(),
    (row) => `${row.customerId}/${row.extension}`,
  );
  readonly #trunks = new LiveRows<Trunk>((row) => [row.domainName.toLowerCase()]);
  readonly #providers = new LiveRows<Provider>(() => []);
  readonly #dialRoutes = new LiveRows<DialRoute>(() => []);
  readonly #outboundConfigs = new LiveRows<OutboundConfig>((row) => [row.customerId]);
  readonly #numbers = new LiveRows<PhoneNumber>(namesOfNumber);
  readonly #flows = new LiveRows<Flow>(() => []);
  readonly #conferences = new LiveRows<Conference>(() => []);
  readonly agents = this.#agents.byId;
  readonly accesskeys = this.#accesskeys.byId;
  readonly extensions = this.#extensions.byId;
  readonly trunks = this.#trunks.byId;
  readonly providers = this.#providers.byId;
  readonly dialRoutes = this.#dialRoutes.byId;
  readonly outboundConfigs = this.#outboundConfigs.byId;
  readonly numbers = this.#numbers.byId;
  readonly flows = this.#flows.byId;
  readonly conferences = this.#conferences.byId;
  readonly #trunkSources = new NetworkSources<Trunk>(({ authTypes, allowedIps }) =>
    authTypes.includes('ip') ? allowedIps : [],
  );
  readonly #providerSources = new NetworkSources<Provider>(({ hostname, terms }) => [hostname, ...terms.addresses]);
  readonly #trunkUsernames = new TrunkUsernames();
  /** Trunks that calls go to as well. */
  readonly #ownGateways = new Map<TrunkId, Gateway>();
  readonly #gatewaysDown = new Set<GatewayId>();
  readonly #bindings = new Bindings();
  /** ISO 3166-1 alpha-2 of the installation; '' for none. */
  readonly country: string;
  #domain: string;
  /** Where passwords are sealed until they are used; undefined where all are in clear. */
  unknownNames: UnknownNames | undefined;
  readonly #ownHosts = new Set<string>();

  constructor(domain = '', country = '') {
    this.country = country;
    this.#domain = domain.toLowerCase();
  }

  get domain(): string {
    return this.#domain;
  }

  get bindingCount(): number {
    return this.#bindings.count;
  }

  /** Addresses and names under which this machine is called; they mean the first customer. */
  addOwnHost(host: string): void {
    this.#ownHosts.add(hostKey(host));
  }

  isOwnHost(host: string): boolean {
    const name = hostKey(host);
    return this.#ownHosts.has(name) || (this.#domain !== '' && name === this.#domain);
  }

  firstCustomer(): Customer | undefined {
    for (const customer of this.customers.values()) if (customer.ordinal === 1) return customer;
    return undefined;
  }

  /**
   * Customer addressed by a Request-URI host: ours or `--domain` mean the first, else `<customer_id>.registrar.<domain>`
   * or `<domain name of a trunk>.trunk.<domain>`.
   */
  customerForHost(host: string): Customer | undefined {
    if (this.isOwnHost(host)) return this.firstCustomer();
    const trunk = this.trunkForHost(host);
    if (trunk !== undefined) return this.customers.get(trunk.customerId);
    const id = this.#nameUnder('registrar', host.toLowerCase());
    return id === undefined ? undefined : this.customers.get(id as CustomerId);
  }

  /** The trunk addressed by `<domain name>.trunk.<domain>`. */
  trunkForHost(host: string): Trunk | undefined {
    const name = this.#nameUnder('trunk', host.toLowerCase());
    return name === undefined ? undefined : this.trunkByDomainName(name);
  }

  /** What stands before `.service.<domain>`; any domain will do while we have none. A trunk's name may have dots. */
  #nameUnder(service: 'registrar' | 'trunk', host: string): string | undefined {
    if (this.#domain === '') {
      const end = `${host}.`.indexOf(`.${service}.`);
      return end === -1 ? undefined : host.slice(0, end);
    }
    const suffix = `.${service}.${this.#domain}`;
    return host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
  }

  putCustomer(customer: Customer): void {
    if (customer.deletedAt === null) this.customers.set(customer.id, customer);
    else this.customers.delete(customer.id);
  }

  putAgent(agent: Agent): void {
    this.#agents.put(agent);
  }

  putAccesskey(key: Accesskey): void {
    this.#accesskeys.put(key);
  }

  putExtension(extension: Extension): void {
    const old = this.#extensions.put(extension);
    if (old !== undefined && extension.deletedAt !== null) this.#bindings.dropAll(extension.id);
  }

  putTrunk(trunk: Trunk): void {
    const old = this.#trunks.put(trunk);
    for (const index of [this.#trunkSources, this.#trunkUsernames]) {
      if (old !== undefined) index.remove(old);
      if (trunk.deletedAt === null) index.add(trunk);
    }
    if (trunk.deletedAt === null && trunk.hostname !== '') this.#ownGateways.set(trunk.id, gatewayOf(trunk));
    else this.#ownGateways.delete(trunk.id);
  }

  putProvider(provider: Provider): void {
    const old = this.#providers.put(provider);
    if (old !== undefined) this.#providerSources.remove(old);
    if (provider.deletedAt === null) this.#providerSources.add(provider);
  }

  putDialRoute(route: DialRoute): void {
    this.#dialRoutes.put(route);
  }

  putOutboundConfig(config: OutboundConfig): void {
    this.#outboundConfigs.put(config);
  }

  putNumber(number: PhoneNumber): void {
    this.#numbers.put(number);
  }

  putFlow(flow: Flow): void {
    this.#flows.put(flow);
  }

  putConference(conference: Conference): void {
    this.#conferences.put(conference);
  }

  // Pages: at most `count` of the customer's rows made strictly before the time, newest first.

  accesskeysBefore(customerId: CustomerId, before: WallTime, count: number): readonly Accesskey[] {
    return this.#accesskeys.before(customerId, before, count);
  }

  extensionsBefore(customerId: CustomerId, before: WallTime, count: number): readonly Extension[] {
    return this.#extensions.before(customerId, before, count);
  }

  trunksBefore(customerId: CustomerId, before: WallTime, count: number): readonly Trunk[] {
    return this.#trunks.before(customerId, before, count);
  }

  providersBefore(customerId: CustomerId, before: WallTime, count: number): readonly Provider[] {
    return this.#providers.before(customerId, before, count);
  }

  dialRoutesBefore(customerId: CustomerId, before: WallTime, count: number): readonly DialRoute[] {
    return this.#dialRoutes.before(customerId, before, count);
  }

  outboundConfigsBefore(customerId: CustomerId, before: WallTime, count: number): readonly OutboundConfig[] {
    return this.#outboundConfigs.before(customerId, before, count);
  }

  numbersBefore(customerId: CustomerId, before: WallTime, count: number): readonly PhoneNumber[] {
    return this.#numbers.before(customerId, before, count);
  }

  flowsBefore(customerId: CustomerId, before: WallTime, count: number): readonly Flow[] {
    return this.#flows.before(customerId, before, count);
  }

  conferencesBefore(customerId: CustomerId, before: WallTime, count: number): readonly Conference[] {
    return this.#conferences.before(customerId, before, count);
  }

  /** Every number of the customer. */
  numbersOf(customerId: CustomerId): readonly PhoneNumber[] {
    return this.#numbers.before(customerId, Number.MAX_SAFE_INTEGER, this.#numbers.countOf(customerId));
  }

  flowCountOf(customerId: CustomerId): number {
    return this.#flows.countOf(customerId);
  }

  agentByUsername(username: string): Agent | undefined {
    return this.#agents.byName(username);
  }

  /** The key whose token has this SHA-256, unless it has expired. */
  accesskeyByHash(tokenHash: string, at: WallTime): Accesskey | undefined {
    const key = this.#accesskeys.byName(tokenHash);
    return key !== undefined && (key.expiresAt === null || key.expiresAt > at) ? key : undefined;
  }

  extensionByName(customerId: CustomerId, extension: string): Extension | undefined {
    return this.#extensions.byName(`${customerId}/${extension}`);
  }

  /** Takes as long as to look up the password of a known extension would. */
  pretendToKnow(name: string): void {
    this.unknownNames?.pretend(name, this.#extensions.byId.turnover);
  }

  /** The trunk with this name in `<name>.trunk.<domain>`, in letters of either case. */
  trunkByDomainName(name: string): Trunk | undefined {
    return this.#trunks.byName(name.toLowerCase());
  }

  /** The trunk that proves itself by digest with this username; the oldest of several. */
  trunkByUsername(username: string): Trunk | undefined {
    return this.#trunkUsernames.find(username);
  }

  /** The trunk to which requests from this literal address belong: by its longest allowed prefix, then the oldest. */
  trunkForSource(address: string): Trunk | undefined {
    return this.#trunkSources.find(address);
  }

  /** The provider whose calls come from this literal address, as far as addresses tell. */
  providerForSource(address: string): Provider | undefined {
    return this.#providerSources.find(address);
  }

  /** The provider with this id, or the trunk that has a host name. */
  gateway(id: GatewayId): Gateway | undefined {
    return this.providers.get(id as ProviderId) ?? this.#ownGateways.get(id as TrunkId);
  }

  *gateways(): Iterable<Gateway> {
    yield* this.providers.values();
    yield* this.#ownGateways.values();
  }

  /** One that does not answer is tried last. */
  setGatewayDown(id: GatewayId, state: 'up' | 'down'): void {
    if (state === 'down') this.#gatewaysDown.add(id);
    else this.#gatewaysDown.delete(id);
  }

  isGatewayDown(id: GatewayId): boolean {
    return this.#gatewaysDown.has(id);
  }

  /** Routes of the customer, or of all with `EVERYBODY`, in no order. */
  dialRoutesOf(customerId: CustomerId): readonly DialRoute[] {
    return this.#dialRoutes.before(customerId, Number.MAX_SAFE_INTEGER, this.#dialRoutes.countOf(customerId));
  }

  /** What the customer may call outside; undefined when nobody has said so. */
  outboundConfigOf(customerId: CustomerId): OutboundConfig | undefined {
    return this.#outboundConfigs.byName(customerId);
  }

  /** Countries that the customer may call; for the first customer that of the installation while nobody has said more. */
  destinationsOf(customerId: CustomerId): readonly string[] {
    const said = this.outboundConfigOf(customerId);
    if (said !== undefined) return said.destinationWhitelist;
    return this.country !== '' && customerId === this.firstCustomer()?.id ? [this.country.toLowerCase()] : [];
  }

  /** `number` is E.164 with `+`. */
  numberByE164(number: string): PhoneNumber | undefined {
    return this.#numbers.byName(number);
  }

  /** The customer's number that is also reached by this short form. */
  numberByShortCode(customerId: CustomerId, code: string): PhoneNumber | undefined {
    return this.#numbers.byName(`${customerId}/${code}`);
  }

  /** Live bindings of an extension, newest first. */
  bindings(extensionId: ExtensionId, at: WallTime): readonly Binding[] {
    return this.#bindings.of(extensionId, at);
  }

  /** Every binding, also those that have run out and were not dropped yet. */
  allBindings(): Iterable<Binding> {
    return this.#bindings.all();
  }

  /** Whether a phone is registered from this source address, or from the same IPv6 /64. */
  hasBindingFrom(address: string): boolean {
    return this.#bindings.hasFrom(address);
  }

  /** Adds a binding, or replaces the one with the same contact or the same instance and reg-id. */
  putBinding(binding: Binding): void {
    this.#bindings.put(binding);
  }

  /** Adds one that was stored, in its place: those that last longest were refreshed last. */
  restoreBinding(binding: Binding): void {
    this.#bindings.restore(binding);
  }

  dropBinding(extensionId: ExtensionId, contact: string): void {
    this.#bindings.drop(extensionId, contact);
  }

  /** When the first of all bindings runs out; `Infinity` when there is none. */
  nextBindingExpiryAt(): WallTime {
    return this.#bindings.nextExpiryAt();
  }

  /** A binding that has run out, the first of them; it stays until it is dropped. */
  expiredBinding(at: WallTime): Binding | undefined {
    return this.#bindings.expired(at);
  }
}

/** Names in lower case; IPv6 addresses, of which one may be written in many ways, by their bits (RFC 5954 §4.2). */
function hostKey(host: string): string {
  const bits = host.includes(':') ? bitsOf(host) : undefined;
  return bits === undefined ? host.toLowerCase() : keyOf(bits, bits.family === 6 ? 128 : 32);
}

/** A trunk has no tech prefix and tech headers: its rules and its header table say the same. */
function gatewayOf({ id, customerId, name, domainName, hostname, codecs, terms }: Trunk): Gateway {
  const called = name === '' ? domainName : name;
  return { id, customerId, name: called, hostname, techPrefix: '', techPostfix: '', techHeaders: {}, codecs, terms };
}

function namesOfNumber({ number, shortCode, customerId }: PhoneNumber): readonly string[] {
  return shortCode === '' ? [number] : [number, `${customerId}/${shortCode}`];
}
