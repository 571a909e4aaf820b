import type { AccesskeyId, AgentId, CustomerId, ExtensionId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import { ByAge } from './by-age.ts';
import type { Accesskey, Agent, Binding, Customer, Extension } from './records.ts';

/**
 * What a call decision needs, in memory: loaded at start, written through by whoever commits. Only live rows are
 * found; deleted ones stay in the store alone.
 */
export class Directory {
  readonly customers = new Map<CustomerId, Customer>();
  readonly agents = new Map<AgentId, Agent>();
  readonly accesskeys = new Map<AccesskeyId, Accesskey>();
  readonly extensions = new Map<ExtensionId, Extension>();
  readonly #extensionByName = new Map<string, ExtensionId>();
  /** Each customer's extensions by age. */
  readonly #extensionsOf = new Map<CustomerId, ByAge<Extension>>();
  readonly #agentByUsername = new Map<string, AgentId>();
  readonly #accesskeyByHash = new Map<string, AccesskeyId>();
  readonly #bindings = new Map<ExtensionId, readonly Binding[]>();
  #domain: string;
  readonly #ownHosts = new Set<string>();
  /** Source address → bindings registered from it. */
  readonly #bindingsFrom = new Map<string, number>();
  #bindingCount = 0;

  constructor(domain = '') {
    this.#domain = domain.toLowerCase();
  }

  get domain(): string {
    return this.#domain;
  }

  get bindingCount(): number {
    return this.#bindingCount;
  }

  /** Addresses and names under which this machine is called; they mean the first customer. */
  addOwnHost(host: string): void {
    this.#ownHosts.add(host.toLowerCase());
  }

  isOwnHost(host: string): boolean {
    const name = host.toLowerCase();
    return this.#ownHosts.has(name) || (this.#domain !== '' && name === this.#domain);
  }

  firstCustomer(): Customer | undefined {
    for (const customer of this.customers.values()) if (customer.ordinal === 1) return customer;
    return undefined;
  }

  /** Customer addressed by a Request-URI host: ours or `--domain` mean the first, else `<customer_id>.registrar.<domain>`. */
  customerForHost(host: string): Customer | undefined {
    if (this.isOwnHost(host)) return this.firstCustomer();
    const [id, service, ...rest] = host.toLowerCase().split('.');
    if (service !== 'registrar' || (this.#domain !== '' && rest.join('.') !== this.#domain)) return undefined;
    return this.customers.get(id as CustomerId);
  }

  putCustomer(customer: Customer): void {
    if (customer.deletedAt === null) this.customers.set(customer.id, customer);
    else this.customers.delete(customer.id);
  }

  putAgent(agent: Agent): void {
    const old = this.agents.get(agent.id);
    if (old !== undefined) this.#agentByUsername.delete(old.username);
    if (agent.deletedAt === null) {
      this.agents.set(agent.id, agent);
      this.#agentByUsername.set(agent.username, agent.id);
    } else this.agents.delete(agent.id);
  }

  putAccesskey(key: Accesskey): void {
    const old = this.accesskeys.get(key.id);
    if (old !== undefined) this.#accesskeyByHash.delete(old.tokenHash);
    if (key.deletedAt === null) {
      this.accesskeys.set(key.id, key);
      this.#accesskeyByHash.set(key.tokenHash, key.id);
    } else this.accesskeys.delete(key.id);
  }

  putExtension(extension: Extension): void {
    const old = this.extensions.get(extension.id);
    if (old !== undefined) this.#extensionByName.delete(`${old.customerId}/${old.extension}`);
    let byAge = this.#extensionsOf.get(extension.customerId);
    if (byAge === undefined) {
      byAge = new ByAge();
      this.#extensionsOf.set(extension.customerId, byAge);
    }
    if (extension.deletedAt === null) {
      this.extensions.set(extension.id, extension);
      this.#extensionByName.set(`${extension.customerId}/${extension.extension}`, extension.id);
      byAge.put(extension);
    } else if (this.extensions.delete(extension.id)) {
      this.#setBindings(extension.id, []);
      byAge.delete(extension);
    }
  }

  /** At most `count` of the customer's extensions made strictly before the time, newest first. */
  extensionsBefore(customerId: CustomerId, before: WallTime, count: number): readonly Extension[] {
    return this.#extensionsOf.get(customerId)?.newestBefore(before, count) ?? [];
  }

  agentByUsername(username: string): Agent | undefined {
    const id = this.#agentByUsername.get(username);
    return id === undefined ? undefined : this.agents.get(id);
  }

  /** The key whose token has this SHA-256, unless it has expired. */
  accesskeyByHash(tokenHash: string, at: WallTime): Accesskey | undefined {
    const id = this.#accesskeyByHash.get(tokenHash);
    const key = id === undefined ? undefined : this.accesskeys.get(id);
    return key !== undefined && (key.expiresAt === null || key.expiresAt > at) ? key : undefined;
  }

  extensionByName(customerId: CustomerId, extension: string): Extension | undefined {
    const id = this.#extensionByName.get(`${customerId}/${extension}`);
    return id === undefined ? undefined : this.extensions.get(id);
  }

  /** Live bindings of an extension, newest first. */
  bindings(extensionId: ExtensionId, at: WallTime): readonly Binding[] {
    const all = this.#bindings.get(extensionId);
    if (all === undefined) return [];
    return all.every((binding) => binding.expiresAt > at) ? all : all.filter((binding) => binding.expiresAt > at);
  }

  /** Every binding, also those that have run out and were not dropped yet. */
  *allBindings(): Iterable<Binding> {
    for (const bindings of this.#bindings.values()) yield* bindings;
  }

  /** Whether a phone is registered from this source address. */
  hasBindingFrom(address: string): boolean {
    return this.#bindingsFrom.has(address);
  }

  /** Adds a binding, or replaces the one with the same contact or the same instance and reg-id. */
  putBinding(binding: Binding): void {
    const others = (this.#bindings.get(binding.extensionId) ?? []).filter((old) => !sameBinding(old, binding));
    this.#setBindings(binding.extensionId, [binding, ...others]);
  }

  dropBinding(extensionId: ExtensionId, contact: string): void {
    const all = this.#bindings.get(extensionId) ?? [];
    this.#setBindings(
      extensionId,
      all.filter((binding) => binding.contact !== contact),
    );
  }

  #setBindings(extensionId: ExtensionId, bindings: readonly Binding[]): void {
    for (const { address } of this.#bindings.get(extensionId) ?? []) this.#countFrom(address, -1);
    for (const { address } of bindings) this.#countFrom(address, 1);
    if (bindings.length === 0) this.#bindings.delete(extensionId);
    else this.#bindings.set(extensionId, bindings);
  }

  #countFrom(address: string, change: 1 | -1): void {
    const count = (this.#bindingsFrom.get(address) ?? 0) + change;
    this.#bindingCount += change;
    if (count === 0) this.#bindingsFrom.delete(address);
    else this.#bindingsFrom.set(address, count);
  }
}

/** RFC 3261 §10.3 compares contacts; RFC 5626 §6 instance and reg-id, which survive a changed contact. */
function sameBinding(a: Binding, b: Binding): boolean {
  if (a.instance !== '' && a.instance === b.instance && a.regId === b.regId) return true;
  return a.contact === b.contact;
}
