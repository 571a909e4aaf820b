import { expect, test } from 'vitest';
import { HoldMusic } from '../../core/calls/hold-music.ts';
import type { LegId } from '../../core/kernel/ids.ts';

const LEG = 1 as LegId;

test('music that cannot be played is told once, and is not tried again while the party waits', () => {
  const [orders, failures]: [string[], string[]] = [[], []];
  const music = new HoldMusic({
    media: { play: (leg) => void orders.push(`play ${leg}`), stopPlaying: (leg) => void orders.push(`stop ${leg}`) },
    path: '/prompts/music.wav',
    farOf: () => undefined,
    isPlayingTo: () => false,
    failed: (leg, detail, now) => void failures.push(`${leg} ${detail} ${now}`),
  });
  music.order(LEG, 'on');
  music.played(LEG, 'failed', 'no such file', 7);
  music.played(LEG, 'failed', 'no such file', 8);
  music.played(LEG, 'finished', '', 9);
  expect([orders, failures, music.hearerCount]).toEqual([['play 1'], ['1 no such file 7'], 0]);
});
