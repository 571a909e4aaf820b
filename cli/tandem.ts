import type { Settings } from '../core/kernel/config.ts';
import { Disposal } from '../core/kernel/disposal.ts';
import { LIMITS } from '../core/kernel/limits.ts';
import type { Log } from '../core/kernel/log.ts';
import { assemble, type Machines } from './assemble.ts';
import type { GivenSecrets, Secret } from './bootstrap.ts';
import { openGround } from './ground.ts';
import { hostPort, openHttp } from './http-side.ts';
import { MediaSide } from './media-side.ts';
import { openSip } from './sip-side.ts';

/** What each part may take to close. */
const CLOSE_LIMIT_MS = 10_000;
/** After the last call ended, a BYE or its answer may still have to be repeated, and a recording be completed. */
const LINGER_MS = 2_000;

const WITHOUT_OPUS =
  'Opus is not spoken: expected libopus.so.0 of this system or the package @evan/opus, got neither; install one, or leave it out of --codecs';

const WITHOUT_BATCHES =
  "packets of media go through Node's own sockets, at about three times the cost: expected recvmmsg and sendmmsg of Linux on x64 or arm64, got another system, calls that failed when they were tried, or --rtp-io dgram";

const WITHOUT_PRIORITY =
  'media threads run at usual priority: expected leave to raise it, got none; give the process CAP_SYS_NICE where others need its cores';

export interface TandemOptions {
  readonly settings: Settings;
  readonly given: GivenSecrets;
  readonly log: Log;
}

/**
 * A whole Tandem in this process. Opening rejects with a `Fault` and leaves nothing behind; every part that is open is
 * in the disposal, in the order of opening.
 */
export class Tandem {
  /** As printed at the start: `sip udp 127.0.0.1:5060`. */
  readonly listeners: readonly string[];
  /** Secrets made by this start, to be shown this once. */
  readonly secrets: readonly Secret[];
  readonly machines: Machines;
  readonly media: MediaSide;
  readonly #disposal: Disposal;

  private constructor(
    machines: Machines,
    media: MediaSide,
    disposal: Disposal,
    secrets: readonly Secret[],
    listeners: readonly string[],
  ) {
    this.machines = machines;
    this.media = media;
    this.#disposal = disposal;
    this.secrets = secrets;
    this.listeners = listeners;
  }

  static async open(options: TandemOptions): Promise<Tandem> {
    const disposal = new Disposal(CLOSE_LIMIT_MS);
    try {
      return await Tandem.#open(options, disposal);
    } catch (error) {
      await disposal.dispose();
      throw error;
    }
  }

  /** The parts in order: what is stored, the machines, media threads, SIP sockets, HTTP; then what was left behind. */
  static async #open({ settings, given, log }: TandemOptions, disposal: Disposal): Promise<Tandem> {
    const ground = await openGround(settings, given, disposal);
    const machines = assemble(ground, settings, log, disposal);
    const { plane, wake, effects, backend, node, clock } = machines;
    const media = await MediaSide.start({
      plane,
      count: settings.workers,
      address: 0,
      io: settings.rtpIo,
      streamsMax: LIMITS.mediaStreamsPerWorkerMax,
      mediaTimeoutMs: settings.mediaTimeoutMs,
      country: settings.country,
      wake,
      lost: (thread, reason) => log.error(`${thread} died and was replaced; its calls end`, { reason }),
    });
    disposal.add('media threads', async () => {
      if (!(await media.stop())) log.warn('a media thread did not end in time');
    });
    if (settings.codecs.includes('opus') && !media.workers.hasOpus) log.warn(WITHOUT_OPUS);
    if (media.workers.io.includes('dgram')) log.warn(WITHOUT_BATCHES);
    if (!media.workers.havePriority) log.info(WITHOUT_PRIORITY);
    effects.post = (post) => media.post(post);
    const transports = await openSip(machines, ground, settings, log, disposal);
    machines.watch(media, transports);
    const http = await openHttp(machines, settings, disposal);
    backend.listeners = [
      ...transports.bound.map(({ transport, host, port }) => `sip ${transport} ${hostPort(host, port)}`),
      `http ${hostPort(http.host, http.port)}`,
    ];
    node.restore(ground.left, clock.now());
    machines.begin();
    return new Tandem(machines, media, disposal, ground.secrets, backend.listeners);
  }

  get liveCallCount(): number {
    return this.machines.node.exchange.calls.ledger.liveCount;
  }

  /** Takes no new calls, waits for live ones to end within the time, then ends them. */
  async drain(limitMs: number): Promise<void> {
    const { node, wake, clock, backend } = this.machines;
    const { calls } = node.exchange;
    backend.state = 'draining';
    node.stack.setDraining(true);
    node.exchange.retire();
    wake();
    await quiet(() => calls.ledger.liveCount === 0, limitMs);
    calls.hangupAll('shutting-down', clock.now());
    wake();
    const { recordings } = calls;
    const isDone = (): boolean =>
      calls.ledger.liveCount + calls.leftBehindCount + recordings.liveCount + recordings.uncommittedCount === 0 &&
      node.stack.counters.providerRegistrations === 0;
    await quiet(isDone, LINGER_MS);
  }

  /** Closes everything in the reverse order of opening. Rejects with what could not be closed. */
  close(): Promise<void> {
    return this.#disposal.dispose();
  }
}

/** Looks every 20 ms whether it is so, at most for the time. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function quiet(isSo: () => boolean, limitMs: number): Promise<void> {
  for (let waitedMs = 0; !isSo() && waitedMs < limitMs; waitedMs += 20) await pause(20);
}
