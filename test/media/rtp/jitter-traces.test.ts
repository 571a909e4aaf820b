import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JitterBuffer } from '../../../media/rtp/jitter-buffer.ts';
import { outsideCases } from '../../messages/cases.ts';

const FOLDER = outsideCases('rtp/jitter');
const FRAME_MS = 20;
/** A frame lies this long between packets and the tick after them. */
const PHASE_MS = 10;
/** Ticks until a stream is played at all: here a packet waits for the shortest delay first. */
const FILLING = 1;

/**
 * Of the traces, those whose limits are for what a buffer does by itself. Left out: restarted numbers, which are found
 * before the buffer (`ReceiveStream`); more than a fifteenth of drift, bursts longer than the longest delay and fixed
 * delays, which there are none of here.
 */
const SESSIONS = [
  'Ideal condition',
  'DTX',
  'Regular burst (three gets three puts)',
  'Random burst (no drift)',
  'Random burst (with drift, PUT > GET)',
  'Packet lost',
  'Duplicated frames',
  'Late frames',
];

interface Session {
  readonly limits: Readonly<Record<string, number>>;
  readonly events: string;
}

function sessionOf(title: string): Session {
  const lines = readFileSync(join(FOLDER!, 'pjmedia-Jbtest.dat'), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith('=') && line.slice(1).trim() === title);
  const rest = lines.slice(start + 1);
  const session = rest.slice(
    0,
    rest.findIndex((line) => line.startsWith('.')),
  );
  const limits = session.flatMap((line) => [...line.matchAll(/^!(\w+)\s+(\d+)/g)].map((m) => [m[1], Number(m[2])]));
  return { limits: Object.fromEntries(limits), events: session.filter((line) => /^[PGLJDO]/.test(line)).join('') };
}

/** What the buffer makes of a trace, and what it may. */
function run({ limits, events }: Session): Readonly<Record<string, readonly [is: number, most: number]>> {
  const buffer = new JitterBuffer();
  const payload = new Uint8Array(160);
  let [now, number, unheard, waiting, ticks] = [PHASE_MS, 0, 0, 0, 0];
  const put = (n: number): void => buffer.put(n & 0xffff, n * 160, payload, 0, payload.length, now - PHASE_MS);
  for (const event of events.replaceAll(/\s/g, '')) {
    if (event === 'G') {
      if (buffer.take(now) !== 'frame') unheard++;
      waiting += buffer.depth;
      ticks++;
      now += FRAME_MS;
    } else if (event === 'P') put(number++);
    else if (event === 'L') number++;
    else if (event === 'D') put(number - 1);
    else if (event === 'O') put(Math.max(0, number - 10));
  }
  const { late, duplicate, dropped, lost, oversized } = buffer;
  return {
    discarded: [late + duplicate + dropped + oversized, limits['discard']!],
    lost: [lost, limits['lost']!],
    unheard: [unheard, limits['empty']! + limits['lost']! + FILLING],
    delay: [waiting / ticks, limits['delay']!],
  };
}

test.skipIf(FOLDER === undefined)(
  'no trace of jitter discards, loses, starves or waits more than its limits (not on this machine: skipped)',
  () => {
    for (const title of SESSIONS) {
      for (const [name, [is, most]] of Object.entries(run(sessionOf(title)))) {
        expect(is, `${title}: ${name}`).toBeLessThanOrEqual(most);
      }
    }
  },
);
