import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { ReceiveStream } from '../../../media/rtp/receive-stream.ts';
import { REPORT_BYTES_MAX, Reports, roundTripMs } from '../../../media/rtp/reports.ts';
import {
  RTCP,
  RtcpView,
  writeBye,
  writeReceiverReport,
  writeReportBlock,
  writeSdes,
  writeSenderReport,
} from '../../../media/rtp/rtcp.ts';
import { SendStream } from '../../../media/rtp/send-stream.ts';
import { rtpView } from './packets.ts';

const bytes = new Uint8Array(1500);

test('a compound packet is read as it was written', () => {
  let end = writeSenderReport(bytes, 0, 0xaaaa, 0xdeadbeef, 0x80000000, 160, 50, 8000, 1);
  end = writeReportBlock(bytes, end, 0xbbbb, 64, -3, 70_000, 12, 0x12345678, 65_536);
  end = writeSdes(bytes, end, 0xaaaa, 'someone');
  end = writeBye(bytes, end, 0xaaaa);
  const view = new RtcpView();
  expect(view.begin(bytes, 0, end)).toBe(true);
  expect(view.next()).toBe(true);
  expect(view).toMatchObject({
    type: RTCP.SR,
    count: 1,
    ssrc: 0xaaaa,
    ntpSeconds: 0xdeadbeef,
    ntpFraction: 0x80000000,
    rtpTimestamp: 160,
    senderPackets: 50,
    senderOctets: 8000,
  });
  expect(view.readReport(0)).toBe(true);
  expect(view).toMatchObject({
    reportSsrc: 0xbbbb,
    fractionLost: 64,
    cumulativeLost: -3,
    highestSequence: 70_000,
    jitter: 12,
    lastSr: 0x12345678,
    delaySinceLastSr: 65_536,
  });
  expect(view.readReport(1)).toBe(false);
  expect(view.next()).toBe(true);
  expect(view.type).toBe(RTCP.SDES);
  expect(view.next()).toBe(true);
  expect(view.byeNames(0xaaaa)).toBe(true);
  expect(view.byeNames(0xbbbb)).toBe(false);
  expect(view.next()).toBe(false);
});

test.each([0, 1, 2, 3, 4, 300])(
  'an SDES with a CNAME of %i characters fills whole words and ends its list',
  (length) => {
    const at = writeReceiverReport(bytes, 0, 1, 0);
    bytes.fill(0xff, at);
    const end = writeSdes(bytes, at, 1, 'x'.repeat(length));
    expect((end - at) % 4).toBe(0);
    expect(bytes[end - 1]).toBe(0);
    expect(new RtcpView().begin(bytes, 0, end)).toBe(true);
  },
);

test.each([
  ['nothing', ''],
  ['a BYE first', '81cb000100000001'],
  ['padding in the first', 'a0c9000100000001'],
  ['version 1', '40c9000100000001'],
  ['a length beyond the end', '80c9000200000001'],
  ['a rest that is no packet', '80c900010000000180'],
  ['a second of version 0', '80c900010000000100cb0000'],
])('refused: %s', (_, hex) => {
  const packet = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  expect(new RtcpView().begin(packet, 0, packet.length)).toBe(false);
});

test('a report with fewer blocks than it says is stepped over', () => {
  const end = writeBye(bytes, writeReceiverReport(bytes, 0, 1, 0), 1);
  bytes[0] = 0x81;
  const view = new RtcpView();
  expect(view.begin(bytes, 0, end)).toBe(true);
  expect(view.next()).toBe(true);
  expect(view.type).toBe(RTCP.BYE);
});

interface Party {
  readonly send: SendStream;
  readonly receive: ReceiveStream;
  readonly reports: Reports;
}

function party(ssrc: number, wallOffsetMs: number): Party {
  const send = new SendStream(ssrc, 0, 0, 8000);
  const receive = new ReceiveStream(8000);
  const random = seeded(ssrc);
  return { send, receive, reports: new Reports(send, receive, { cname: 'c', wallOffsetMs, random }, 0) };
}

test('two parties learn round trip and loss from each other, whatever their clocks say', () => {
  const [a, b] = [party(1, 1_790_000_000_000), party(2, 12_345)];
  const oneWayMs = 30;
  const frame = new Uint8Array(16);
  const wire: { at: number; to: Party; packet: Uint8Array }[] = [];
  for (let now = 0; now < 30_000; now += 10) {
    while (wire.length > 0 && wire[0]!.at <= now) {
      const { to, packet } = wire.shift()!;
      expect(to.reports.receive(packet, 0, packet.length, now)).toBe(true);
    }
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (now % 20 === 0) {
        from.send.frame(0, 160, 160, frame, 0, now);
        const { sequence, timestamp, ssrc } = from.send;
        if (from === b || sequence % 4 !== 0) to.receive.receive(rtpView({ sequence, timestamp, ssrc }), now, 'timed');
      }
      const end = from.reports.write(bytes, 0, now);
      expect(end).toBeLessThanOrEqual(REPORT_BYTES_MAX);
      if (end > 0) wire.push({ at: now + oneWayMs, to, packet: bytes.slice(0, end) });
    }
  }
  for (const { reports } of [a, b]) {
    expect(reports.roundTripMs).toBeGreaterThanOrEqual(2 * oneWayMs - 1);
    expect(reports.roundTripMs).toBeLessThanOrEqual(2 * oneWayMs + 11);
    expect(reports.reportsReceived).toBeGreaterThanOrEqual(3);
  }
  expect(a.reports.remoteFractionLost).toBeGreaterThan(56);
  expect(a.reports.remoteFractionLost).toBeLessThan(72);
  expect(b.reports.remoteCumulativeLost).toBe(0);
});

test('reports come every five seconds on average, never together', () => {
  const { reports } = party(7, 0);
  const at: number[] = [];
  for (let now = reports.deadline(); at.length < 200; now = reports.deadline()) {
    expect(reports.write(bytes, 0, now)).toBeGreaterThan(0);
    expect(reports.write(bytes, 0, now)).toBe(0);
    at.push(now);
  }
  const gaps = at.slice(1).map((time, i) => time - at[i]!);
  expect(Math.min(...gaps)).toBeGreaterThan(2000);
  expect(Math.max(...gaps)).toBeLessThan(6200);
  expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeCloseTo(5000 / (Math.E - 1.5), -3);
});

test('RFC 3550 §6.2: reports come twice as often while either party loses packets', () => {
  const perMinute = (isLossy: boolean): number => {
    const { receive, reports } = party(7, 0);
    let count = 0;
    for (let i = 0; i < 3000; i++) {
      const view = rtpView({ sequence: i, timestamp: i * 160, ssrc: 77 });
      if (!isLossy || i % 10 !== 5) receive.receive(view, i * 20, 'timed');
      if (reports.write(bytes, 0, i * 20) > 0) count += 1;
    }
    return count;
  };
  expect(perMinute(true)).toBeGreaterThan(1.6 * perMinute(false));
});

test('who has sent nothing writes an RR, and says BYE with it', () => {
  const { reports } = party(9, 0);
  const end = reports.writeBye(bytes, 0, 100);
  const view = new RtcpView();
  expect(view.begin(bytes, 0, end)).toBe(true);
  const types: number[] = [];
  while (view.next()) types.push(view.type);
  expect(types).toEqual([RTCP.RR, RTCP.SDES, RTCP.BYE]);
});

test('a report about a source tells when its sender report came, and of no other', () => {
  const { receive, reports } = party(9, 0);
  const lastSrAt = (now: number): number => {
    const view = new RtcpView();
    expect(view.begin(bytes, 0, reports.writeBye(bytes, 0, now)) && view.next() && view.readReport(0)).toBe(true);
    return view.lastSr;
  };
  receive.receive(rtpView({ sequence: 1, timestamp: 1, ssrc: 77 }), 0, 'timed');
  reports.receive(bytes, 0, writeSenderReport(bytes, 0, 77, 0x11112222, 0x33334444, 0, 1, 1, 0), 10);
  expect(lastSrAt(20)).toBe(0x22223333);
  receive.receive(rtpView({ sequence: 1, timestamp: 1, ssrc: 78 }), 30, 'timed');
  expect(lastSrAt(40)).toBe(0);
});

test('only a BYE of the present source is one', () => {
  const { receive, reports } = party(9, 0);
  receive.receive(rtpView({ sequence: 1, timestamp: 1, ssrc: 77 }), 0, 'timed');
  const bye = (ssrc: number): void => {
    expect(reports.receive(bytes, 0, writeBye(bytes, writeReceiverReport(bytes, 0, 1, 0), ssrc), 0)).toBe(true);
  };
  bye(78);
  expect(reports.hasLeft).toBe(false);
  bye(77);
  expect(reports.hasLeft).toBe(true);
});

test('a round trip that cannot be is none', () => {
  expect(roundTripMs(0x00020000, 0x00010000, 0x8000)).toBe(500);
  expect(roundTripMs(5, 0xfffffffb, 0)).toBeCloseTo(0.15, 2);
  expect(roundTripMs(1000, 0, 0)).toBeNaN();
  expect(roundTripMs(1000, 1000, 65_536)).toBeNaN();
  expect(roundTripMs(0x7fff0000, 1, 0)).toBeNaN();
});
