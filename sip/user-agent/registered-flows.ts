import type { Directory } from '../../core/directory/directory.ts';
import type { Binding } from '../../core/directory/records.ts';
import type { ExtensionId } from '../../core/kernel/ids.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';

/**
 * Who registered over which connection: what is bound to one cannot be reached when it is gone (RFC 5626 §5.3). Of an
 * earlier process nothing is known: calls over its connections fail as soon as they are sent.
 */
export class RegisteredFlows {
  readonly #directory: Directory;
  readonly #extensions = new Map<string, Set<ExtensionId>>();

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
  }

  /** The connection is gone: the bindings that it leaves without one. */
  failed(remote: TransportAddress): readonly SignalingEvent[] {
    if (remote.transport === 'udp') return [];
    const key = keyOf(remote);
    const extensions = this.#extensions.get(key);
    if (extensions === undefined) return [];
    this.#extensions.delete(key);
    return Array.from(extensions).flatMap((extension) =>
      this.#directory
        .bindings(extension, 0)
        .filter((binding) => keyOf(binding) === key)
        .map((binding) => ({ kind: 'unbound', binding }) as const),
    );
  }
}

function keyOf({ transport, address, port }: Pick<Binding, 'transport' | 'address' | 'port'>): string {
  return `${transport} ${address} ${port}`;
}
