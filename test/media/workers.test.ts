import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { COUNTER } from '../../media/counters.ts';
import { MixExchange } from '../../media/mix-exchange.ts';
import type { FromWorker } from '../../media/protocol.ts';
import { Workers, type WorkersOptions } from '../../media/workers.ts';
import { at, rtp, settings } from './phones.ts';

const LOOPBACK = 0x7f000001;
const A = 1 as LegId;
const B = 2 as LegId;

/** Ports of this file's own; a taken one is reported and another tried. */
let nextPort = 42_000 + 2 * (process.pid % 1000);
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Started {
  readonly workers: Workers;
  readonly messages: { worker: number; message: FromWorker }[];
  readonly lost: string[];
  /** Waits for the first message that fits; each is seen once. */
  take(fits: (message: FromWorker) => boolean): Promise<FromWorker>;
  bindPort(worker: number): Promise<number>;
  whenLost(): Promise<string>;
}

async function start(options: Partial<WorkersOptions> = {}): Promise<Started> {
  const messages: Started['messages'] = [];
  const lost: string[] = [];
  let changed = () => {};
  const workers = await Workers.start({
    count: 1,
    address: LOOPBACK,
    io: 'best',
    streamsMax: 64,
    mediaTimeoutMs: 60_000,
    country: 'US',
    received: (worker, message) => {
      messages.push({ worker, message });
      changed();
    },
    lost: (_, reason) => {
      lost.push(reason);
      changed();
    },
    ...options,
  });
  open.push(() => workers.stop());
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  const take = (fits: (message: FromWorker) => boolean) =>
    until(() => {
      const index = messages.findIndex(({ message }) => fits(message));
      return index === -1 ? undefined : messages.splice(index, 1)[0]!.message;
    });
  const bindPort = async (worker: number): Promise<number> => {
    const port = nextPort;
    nextPort += 2;
    const probe = createSocket('udp4');
    probe.bind(port, '127.0.0.1');
    const isFree = await Promise.race([
      once(probe, 'listening').then(() => true),
      once(probe, 'error').then(() => false),
    ]);
    probe.close();
    if (!isFree) return bindPort(worker);
    workers.post(worker, { kind: 'bindPort', port });
    return port;
  };
  return { workers, messages, lost, take, bindPort, whenLost: () => until(() => lost.shift()) };
}

interface Phone {
  readonly socket: Socket;
  readonly address: number;
  readonly heard: Buffer[];
}

async function phone(): Promise<Phone> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const heard: Buffer[] = [];
  // Nobody here says silence: it is what a leg is greeted with.
  const isGreeting = (packet: Buffer): boolean => packet.length === 172 && packet[12] === 0xff;
  socket.on('message', (packet) => {
    if (!isGreeting(packet)) heard.push(packet);
  });
  open.push(async () => socket.close());
  return { socket, address: at('127.0.0.1', socket.address().port), heard };
}

async function hears({ socket, heard }: Phone, count: number): Promise<void> {
  while (heard.length < count) await once(socket, 'message');
}

async function relayBetween({ workers, bindPort }: Started, worker = 0): Promise<void> {
  const [alice, bob] = [await phone(), await phone()];
  const port = await bindPort(worker);
  workers.post(worker, { kind: 'open', leg: A, slot: 0, settings: settings(alice.address, { port }) });
  workers.post(worker, { kind: 'open', leg: B, slot: 1, settings: settings(bob.address, { port }) });
  workers.post(worker, { kind: 'bridge', a: A, b: B });
  // The posts are served before the thread looks at its sockets again; the port is bound once it is counted.
  while (workers.counters[worker]![COUNTER.streams] !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const payload = new Uint8Array(160).fill(0x55);
    for (let i = 0; i < 20; i++)
      from.socket.send(rtp({ sequence: i, timestamp: i * 160, ssrc: 7 }, payload), port, '127.0.0.1');
    await hears(to, 20);
    expect(to.heard.every((packet) => packet.length === 172 && packet[12] === 0x55)).toBe(true);
  }
  workers.post(worker, { kind: 'close', leg: A });
  workers.post(worker, { kind: 'close', leg: B });
  workers.post(worker, { kind: 'unbindPort', port });
}

for (const io of ['best', 'dgram'] as const) {
  test(`a media thread relays between two phones (${io})`, async () => {
    const started = await start({ io });
    await relayBetween(started);
    await started.take((message) => message.kind === 'closed' && message.leg === B);
    expect(started.workers.counters[0]![COUNTER.packetsRelayed]).toBe(40);
    expect(await started.workers.stop()).toBe(true);
  }, 10_000);

  test(`a thread that breaks is replaced, and the new one relays (${io})`, async () => {
    const started = await start({ io, count: 2 });
    const port = await started.bindPort(1);
    started.workers.post(1, { kind: 'open', leg: A, slot: 0, settings: settings(at('127.0.0.1', 9), { port }) });
    started.workers.post(1, { kind: 'fail' });
    expect(await started.whenLost()).toContain('asked to fail');
    expect(started.workers.replaced).toBe(1);
    await relayBetween(started, 1);
    await relayBetween(started, 0);
  }, 10_000);
}

test('a thread that rests in the kernel stops in time, twenty times in a row', async () => {
  for (let round = 0; round < 20; round++) {
    const { workers } = await start();
    const before = performance.now();
    expect(await workers.stop()).toBe(true);
    expect(performance.now() - before).toBeLessThan(1000);
  }
}, 30_000);

test('a message reaches a resting thread at once, not at its next look', async () => {
  const started = await start();
  const before = performance.now();
  for (let round = 0; round < 10; round++) {
    const port = await started.bindPort(0);
    started.workers.post(0, { kind: 'open', leg: A, slot: 0, settings: settings(at('127.0.0.1', 9), { port }) });
    started.workers.post(0, {
      kind: 'play',
      leg: A,
      play: round + 1,
      source: { kind: 'samples', samples: new SharedArrayBuffer(2) },
    });
    await started.take((message) => message.kind === 'played');
    started.workers.post(0, { kind: 'close', leg: A });
  }
  expect(performance.now() - before).toBeLessThan(1000);
}, 10_000);

test('a port that another program has is reported', async () => {
  const started = await start();
  const other = await phone();
  const port = other.socket.address().port;
  started.workers.post(0, { kind: 'bindPort', port: port - (port % 2) });
  expect(await started.take((message) => message.kind === 'portFailed')).toMatchObject({ port: port - (port % 2) });
}, 10_000);

test.each(['best', 'dgram'] as const)('two threads carry one conference (%s)', async (io) => {
  const { workers, bindPort } = await start({ io, count: 2 });
  const [alice, bob] = [await phone(), await phone()];
  const [mix, exchange] = [1 as MixId, MixExchange.allocate(2)];
  const ports = [await bindPort(0), await bindPort(1)] as const;
  for (const [worker, leg, { address }] of [
    [0, A, alice],
    [1, B, bob],
  ] as const) {
    workers.post(worker, { kind: 'open', leg, slot: 0, settings: settings(address, { port: ports[worker] }) });
    workers.post(worker, { kind: 'join', leg, mix });
    workers.post(worker, { kind: 'spanMix', mix, exchange, own: worker, others: [1 - worker] });
  }
  const voice = new Uint8Array(160).fill(0x10);
  const heardVoice = () => bob.heard.some((packet) => packet.subarray(12).every((byte) => byte === 0x10));
  // A packet every 20 ms, until the other thread's member hears one.
  for (let sequence = 0; !heardVoice(); sequence++) {
    const packet = rtp({ sequence, timestamp: sequence * 160, ssrc: 9 }, voice);
    alice.socket.send(packet, ports[0], '127.0.0.1');
    await Promise.race([once(bob.socket, 'message'), new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  expect(alice.heard).toEqual([]);
  expect(workers.counters[0]![COUNTER.packetsRelayed]).toBe(0);
});
