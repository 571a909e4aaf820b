import { afterEach, expect, test } from 'vitest';
import { pack, parseIpv4 } from '../../../media/io/addresses.ts';
import { BatchUdp } from '../../../media/io/batch-udp.ts';
import { checkBatchUdp } from '../../../media/io/check-batch-udp.ts';
import { bindLibc, type Libc } from '../../../media/io/libc.ts';
import { loadKoffi } from '../../../media/io/native.ts';
import { LINUX, type NativeLayout, nativeLayout } from '../../../media/io/native-layout.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
const koffi = loadKoffi()!;
const libc = bindLibc(koffi);
const layout = nativeLayout(process.platform, process.arch)!;
const opened: BatchUdp[] = [];

afterEach(() => {
  for (const io of opened.splice(0)) io.close();
});

/** Packet I/O on a C library of which some calls fail; its open port. */
function withLibc(faulty: Partial<Libc>): { io: BatchUdp; port: number } {
  const io = new BatchUdp(koffi, { ...libc, ...faulty }, layout, { address: LOOPBACK, family: 'IPv4' });
  opened.push(io);
  for (let port = 51000 + 2 * (process.pid % 4000); port < 65000; port += 2) if (io.openPort(port)) return { io, port };
  throw new Error('expected a free pair of ports');
}

function send(io: BatchUdp, port: number, count: number): void {
  for (let i = 0; i < count; i++) {
    io.out[io.reserve()] = i;
    io.send(port, false, Float64Array.of(pack(LOOPBACK, port)), 0, 1);
  }
  io.flush();
}

function receiveAll(io: BatchUdp): number[] {
  io.wait(50);
  const first: number[] = [];
  for (let count = io.receive(); count > 0; count = io.receive()) {
    for (let i = 0; i < count; i++) first.push(io.bytes[io.starts[i]!]!);
  }
  return first;
}

/** A call that fails with these error numbers before it works. */
function failing(call: Libc['sendMessages'], errors: number[]): { call: Libc['sendMessages']; errno: () => number } {
  let error = 0;
  return {
    call: (...values) => {
      error = errors.shift() ?? 0;
      return error === 0 ? call(...values) : -1;
    },
    errno: () => (error === 0 ? libc.errno() : error),
  };
}

test('a full socket buffer drops the rest of its batch, counted, and nothing of the next one', () => {
  const { call, errno } = failing(libc.sendMessages, [LINUX.EAGAIN]);
  const { io, port } = withLibc({ sendMessages: call, errno });
  send(io, port, 5);
  expect(io.counters).toMatchObject({ sent: 0, dropped: 5, refused: 0 });
  send(io, port, 3);
  expect(receiveAll(io)).toEqual([0, 1, 2]);
});

test('an error that an earlier packet left on the socket costs no packet, in sending or in receiving', () => {
  const sending = failing(libc.sendMessages, [LINUX.ECONNREFUSED]);
  const { io, port } = withLibc({ sendMessages: sending.call, errno: sending.errno });
  send(io, port, 4);
  expect(io.counters).toMatchObject({ sent: 4, refused: 0 });
  expect(receiveAll(io)).toEqual([0, 1, 2, 3]);
  const receiving = failing(libc.receiveMessages, [LINUX.ECONNREFUSED]);
  const other = withLibc({ receiveMessages: receiving.call, errno: receiving.errno });
  send(other.io, other.port, 4);
  expect(receiveAll(other.io)).toEqual([0, 1, 2, 3]);
});

test('a packet that is refused each time is skipped alone', () => {
  const { call, errno } = failing(libc.sendMessages, [LINUX.ECONNREFUSED, LINUX.ECONNREFUSED]);
  const { io, port } = withLibc({ sendMessages: call, errno });
  send(io, port, 4);
  expect(io.counters).toMatchObject({ sent: 3, refused: 1 });
  expect(receiveAll(io)).toEqual([1, 2, 3]);
});

test('each socket costs one call a flush, however its packets were queued', () => {
  const { io, port } = withLibc({});
  const other = port + 2;
  expect(io.openPort(other)).toBe(true);
  for (let i = 0; i < 40; i++) {
    io.out[io.reserve()] = i;
    io.send(i % 2 === 0 ? port : other, false, Float64Array.of(pack(LOOPBACK, port)), 0, 1);
  }
  io.flush();
  expect(io.counters).toMatchObject({ sent: 40, sendCalls: 2 });
});

test('one wait is enough for more packets than one batch holds', () => {
  const { io, port } = withLibc({});
  send(io, port, 200);
  expect(receiveAll(io)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(io.counters.receiveCalls).toBe(4);
});

test('a structure layout that is not that of this machine is noticed before anything depends on it', () => {
  const wrong: readonly NativeLayout[] = [
    nativeLayout('linux', process.arch === 'x64' ? 'arm64' : 'x64')!,
    { ...layout, message: { ...layout.message, length: 60 } },
  ];
  for (const family of ['IPv4', 'both'] as const) {
    expect(checkBatchUdp(koffi, libc, layout, family)).toBe(true);
    for (const candidate of wrong) expect(checkBatchUdp(koffi, libc, candidate, family)).toBe(false);
  }
});

test('a system that is not in the table has no layout, and an addon that is not there is not loaded', () => {
  expect(nativeLayout('linux', 'riscv64')).toBeUndefined();
  expect(nativeLayout('darwin', 'arm64')).toBeUndefined();
  expect(loadKoffi('/nonexistent/koffi.node')).toBeUndefined();
});
