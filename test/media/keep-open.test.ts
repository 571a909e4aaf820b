import { expect, test } from 'vitest';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import type { ToWorker } from '../../media/protocol.ts';
import { PacketView } from '../../media/rtp/packet-view.ts';
import { at, Bench, recordingOrder, settings } from './phones.ts';

const A = 1 as LegId;
const ALICE = at('192.0.2.1', 4000);

/** What a leg that is never spoken to is sent in a minute and a half. */
function sentInSilence(
  changes: Parameters<typeof settings>[1],
  ...orders: readonly ToWorker[]
): { at: number; payloadType: number; octets: number }[] {
  const bench = new Bench();
  bench.open(A, settings(ALICE, changes));
  for (const order of orders) bench.post(order);
  const sent: { at: number; payloadType: number; octets: number }[] = [];
  const view = new PacketView();
  for (let ms = 0; ms < 90_000; ms += 100) {
    bench.advance(100);
    for (const { bytes } of bench.takeSentTo(ALICE)) {
      expect(view.read(bytes, 0, bytes.length)).toBe(true);
      sent.push({ at: ms, payloadType: view.payloadType, octets: view.payloadEnd - view.payloadStart });
    }
  }
  return sent;
}

function longestPauseMs(sent: readonly { at: number }[]): number {
  const times = [0, ...sent.map(({ at }) => at), 90_000];
  return Math.max(...times.slice(1).map((at, i) => at - times[i]!));
}

test('RFC 6263 §6.1: a leg that is told nothing is sent silence, at least every 15 s and seldom more', () => {
  const sent = sentInSilence({});
  expect(longestPauseMs(sent)).toBeLessThanOrEqual(15_100);
  expect(sent.length).toBeLessThanOrEqual(12);
  expect(sent.every(({ payloadType, octets }) => payloadType === 0 && octets === 160)).toBe(true);
});

test('RFC 6263 §6.1: a leg that is recorded, and hears nothing meanwhile, is sent no more and no less', () => {
  const sent = sentInSilence({}, { kind: 'record', leg: A, order: recordingOrder(1) });
  expect(longestPauseMs(sent)).toBeLessThanOrEqual(15_100);
  expect(sent.length).toBeLessThanOrEqual(12);
  expect(sent.every(({ payloadType, octets }) => payloadType === 0 && octets === 160)).toBe(true);
});

test('RFC 6263 §4.6: a held leg, which takes no sound, is sent packets of a payload type that it does not know', () => {
  const sent = sentInSilence({ sends: false });
  expect(longestPauseMs(sent)).toBeLessThanOrEqual(15_100);
  expect(sent.every(({ payloadType, octets }) => payloadType === 127 && octets === 0)).toBe(true);
});

test.each<[string, Parameters<typeof settings>[1], ToWorker]>([
  [
    'is listened to for keys and voice',
    { hearsKeys: true, sendEventPayloadType: -1 },
    { kind: 'listen', leg: A, wish: { talk: true, tones: true, machine: undefined } },
  ],
  ['is alone in a conference', {}, { kind: 'join', leg: A, mix: 1 as MixId }],
])('a leg that %s and told nothing is sent silence at least every 15 s', (_, changes, order) => {
  const sent = sentInSilence(changes, order);
  expect(longestPauseMs(sent)).toBeLessThanOrEqual(15_100);
  expect(sent.length).toBeLessThanOrEqual(70);
  expect(sent.every(({ payloadType, octets }) => payloadType === 0 && octets === 160)).toBe(true);
});

test('RFC 6263 §4.1: who takes comfort noise is sent that instead', () => {
  const sent = sentInSilence({ sendNoisePayloadType: 13 });
  expect(longestPauseMs(sent)).toBeLessThanOrEqual(15_100);
  expect(sent.every(({ payloadType, octets }) => payloadType === 13 && octets === 1)).toBe(true);
});
