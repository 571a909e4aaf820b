import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { addressOf, formatIpv4, pack, parseIpv4, STRANGER_IPV6 } from '../../../media/io/addresses.ts';
import { DgramUdp } from '../../../media/io/dgram-udp.ts';
import { openBatchUdp } from '../../../media/io/open-packet-io.ts';
import type { ThreadIo } from '../../../media/io/packet-io.ts';
import { Waker } from '../../../media/io/waker.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
const TURNS_MAX = 60;

const implementations: readonly { name: string; open: () => ThreadIo }[] = [
  { name: 'BatchUdp', open: () => openBatchUdp({ address: LOOPBACK })! },
  { name: 'BatchUdp with sockets of both families', open: () => openBatchUdp({ address: LOOPBACK, family: 'both' })! },
  { name: 'DgramUdp', open: () => new DgramUdp({ address: LOOPBACK }) },
];

interface Received {
  readonly port: number;
  readonly isRtcp: boolean;
  readonly source: number;
  readonly bytes: Uint8Array;
}

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Waits and receives until `count` packets have come or the bound on turns is reached. */
async function receive(io: ThreadIo, count: number): Promise<Received[]> {
  const received: Received[] = [];
  for (let turn = 0; turn < TURNS_MAX && received.length < count; turn++) {
    // What the test itself sends leaves by the event loop, which a blocking wait would hold up.
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = io.wait(50);
    if (waiting !== undefined) await waiting;
    for (let batch = io.receive(); batch > 0; batch = io.receive()) {
      for (let i = 0; i < batch; i++) {
        const bytes = io.bytes.slice(io.starts[i]!, io.ends[i]!);
        received.push({ port: io.batchPort, isRtcp: io.batchIsRtcp, source: io.sources[i]!, bytes });
      }
    }
  }
  return received;
}

/** Lets what is on its way out of the event loop arrive; nothing to do for a blocking implementation. */
async function settle(io: ThreadIo): Promise<void> {
  io.flush();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function put(io: ThreadIo, port: number, destination: number, bytes: Uint8Array, isRtcp = false): void {
  const at = io.reserve();
  io.out.set(bytes, at);
  io.send(port, isRtcp, Float64Array.of(destination), 0, bytes.length);
}

let nextPort = 41000 + 2 * (process.pid % 4000);

/** A port pair of this machine that is free, opened; another one each time. */
function openFreePort(io: ThreadIo): number {
  for (; nextPort < 65000; nextPort += 2) {
    if (!io.openPort(nextPort)) continue;
    nextPort += 2;
    return nextPort - 2;
  }
  throw new Error('expected a free pair of ports');
}

async function peer(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return socket;
}

function messages(socket: Socket, count: number): Promise<Uint8Array[]> {
  const received: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`expected ${count} packets, got ${received.length}`)), 3000);
    socket.on('message', (bytes) => {
      received.push(new Uint8Array(bytes));
      if (received.length < count) return;
      clearTimeout(timer);
      resolve(received);
    });
  });
}

describe.each(implementations)('$name', ({ open }) => {
  const opened = (): ThreadIo => {
    const io = open();
    closers.push(() => io.close());
    return io;
  };

  test('a packet arrives with its bytes, its source and our port, and its answer goes back', {
    timeout: 8000,
  }, async () => {
    const io = opened();
    const port = openFreePort(io);
    const phone = await peer();
    phone.send(Uint8Array.of(1, 2, 3), port, '127.0.0.1');
    phone.send(Uint8Array.of(4, 5), port + 1, '127.0.0.1');
    const received = await receive(io, 2);
    const source = pack(LOOPBACK, phone.address().port);
    expect(received.find(({ isRtcp }) => !isRtcp)).toEqual({
      port,
      isRtcp: false,
      source,
      bytes: Uint8Array.of(1, 2, 3),
    });
    expect(received.find(({ isRtcp }) => isRtcp)).toEqual({ port, isRtcp: true, source, bytes: Uint8Array.of(4, 5) });
    const answers = messages(phone, 2);
    put(io, port, source, Uint8Array.of(7));
    put(io, port, source, Uint8Array.of(8), true);
    io.flush();
    expect((await answers).map(([byte]) => byte).sort()).toEqual([7, 8]);
    expect(io.counters).toMatchObject({ received: 2, sent: 2, refused: 0, dropped: 0, truncated: 0 });
  });

  test('packets of one socket keep their order, in and out, over several batches', { timeout: 8000 }, async () => {
    const io = opened();
    const [a, b] = [openFreePort(io), openFreePort(io)];
    for (let i = 0; i < 200; i++) {
      put(io, a, pack(LOOPBACK, b), Uint8Array.of(i));
      put(io, b, pack(LOOPBACK, a), Uint8Array.of(i));
    }
    io.flush();
    const received = await receive(io, 400);
    for (const port of [a, b]) {
      const sequence = received.filter((packet) => packet.port === port).map(({ bytes }) => bytes[0]);
      expect(sequence).toEqual(Array.from({ length: 200 }, (_, i) => i));
    }
  });

  test('more packets than fit into one flush are all sent', { timeout: 8000 }, async () => {
    const io = opened();
    const port = openFreePort(io);
    for (let i = 0; i < 700; i++) put(io, port, pack(LOOPBACK, port), Uint8Array.of(i & 255, i >> 8));
    io.flush();
    const received = await receive(io, 700);
    expect(received.map(({ bytes }) => bytes[0]! + 256 * bytes[1]!)).toEqual(Array.from({ length: 700 }, (_, i) => i));
  });

  test('a packet longer than the buffers is counted and thrown away, its neighbours stay', {
    timeout: 8000,
  }, async () => {
    const io = opened();
    const port = openFreePort(io);
    const phone = await peer();
    for (const size of [2048, 2049, 5]) phone.send(new Uint8Array(size), port, '127.0.0.1');
    const received = await receive(io, 2);
    expect(received.map(({ bytes }) => bytes.length)).toEqual([2048, 5]);
    expect(io.counters).toMatchObject({ received: 2, truncated: 1 });
  });

  test('a refused packet is counted and skipped, the others of its batch are sent', { timeout: 8000 }, async () => {
    const io = opened();
    const port = openFreePort(io);
    for (let i = 0; i < 6; i++) put(io, port, pack(LOOPBACK, i === 2 ? 0 : port), Uint8Array.of(i));
    io.flush();
    const received = await receive(io, 5);
    expect(received.map(({ bytes }) => bytes[0])).toEqual([0, 1, 3, 4, 5]);
    expect(io.counters).toMatchObject({ sent: 5, refused: 1 });
  });

  test('a port where nobody listens takes nothing away from the other streams of the socket', {
    timeout: 8000,
  }, async () => {
    const io = opened();
    const port = openFreePort(io);
    const deaf = createSocket('udp4');
    deaf.bind(0, '127.0.0.1');
    await once(deaf, 'listening');
    const deafPort = deaf.address().port;
    deaf.close();
    for (let i = 0; i < 20; i++) {
      put(io, port, pack(LOOPBACK, deafPort), Uint8Array.of(99));
      io.flush();
      put(io, port, pack(LOOPBACK, port), Uint8Array.of(i));
      io.flush();
    }
    const received = await receive(io, 20);
    expect(received.map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('a port that is taken, as RTP or as RTCP, is not opened and leaves nothing behind', {
    timeout: 8000,
  }, async () => {
    const [first, second] = [opened(), opened()];
    const port = openFreePort(first);
    expect(second.openPort(port)).toBe(false);
    const phone = await peer();
    const odd = phone.address().port % 2 === 1;
    const pair = odd ? phone.address().port - 1 : phone.address().port;
    expect(second.openPort(pair)).toBe(false);
    const free = createSocket('udp4');
    closers.push(() => free.close());
    free.bind(odd ? pair : pair + 1, '127.0.0.1');
    await once(free, 'listening');
  });

  test('a closed port is free again, and so are all after close', { timeout: 8000 }, async () => {
    const io = opened();
    const [a, b] = [openFreePort(io), openFreePort(io)];
    io.closePort(a);
    await settle(io);
    expect(io.openPort(a)).toBe(true);
    put(io, b, pack(LOOPBACK, a), Uint8Array.of(1));
    io.flush();
    expect(await receive(io, 1)).toHaveLength(1);
    io.close();
    await settle(io);
    const next = opened();
    expect([next.openPort(a), next.openPort(b)]).toEqual([true, true]);
  });

  test('what is sent from a port that is not open is counted as refused', { timeout: 8000 }, () => {
    const io = opened();
    put(io, 40000, pack(LOOPBACK, 40000), Uint8Array.of(1));
    io.flush();
    expect(io.counters).toMatchObject({ sent: 0, refused: 1 });
  });

  test('a thread that waits is woken from another one, each time', { timeout: 20000 }, async () => {
    const name = open === implementations.at(-1)!.open ? 'dgram' : 'batch';
    const worker = new Worker(new URL('./waiting-thread.ts', import.meta.url), { workerData: name });
    try {
      const [handle] = (await once(worker, 'message')) as [number];
      const waker = new Waker(handle);
      for (let i = 0; i < 3; i++) {
        const woken = once(worker, 'message');
        waker.wake();
        const [waitedMs] = (await woken) as [number];
        expect(waitedMs).toBeLessThan(900);
      }
      waker.close();
    } finally {
      await worker.terminate();
    }
  });

  test('a wake handle that was handed over outlives the I/O, until its waker is closed', async () => {
    const io = opened();
    const handle = io.handOverWakeHandle();
    const waker = new Waker(handle);
    io.close();
    expect(() => waker.wake()).not.toThrow();
    waker.close();
    if (handle >= 0) expect(() => fstatSync(handle)).toThrow('EBADF');
  });

  test('a wait without traffic ends after its time', { timeout: 8000 }, async () => {
    const io = opened();
    openFreePort(io);
    for (const timeoutMs of [0, 0.4, 5]) {
      const before = performance.now();
      await io.wait(timeoutMs);
      expect(performance.now() - before).toBeGreaterThanOrEqual(Math.floor(timeoutMs) - 1);
      expect(io.receive()).toBe(0);
    }
  });
});

const HERE = STRANGER_IPV6 + 1;

const ofIpv6: readonly { name: string; open: () => ThreadIo }[] = [
  { name: 'BatchUdp', open: () => openBatchUdp({ address: HERE, family: 'both' })! },
  { name: 'DgramUdp', open: () => new DgramUdp({ address: HERE }) },
];

describe.each(ofIpv6)('$name over IPv6', ({ open }) => {
  const opened = (): { io: ThreadIo; port: number } => {
    const io = open();
    closers.push(() => io.close());
    io.learnAddress(HERE, '0:0:0:0:0:0:0:1');
    return { io, port: openFreePort(io) };
  };

  test('packets of RTP and RTCP arrive from an address that was learnt, and answers go back', {
    timeout: 8000,
  }, async () => {
    const { io, port } = opened();
    const phone = await peer('::1');
    phone.send(Uint8Array.of(1, 2, 3), port, '::1');
    phone.send(Uint8Array.of(4, 5), port + 1, '::1');
    const received = await receive(io, 2);
    const source = pack(HERE, phone.address().port);
    expect(received.map((packet) => packet.source)).toEqual([source, source]);
    expect(received.map(({ isRtcp, bytes }) => [isRtcp, bytes.length])).toEqual(
      expect.arrayContaining([
        [false, 3],
        [true, 2],
      ]),
    );
    const answers = messages(phone, 2);
    put(io, port, source, Uint8Array.of(7));
    put(io, port, source, Uint8Array.of(8), true);
    io.flush();
    expect((await answers).map(([byte]) => byte).sort()).toEqual([7, 8]);
    expect(io.counters).toMatchObject({ received: 2, sent: 2, refused: 0 });
  });

  test('an address that was forgotten is any stranger, and nothing is sent to it', { timeout: 8000 }, async () => {
    const { io, port } = opened();
    const phone = await peer('::1');
    io.forgetAddress(HERE);
    phone.send(Uint8Array.of(1), port, '::1');
    const [packet] = await receive(io, 1);
    expect(addressOf(packet!.source)).toBe(STRANGER_IPV6);
    for (const remote of [packet!.source, pack(HERE, phone.address().port)]) put(io, port, remote, Uint8Array.of(7));
    io.flush();
    expect(io.counters).toMatchObject({ received: 1, sent: 0, refused: 2 });
  });
});

test('the address that a socket is bound to reads back as it was given', () => {
  expect(formatIpv4(LOOPBACK)).toBe('127.0.0.1');
});
