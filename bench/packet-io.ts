import { pack, parseIpv4, portOf, STRANGER_IPV6 } from '../media/io/addresses.ts';
import { DgramUdp } from '../media/io/dgram-udp.ts';
import { openBatchUdp } from '../media/io/open-packet-io.ts';
import type { ThreadIo } from '../media/io/packet-io.ts';
import { kernelFloorUs } from './kernel-floor.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
/** The number that stands for ::1. */
const LOOPBACK_IPV6 = STRANGER_IPV6 + 1;
const PACKET_SIZE_BYTES = 172;
const FIRST_PORT = 47_000;

/**
 * CPU time in µs for one packet of 172 bytes sent and received over loopback: in batches of 64 and one by one, through
 * libc (also by sockets of both families, over IPv4 and over IPv6), through `node:dgram`, and by the kernel alone (C,
 * where a compiler is installed).
 */
export async function run(): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  const batch = openBatchUdp({ address: LOOPBACK });
  if (batch !== undefined) {
    results['batchOf64Microseconds'] = await measure(batch, 64, 200_000);
    results['batchOf8Microseconds'] = await measure(batch, 8, 100_000);
    results['batchOf1Microseconds'] = await measure(batch, 1, 50_000);
    batch.close();
  }
  const both = openBatchUdp({ address: LOOPBACK, family: 'both' });
  const six = openBatchUdp({ address: LOOPBACK_IPV6, family: 'both' });
  if (both !== undefined && six !== undefined) {
    results['bothFamiliesBatchOf64Microseconds'] = await measure(both, 64, 200_000);
    six.learnAddress(LOOPBACK_IPV6, '::1');
    results['ipv6BatchOf64Microseconds'] = await measure(six, 64, 200_000, LOOPBACK_IPV6);
    both.close();
    six.close();
  }
  const dgram = new DgramUdp({ address: LOOPBACK });
  results['dgramMicroseconds'] = await measure(dgram, 64, 50_000);
  dgram.close();
  const floor = kernelFloorUs();
  if (floor !== undefined) results['kernelAloneMicroseconds'] = floor;
  return results;
}

/** Sends `perTurn` packets to ourselves, waits, receives them all; CPU µs per packet after a warm-up. */
async function measure(io: ThreadIo, perTurn: number, count: number, own = LOOPBACK): Promise<number> {
  let port = FIRST_PORT;
  while (!io.openPort(port)) port += 2;
  await exchange(io, pack(own, port), perTurn, count / 5);
  const before = process.cpuUsage();
  const received = await exchange(io, pack(own, port), perTurn, count);
  const spent = process.cpuUsage(before);
  io.closePort(port);
  return (spent.user + spent.system) / received;
}

async function exchange(io: ThreadIo, own: number, perTurn: number, count: number): Promise<number> {
  const destination = Float64Array.of(own);
  const port = portOf(own);
  let received = 0;
  while (received < count) {
    for (let i = 0; i < perTurn; i++) {
      const at = io.reserve();
      io.out[at] = 0x80;
      io.send(port, false, destination, 0, PACKET_SIZE_BYTES);
    }
    io.flush();
    received += await receive(io, perTurn);
  }
  return received;
}

/** Receives what was sent, in as many turns as it takes; less when packets are lost. */
async function receive(io: ThreadIo, wanted: number): Promise<number> {
  let received = 0;
  for (let turn = 0; turn < 10 && received < wanted; turn++) {
    const waiting = io.wait(turn === 0 ? 0 : 2);
    if (waiting !== undefined) await waiting;
    for (let batch = io.receive(); batch > 0; batch = io.receive()) received += batch;
  }
  return received;
}
