import { pack, parseIpv4 } from './addresses.ts';
import { BatchUdp } from './batch-udp.ts';
import type { Libc } from './libc.ts';
import type { Koffi } from './native.ts';
import type { NativeLayout } from './native-layout.ts';
import type { SocketFamily } from './socket-addresses.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
const SIZES_BYTES = [1, 172, 20];
const FIRST_PORT = 60002;
const PORT_STEP = 34;
const ATTEMPTS_MAX = 16;
const TIMEOUT_MS = 200;

/**
 * True when packets of several sizes, sent through these structures to ourselves, come back with their sizes, bytes and
 * source: the layout is that of this machine.
 */
export function checkBatchUdp(koffi: Koffi, libc: Libc, layout: NativeLayout, family: SocketFamily): boolean {
  const io = new BatchUdp(koffi, libc, layout, { address: LOOPBACK, family });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const port = FIRST_PORT + attempt * PORT_STEP;
      if (io.openPort(port)) return returnsIntact(io, port);
    }
    return false;
  } finally {
    io.close();
  }
}

/** Both sockets of the pair get packets, so that more than one event and more than one message is laid out. */
function returnsIntact(io: BatchUdp, port: number): boolean {
  for (const isRtcp of [false, true]) {
    for (const sizeBytes of SIZES_BYTES) {
      const at = io.reserve();
      io.out.fill(sizeBytes, at, at + sizeBytes);
      io.send(port, isRtcp, Float64Array.of(addressOn(port, isRtcp)), 0, sizeBytes);
    }
  }
  io.flush();
  io.wait(TIMEOUT_MS);
  return isBatchIntact(io, port) && isBatchIntact(io, port);
}

function isBatchIntact(io: BatchUdp, port: number): boolean {
  if (io.receive() !== SIZES_BYTES.length || io.batchPort !== port) return false;
  return SIZES_BYTES.every((sizeBytes, i) => {
    const [start, end] = [io.starts[i]!, io.ends[i]!];
    const isWhole = end - start === sizeBytes && io.bytes.subarray(start, end).every((byte) => byte === sizeBytes);
    return isWhole && io.sources[i] === addressOn(port, io.batchIsRtcp);
  });
}

function addressOn(port: number, isRtcp: boolean): number {
  return pack(LOOPBACK, isRtcp ? port + 1 : port);
}
