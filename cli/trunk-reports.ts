import type { TrunkReport } from '../api/backend.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { Provider } from '../core/directory/records.ts';
import type { ProviderProbe } from '../core/provider-ports.ts';

const UNTRIED: ProviderProbe = {
  options: { status: 0, detail: '', servers: [], saidAs: '', seenAs: '' },
  register: undefined,
};

/** Finds out how a provider is reached: from what the directory says of it, and by asking it. */
export class TrunkReports {
  readonly #directory: Directory;
  readonly #execute: (command: Command, by: Principal) => Promise<CommandResult>;

  constructor(directory: Directory, execute: (command: Command, by: Principal) => Promise<CommandResult>) {
    this.#directory = directory;
    this.#execute = execute;
  }

  /** Undefined when no provider has this name, host name or id. */
  async of(name: string): Promise<TrunkReport | undefined> {
    const providers = [...this.#directory.providers.values()].filter((provider) => isMeant(provider, name));
    const [provider] = providers;
    if (provider === undefined) return undefined;
    const { id, terms } = provider;
    const customer = this.#directory.firstCustomer();
    const routes = [...this.#directory.dialRoutes.values()].filter(({ providerId }) => providerId === id);
    return {
      providers: providers.map((one) => one.id),
      routes: routes.map(({ target }) => target),
      countries: customer === undefined ? [] : this.#directory.destinationsOf(customer.id),
      caller: this.#callerOf(provider),
      registers: terms.registers,
      probe: providers.length > 1 ? UNTRIED : await this.#probe(provider),
    };
  }

  async #probe({ id }: Provider): Promise<ProviderProbe> {
    const result = await this.#execute({ kind: 'probeProvider', id }, { kind: 'operator' });
    return result.kind === 'done' ? (result.probe ?? UNTRIED) : UNTRIED;
  }

  #callerOf({ terms }: Provider): string {
    const customer = this.#directory.firstCustomer();
    const config = customer === undefined ? undefined : this.#directory.outboundConfigOf(customer.id);
    const number = config?.defaultNumberId == null ? undefined : this.#directory.numbers.get(config.defaultNumberId);
    return number?.number ?? terms.number;
  }
}

function isMeant({ id, name, hostname }: Provider, wanted: string): boolean {
  return id === wanted.toLowerCase() || name === wanted || hostname === wanted;
}
