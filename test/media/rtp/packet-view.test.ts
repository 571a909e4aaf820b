import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demultiplex } from '../../../media/rtp/demultiplex.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { extendSequence, sequenceDistance } from '../../../media/rtp/sequence.ts';
import { rtpPacket, rtpView } from './packets.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

test('a header that was written is read as it was', () => {
  const view = rtpView({
    marker: true,
    payloadType: 101,
    sequence: 65535,
    timestamp: 0xfffffff0,
    ssrc: 0xdeadbeef,
    payload: [1, 2],
  });
  expect(view).toMatchObject({
    marker: true,
    payloadType: 101,
    sequence: 65535,
    timestamp: 0xfffffff0,
    ssrc: 0xdeadbeef,
    csrcCount: 0,
    extensionProfile: -1,
    payloadStart: 12,
    payloadEnd: 14,
  });
});

test('CSRC list, extension and padding are stepped over, anywhere in the arena', () => {
  const packet = bytesOf('b2800001000000a011223344aaaaaaaabbbbbbbbbede0001100000000708090000000004');
  const arena = new Uint8Array(100).fill(0xee);
  arena.set(packet, 30);
  const view = new PacketView();
  expect(view.read(arena, 30, 30 + packet.length)).toBe(true);
  expect(view).toMatchObject({ csrcCount: 2, extensionProfile: 0xbede, extensionStart: 54, extensionEnd: 58 });
  expect([...arena.subarray(view.payloadStart, view.payloadEnd)]).toEqual([7, 8, 9, 0]);
});

test.each([
  ['too short', '80000001000000a0112233'],
  ['version 1', '40000001000000a011223344'],
  ['CSRC list beyond the end', '8f000001000000a011223344'],
  ['extension header beyond the end', '90000001000000a011223344be'],
  ['extension beyond the end', '90000001000000a011223344bede0004'],
  ['padding of nothing', 'a0000001000000a01122334400'],
  ['padding longer than the packet', 'a0000001000000a01122334405'],
])('a packet is refused: %s', (_, hex) => {
  const bytes = bytesOf(hex);
  expect(new PacketView().read(bytes, 0, bytes.length)).toBe(false);
});

test('an end beyond the arena is refused', () => {
  expect(new PacketView().read(rtpPacket({ sequence: 1, timestamp: 1 }), 0, 13)).toBe(false);
});

test.each([
  ['stun', '0001'],
  ['zrtp', '1000'],
  ['dtls', '16fe'],
  ['turn', '4000'],
  ['rtp', '8000'],
  ['rtp', '80e5'],
  ['rtcp', '80c8'],
  ['rtcp', '81cb'],
  ['unknown', 'ff00'],
  ['unknown', '80'],
])('the first bytes tell %s', (protocol, hex) => {
  const bytes = bytesOf(hex);
  expect(demultiplex(bytes, 0, bytes.length)).toBe(protocol);
});

test('sequence numbers extend to the nearest number, wherever the stream is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: -32767, max: 32767 }), (reference, step) => {
      expect(extendSequence(reference, (reference + step) & 0xffff)).toBe(reference + step);
      expect(sequenceDistance(reference & 0xffff, (reference + step) & 0xffff)).toBe(step);
    }),
    { seed: 3550, numRuns: RUNS },
  );
});
