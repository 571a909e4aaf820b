import { AddressTable } from './address-table.ts';

/** What is known on one of our ports. */
export interface PortTable {
  readonly bySource: AddressTable;
  readonly byRtcpSource: AddressTable;
  readonly bySsrc: Map<number, number>;
  /** Slots that are waiting or expected. */
  readonly open: number[];
  /** Source → index in the quarantine. */
  readonly quarantined: Map<number, number>;
  slotCount: number;
}

/** Of a port where nobody is yet. */
export function portTable(): PortTable {
  return {
    bySource: new AddressTable(),
    byRtcpSource: new AddressTable(),
    bySsrc: new Map(),
    open: [],
    quarantined: new Map(),
    slotCount: 0,
  };
}
