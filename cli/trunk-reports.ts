import type { TrunkReport } from '../api/backend.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { Provider, Trunk } from '../core/directory/records.ts';
import type { CustomerId } from '../core/kernel/ids.ts';
import type { ProviderProbe } from '../core/provider-ports.ts';

const UNTRIED: ProviderProbe = {
  options: { status: 0, detail: '', servers: [], saidAs: '', seenAs: '' },
  register: undefined,
};

/** Finds out how a provider or an own trunk is reached: from what the directory says of it, and by asking it. */
export class TrunkReports {
  readonly #directory: Directory;
  readonly #execute: (command: Command, by: Principal) => Promise<CommandResult>;

  constructor(directory: Directory, execute: (command: Command, by: Principal) => Promise<CommandResult>) {
    this.#directory = directory;
    this.#execute = execute;
  }

  /** Undefined when no provider or trunk has this name, host name or id. */
  async of(name: string): Promise<TrunkReport | undefined> {
    const { providers, trunks } = this.#directory;
    const found = [...providers.values(), ...trunks.values()].filter((row) => isMeant(row, name));
    const [row] = found;
    if (row === undefined) return undefined;
    const trunk = 'domainName' in row ? row : undefined;
    const customerId = trunk?.customerId ?? this.#directory.firstCustomer()?.id;
    const routes = [...this.#directory.dialRoutes.values()].filter(({ providerId }) => providerId === row.id);
    return {
      kind: trunk === undefined ? 'provider' : 'trunk',
      providers: found.map((one) => one.id),
      routes: routes.map(({ target }) => target),
      byName: trunk === undefined || trunk.hostname === '' ? '' : this.#nameOf(trunk),
      access: trunk === undefined ? '' : accessOf(trunk),
      countries: customerId === undefined ? [] : this.#directory.destinationsOf(customerId),
      caller: this.#callerOf(row, customerId),
      registers: row.terms.registers,
      probe: row.hostname === '' ? undefined : found.length > 1 ? UNTRIED : await this.#probe(row),
    };
  }

  async #probe({ id }: Provider | Trunk): Promise<ProviderProbe> {
    const result = await this.#execute({ kind: 'probeProvider', id }, { kind: 'operator' });
    return result.kind === 'done' ? (result.probe ?? UNTRIED) : UNTRIED;
  }

  #callerOf({ terms }: Provider | Trunk, customerId: CustomerId | undefined): string {
    const config = customerId === undefined ? undefined : this.#directory.outboundConfigOf(customerId);
    const number = config?.defaultNumberId == null ? undefined : this.#directory.numbers.get(config.defaultNumberId);
    return number?.number ?? terms.number;
  }

  #nameOf({ domainName }: Trunk): string {
    const { domain } = this.#directory;
    return `NUMBER@${domainName}.trunk${domain === '' ? '' : `.${domain}`}`;
  }
}

function isMeant(row: Provider | Trunk, wanted: string): boolean {
  const { id, name, hostname } = row;
  if (id === wanted.toLowerCase() || name === wanted || (hostname !== '' && hostname === wanted)) return true;
  return 'domainName' in row && row.domainName.toLowerCase() === wanted.toLowerCase();
}

function accessOf({ authTypes, username, allowedIps }: Trunk): string {
  return [
    ...(authTypes.includes('ip') && allowedIps.length > 0 ? [`from ${allowedIps.join(', ')}`] : []),
    ...(authTypes.includes('basic') && username !== '' ? [`by the credentials of ${username}`] : []),
  ].join(', or ');
}
