import type { CustomerId, ExtensionId } from '../kernel/ids.ts';
import type { TextForm } from '../kernel/packed-table.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Binding } from './records.ts';

type Columns = readonly [
  contact: string,
  path: readonly string[],
  transport: Binding['transport'],
  address: string,
  port: number,
  localPort: number,
  sipCallId: string,
  cseq: number,
  instance: string,
  regId: number,
  q: number,
  userAgent: string,
  registeredAt: WallTime,
  expiresAt: WallTime,
];

/** The bindings of an extension, at least one, as a text under its id. */
export const PACKED_BINDINGS: TextForm<readonly Binding[]> = {
  encode: (bindings) => JSON.stringify([bindings[0]!.customerId, ...bindings.map(columnsOf)]),
  decode(text, key) {
    const [customerId, ...rows] = JSON.parse(text) as [CustomerId, ...Columns[]];
    return rows.map((row) => bindingOf(customerId, key as ExtensionId, row));
  },
};

function columnsOf(binding: Binding): Columns {
  const { contact, path, transport, address, port, localPort, sipCallId, cseq } = binding;
  const { instance, regId, q, userAgent, registeredAt, expiresAt } = binding;
  return [
    contact,
    path,
    transport,
    address,
    port,
    localPort,
    sipCallId,
    cseq,
    instance,
    regId,
    q,
    userAgent,
    registeredAt,
    expiresAt,
  ];
}

function bindingOf(customerId: CustomerId, extensionId: ExtensionId, columns: Columns): Binding {
  const [contact, path, transport, address, port, localPort, sipCallId, cseq, ...others] = columns;
  const [instance, regId, q, userAgent, registeredAt, expiresAt] = others;
  return {
    customerId,
    extensionId,
    contact,
    path,
    transport,
    address,
    port,
    localPort,
    sipCallId,
    cseq,
    instance,
    regId,
    q,
    userAgent,
    registeredAt,
    expiresAt,
  };
}
