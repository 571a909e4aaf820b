import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { AddressTable } from '../../../media/io/address-table.ts';
import { pack } from '../../../media/io/addresses.ts';

const find = (table: AddressTable, address: number): number => table.find(Float64Array.of(0, address), 1);

test('a table of addresses finds what a map finds, whatever is set and deleted in between', () => {
  const random = seeded(7);
  const table = new AddressTable();
  const map = new Map<number, number>();
  for (let step = 0; step < 40_000; step++) {
    // Few enough addresses that they meet again, and many neighbours, as ports of one phone are.
    const address = pack(0xc0000200 + Math.floor(random.next() * 4), 1024 + Math.floor(random.next() * 300));
    if (random.next() < 0.45) {
      table.delete(address);
      map.delete(address);
    } else {
      table.set(address, step);
      map.set(address, step);
    }
    expect(table.size).toBe(map.size);
    const looked = pack(0xc0000200 + Math.floor(random.next() * 4), 1024 + Math.floor(random.next() * 300));
    expect(find(table, looked)).toBe(map.get(looked) ?? -1);
    expect(table.has(looked)).toBe(map.has(looked));
  }
  expect(map.size).toBeGreaterThan(500);
  for (const [address, slot] of map) expect(find(table, address)).toBe(slot);
});
