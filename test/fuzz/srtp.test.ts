import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { CIPHERS, Direction, packetOf, SUITES } from '../media/srtp/memory.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';

const REPORT = Uint8Array.of(0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe);

test.each(SUITES)('%s: a packet that had an accident is never taken, and what follows it is', (suite) => {
  const random = seeded(3711);
  for (const ciphers of CIPHERS) {
    const direction = new Direction(suite, ciphers);
    // Those of Node's own objects take ten times as long.
    const count = Math.ceil(COUNT / (ciphers === CIPHERS[0] ? 5 : 50));
    for (let i = 0; i < count; i++) {
      const [packet, report] = [direction.protectRtp(packetOf(i & 0xffff)), direction.protectRtcp(REPORT)];
      const damaged = [packet, report].map((bytes) => mutate(bytes, random));
      for (const bytes of damaged) {
        const isWhole = [packet, report].some((genuine) => Buffer.compare(genuine, bytes) === 0);
        if (isWhole) continue;
        expect(direction.unprotectRtp(bytes)).toBeUndefined();
        expect(direction.unprotectRtcp(bytes)).toBeUndefined();
      }
      expect(direction.unprotectRtp(packet)).toEqual(packetOf(i & 0xffff));
      expect(direction.unprotectRtcp(report)).toEqual(REPORT);
    }
  }
});
