import type { Directory } from '../../core/directory/directory.ts';
import type { Binding } from '../../core/directory/records.ts';
import type { ExtensionId } from '../../core/kernel/ids.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import type { Flow } from '../dialog/next-hop.ts';
import type { Uri } from '../message.ts';
import { RecentTable } from './recent-table.ts';

/** Contacts whose connections are remembered: beyond that, those that registered longest ago are not. */
const CONTACTS_MAX = 65_536;

/**
 * Who registered over which connection: what is bound to one cannot be reached when it is gone (RFC 5626 §5.3). Of an
 * earlier process nothing is known: calls over its connections fail as soon as they are sent.
 */
export class RegisteredFlows {
  readonly #directory: Directory;
  readonly #extensions = new Map<string, Set<ExtensionId>>();
  /** By contact. */
  readonly #flows = new RecentTable<Flow>(CONTACTS_MAX);

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** Connections that somebody registered over. */
  get size(): number {
    return this.#extensions.size;
  }

  /** A binding that a REGISTER made or refreshed. */
  bound(binding: Binding): void {
    if (binding.transport === 'udp') return;
    const key = keyOf(binding);
    const known = this.#extensions.get(key);
    if (known === undefined) this.#extensions.set(key, new Set([binding.extensionId]));
    else known.add(binding.extensionId);
    const { transport, address, port, localPort } = binding;
    this.#flows.set(placeOf(binding.contact), { remote: { transport, address, port }, localPort });
  }

  /** The connection that a phone with this contact registered over last; undefined when it is gone too. */
  flowOf(contact: Uri): Flow | undefined {
    return this.#flows.get(placeOf(contact.text));
  }

  /** The connection is gone: the bindings that it leaves without one. */
  failed(remote: TransportAddress): readonly SignalingEvent[] {
    if (remote.transport === 'udp') return [];
    const key = keyOf(remote);
    const extensions = this.#extensions.get(key);
    if (extensions === undefined) return [];
    this.#extensions.delete(key);
    const lost = Array.from(extensions).flatMap((extension) =>
      this.#directory.bindings(extension, 0).filter((binding) => keyOf(binding) === key),
    );
    for (const { contact } of lost) {
      const flow = this.#flows.get(placeOf(contact));
      if (flow !== undefined && keyOf(flow.remote) === key) this.#flows.delete(placeOf(contact));
    }
    return lost.map((binding) => ({ kind: 'unbound', binding }) as const);
  }
}

/** Scheme, user, host and port: parameters of a Contact differ from request to request. */
function placeOf(contact: string): string {
  return /^[^;?]*/.exec(contact)![0];
}

function keyOf({ transport, address, port }: TransportAddress): string {
  return `${transport} ${address} ${port}`;
}
