import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIpv4, isIpv6 } from '../../../core/kernel/address-text.ts';

const NUM_RUNS = Number(process.env['TANDEM_SEEDS'] ?? 1_000);

test('an address is one exactly when the system takes it for one', () => {
  const alike = fc.array(fc.constantFrom('0', '1', 'ff', '255', '256', '01', 'a', ':', '::', '.', '12345', 'g', ''), {
    maxLength: 14,
  });
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    alike.map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect([isIpv4(text), isIpv6(text)]).toEqual([isIPv4(text), isIPv6(text)]);
    }),
    { numRuns: NUM_RUNS, seed: 1 },
  );
});
