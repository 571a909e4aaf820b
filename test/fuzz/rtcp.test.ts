import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { ReceiveStream } from '../../media/rtp/receive-stream.ts';
import { Reports } from '../../media/rtp/reports.ts';
import {
  COMPOUND_MAX,
  RtcpView,
  writeBye,
  writeReceiverReport,
  writeReportBlock,
  writeSdes,
  writeSenderReport,
} from '../../media/rtp/rtcp.ts';
import { SendStream } from '../../media/rtp/send-stream.ts';
import { rtpView } from '../media/rtp/packets.ts';
import { outsideCases } from '../messages/cases.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';

const corpus = outsideCases('rtp/fuzz/webrtc-rtcp');

function compound(): Uint8Array {
  const bytes = new Uint8Array(200);
  let at = writeReportBlock(bytes, writeSenderReport(bytes, 0, 7, 1, 2, 3, 4, 5, 1), 9, 1, 2, 3, 4, 5, 6);
  at = writeReportBlock(bytes, writeReceiverReport(bytes, at, 7, 1), 9, 1, 2, 3, 4, 5, 6);
  at = writeBye(bytes, writeSdes(bytes, at, 7, 'cname'), 7);
  return bytes.slice(0, at);
}

function walk(view: RtcpView, bytes: Uint8Array): boolean {
  if (!view.begin(bytes, 0, bytes.length)) return false;
  let packets = 0;
  while (view.next()) {
    packets += 1;
    expect(view.packetEnd).toBeLessThanOrEqual(bytes.length);
    for (let i = 0; i < view.count; i++) view.readReport(i);
    expect(Number.isNaN(view.jitter + view.lastSr + view.ntpSeconds)).toBe(false);
    view.byeNames(7);
  }
  expect(packets).toBeLessThanOrEqual(COMPOUND_MAX);
  return true;
}

function session(): { reports: Reports; receive: ReceiveStream } {
  const receive = new ReceiveStream(8000);
  receive.receive(rtpView({ sequence: 1, timestamp: 1, ssrc: 0x5eed }), 0, 'timed');
  const options = { cname: 'c', wallOffsetMs: 0, random: seeded(1) };
  return { reports: new Reports(new SendStream(9, 0, 0, 8000), receive, options, 0), receive };
}

test('compounds with accidents never throw and never reach beyond their end', () => {
  const random = seeded(6);
  const view = new RtcpView();
  const { reports } = session();
  let readable = 0;
  for (let i = 0; i < COUNT; i++) {
    const bytes = random.next() < 0.8 ? mutate(compound(), random) : random.bytes(Math.floor(random.next() * 100));
    if (walk(view, bytes)) readable += 1;
    reports.receive(bytes, 0, bytes.length, i);
    expect(reports.roundTripMs >= 0 || Number.isNaN(reports.roundTripMs)).toBe(true);
  }
  expect(readable).toBeGreaterThan(COUNT / 20);
});

test('a datagram full of empty packets is looked at only so far', () => {
  const bytes = new Uint8Array(8 + 4 * 300);
  writeReceiverReport(bytes, 0, 7, 0);
  for (let at = 8; at < bytes.length; at += 4) bytes.set([0x80, 203, 0, 0], at);
  expect(walk(new RtcpView(), bytes)).toBe(true);
});

test.skipIf(corpus === undefined)(
  'the WebRTC fuzzing corpus is survived and ends no stream (not on this machine: skipped)',
  () => {
    const { reports } = session();
    const view = new RtcpView();
    for (const name of readdirSync(corpus!)) {
      const bytes = readFileSync(join(corpus!, name));
      walk(view, bytes);
      reports.receive(bytes, 0, bytes.length, 1);
    }
    expect(reports.hasLeft).toBe(false);
  },
);
