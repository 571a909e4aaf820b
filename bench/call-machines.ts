import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { assemble, type Machines } from '../cli/assemble.ts';
import { openGround } from '../cli/ground.ts';
import { Account } from '../cli/load/account.ts';
import { Phones } from '../cli/load/phones.ts';
import { Requests } from '../cli/load/requests.ts';
import { Streams } from '../cli/load/streams.ts';
import { Tally } from '../cli/load/tally.ts';
import type { CommandResult } from '../core/command.ts';
import { INCOMING_ONLY } from '../core/directory/provider-terms.ts';
import { assert } from '../core/kernel/assert.ts';
import { readSettings } from '../core/kernel/config.ts';
import { Disposal } from '../core/kernel/disposal.ts';
import type { CustomerId, FlowId } from '../core/kernel/ids.ts';
import { LineLog } from '../core/kernel/log.ts';
import type { TransportAddress } from '../core/ports.ts';
import { DgramUdp } from '../media/io/dgram-udp.ts';
import type { StreamReport } from '../media/protocol.ts';

const PASSWORD = 'secret-of-the-bench';
const SWITCH_PORT = 5060;
const PHONES: TransportAddress = { transport: 'udp', address: '127.0.0.1', port: 30_000 };
const ACCOUNTS = 200;
const SCRIPTED = '+49301000';
/** Few enough that the collector does not run within a round. */
export const CALLS_PER_ROUND = 20;
const ROUNDS_WARM = 150;
const ROUNDS = 400;
/** What an ended call leaves rests; later it is gone. */
const RESTED_MS = 3_000;
const NO_REPORT: StreamReport = {
  packetsReceived: 0,
  packetsSent: 0,
  packetsLost: 0,
  jitterMs: 0,
  remoteLossShare: 0,
  remoteJitterMs: 0,
  roundTripMs: -1,
};

/**
 * Calls through all machines of a Tandem and its store, but no sockets, no media threads and none of the kernel's share:
 * the phones of the load generator speak with it in this thread, and their part (some 25 µs and 25 kB of a call) is in
 * every figure. `Us` is the least of many rounds, `Kb` what is allocated for one call, `restKb` what is kept of it.
 */
export async function run(): Promise<Record<string, number>> {
  return { ...(await measured('bridged')), ...(await measured('scripted')) };
}

async function measured(kind: 'bridged' | 'scripted'): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  const disposal = new Disposal(10_000);
  try {
    const side = await BothSides.open(folder, disposal, kind);
    for (let i = 0; i < ROUNDS_WARM; i++) await side.round();
    const us: number[] = [];
    const kb: number[] = [];
    const base = await side.rested();
    for (let i = 0; i < ROUNDS; i++) {
      const heapBefore = process.memoryUsage().heapUsed;
      const startedAt = performance.now();
      await side.round();
      us.push(((performance.now() - startedAt) * 1000) / CALLS_PER_ROUND);
      kb.push((process.memoryUsage().heapUsed - heapBefore) / CALLS_PER_ROUND / 1000);
    }
    const kept = (await side.rested()) - base;
    const inOrder = us.sort((a, b) => a - b);
    return {
      [`${kind}CallUs least tenth`]: inOrder[Math.floor(us.length / 10)]!,
      [`${kind}CallUs median`]: inOrder[Math.floor(us.length / 2)]!,
      [`${kind}CallKb`]: kb.sort((a, b) => a - b)[Math.floor((kb.length * 3) / 4)]!,
      [`${kind}CallRestKb`]: kept / (ROUNDS * CALLS_PER_ROUND) / 1000,
    };
  } finally {
    await disposal.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Tandem and the phones of the generator, each given what the other says. */
export class BothSides {
  readonly #machines: Machines;
  readonly #phones: Phones;
  readonly #requests: Requests;
  readonly #tally: Tally;
  /** Without audio nothing is opened on it. */
  readonly #io: DgramUdp;

  private constructor(machines: Machines, kind: 'bridged' | 'scripted') {
    this.#machines = machines;
    const requests = new Requests(kind);
    this.#requests = requests;
    this.#tally = new Tally();
    const line = { server: `127.0.0.1:${SWITCH_PORT}`, address: PHONES.address, port: PHONES.port, run: kind };
    this.#io = new DgramUdp({ address: 0 });
    const streams = new Streams(this.#io, 'off', PHONES.port + 2);
    const accounts = Array.from({ length: ACCOUNTS }, (_, i) => new Account(String(20_000 + i), PASSWORD));
    const destination = kind === 'scripted' ? SCRIPTED : '';
    this.#phones = new Phones(accounts, destination, { line, requests, streams, tally: this.#tally });
  }

  static async open(folder: string, disposal: Disposal, kind: 'bridged' | 'scripted'): Promise<BothSides> {
    const reading = readSettings({ flags: { data: folder } });
    assert(reading.kind === 'read', 'the defaults are fine');
    const log = new LineLog({ level: 'warn', format: 'json', sink: () => undefined, wallTime: () => 0 });
    const ground = await openGround(reading.settings, { adminPassword: undefined, accesskey: undefined }, disposal);
    const machines = assemble(ground, reading.settings, log, disposal);
    ground.directory.addOwnHost('127.0.0.1');
    const side = new BothSides(machines, kind);
    disposal.add('ports', () => side.#io.close());
    side.#connect();
    machines.begin();
    const customerId = [...ground.directory.customers.values()][0]!.id;
    if (kind === 'scripted') await side.#makeNumber(customerId);
    else await side.#register(customerId);
    return side;
  }

  /** Calls begun together, answered, ended. */
  async round(): Promise<void> {
    const { clock } = this.#machines;
    const ended = this.#tally.endedCount + CALLS_PER_ROUND;
    for (let i = 0; i < CALLS_PER_ROUND; i++) this.#phones.place(clock.now());
    for (let turns = 0; this.#tally.endedCount < ended; turns++) {
      assert(turns < 10_000 && this.#tally.failedCount === 0, 'a call ends soon, and well');
      this.#speak();
      this.#phones.hangupAnswered(clock.now(), clock.now());
      this.#speak();
      await turn();
    }
    this.#phones.expire(clock.now());
  }

  /** Heap in use, once all that ends soon has ended. */
  async rested(): Promise<number> {
    const until = performance.now() + RESTED_MS;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.#speak();
    }
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().heapUsed;
  }

  #connect(): void {
    const { effects, plane, clock, wake } = this.#machines;
    effects.addressFor = () => '127.0.0.1';
    effects.contactFor = (peer) => ({ host: '127.0.0.1', port: SWITCH_PORT, transport: peer.transport });
    effects.send = ({ bytes }) => this.#phones.receive(Buffer.from(bytes).toString('latin1'), clock.now());
    effects.post = (post) => {
      if (post.kind !== 'post' || post.message.kind !== 'close') return;
      plane.receive(post.worker, { kind: 'closed', leg: post.message.leg, report: NO_REPORT });
      wake();
    };
  }

  #speak(): void {
    const { node, clock, wake } = this.#machines;
    for (let text = this.#requests.poll(); text !== undefined; text = this.#requests.poll()) {
      node.receive({ bytes: Buffer.from(text, 'latin1'), source: PHONES, localPort: SWITCH_PORT }, clock.now());
      wake();
    }
  }

  /** A number whose calls are answered, and stand until the caller hangs up; the trunk is the phones' address. */
  async #makeNumber(customerId: CustomerId): Promise<void> {
    const { backend } = this.#machines;
    const by = { kind: 'operator' } as const;
    const trunk = {
      domainName: 'load',
      name: '',
      detail: '',
      authTypes: ['ip'],
      username: '',
      password: '',
      allowedIps: [PHONES.address],
      ...INCOMING_ONLY,
    } as const;
    made(await backend.execute({ kind: 'createTrunk', customerId, fields: trunk }, by));
    const actions = [
      { type: 'answer', option: {} },
      { type: 'sleep', option: { duration: 1000 } },
    ] as const;
    const flow = await backend.execute(
      {
        kind: 'createFlow',
        customerId,
        fields: { type: 'flow', name: '', detail: '', actions: actions as never, onCompleteFlowId: null },
      },
      by,
    );
    const fields = {
      number: SCRIPTED,
      type: 'normal',
      callFlowId: made(flow) as FlowId,
      messageFlowId: null,
      name: '',
      detail: '',
    } as const;
    made(await backend.execute({ kind: 'createNumber', customerId, fields }, by));
  }

  async #register(customerId: CustomerId): Promise<void> {
    const { backend, clock } = this.#machines;
    const by = { kind: 'operator' } as const;
    const names = this.#phones.registrations.map(({ account }) => account.user);
    const results = names.map((extension) =>
      backend.execute(
        {
          kind: 'createExtension',
          customerId,
          extension,
          password: PASSWORD,
          name: '',
          detail: '',
          codecs: '',
          srtp: 'off',
        },
        by,
      ),
    );
    for (const result of await Promise.all(results)) made(result);
    for (const registration of this.#phones.registrations) registration.register(clock.now());
    for (let turns = 0; this.#phones.registrations.some(({ isPending }) => isPending); turns++) {
      assert(turns < 10_000, 'the phones register soon');
      this.#speak();
      await turn();
    }
  }
}

/** The id of what was made. */
function made(result: CommandResult): string {
  assert(result.kind === 'done', `refused: ${JSON.stringify(result)}`);
  return String(result.id);
}
