import { assert } from '../../core/kernel/assert.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type {
  ExternalMediaEvent,
  ExternalMediaPlane,
  ExternalMediaRequest,
  MixTerms,
  StreamLinkEvent,
  StreamLinkOrder,
} from '../../core/ports.ts';
import type { PlaneMixes } from '../plane-mixes.ts';
import type { PlaneOutput } from '../plane-output.ts';
import { FRAME_MS, StreamSession } from './stream-session.ts';

interface Entry {
  readonly request: ExternalMediaRequest;
  readonly session: StreamSession;
  /** The media thread that carries the other end of its rings. */
  readonly worker: number;
}

export interface PlaneExternalsOptions {
  readonly outputs: PlaneOutput[];
  readonly random: Random;
  readonly clock: Clock;
  /** A conference that a program hears is one that somebody is in. */
  readonly mixes: Pick<PlaneMixes, 'tap' | 'untap'>;
  /** The thread that carries what is to be heard; undefined when there is nothing. */
  readonly workerOf: (source: ExternalMediaRequest['source']) => number | undefined;
}

type Reason = Extract<ExternalMediaEvent, { kind: 'externalEnded' }>['reason'];

/** The programs outside of all calls, as the plane keeps them: a session each, and its way to the program and to the thread. */
export class PlaneExternals implements ExternalMediaPlane {
  readonly #options: PlaneExternalsOptions;
  readonly #entries = new LiveMap<ExternalMediaId, Entry>();
  #nextAt: Instant = NEVER;

  constructor(options: PlaneExternalsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** Without a thread there is nothing to hear, and it fails. */
  attach(id: ExternalMediaId, request: ExternalMediaRequest): void {
    assert(!this.#entries.has(id), `external media ${id} is there already`);
    const { random, clock, workerOf } = this.#options;
    const now = clock.now();
    const worker = workerOf(request.source);
    const ssrc = Math.floor(random.next() * 2 ** 32);
    const session = new StreamSession({ id, request, ssrc }, now);
    this.#entries.set(id, { request, session, worker: worker ?? -1 });
    const { source, target, transport } = request;
    if (worker === undefined) {
      this.#end(id, 'failed', 'there is no stream to listen to');
      return;
    }
    if (this.#nextAt === NEVER) this.#nextAt = now + FRAME_MS;
    if (target !== undefined) this.#link({ kind: 'open', id, transport, target });
    const { rateHz, heardRing, saidRing } = session;
    const order = { id, rateHz, listen: request.listen, speak: request.speak, heardRing, saidRing };
    const message =
      source.kind === 'leg'
        ? ({ kind: 'attach', leg: source.leg, order } as const)
        : ({ kind: 'attachMix', mix: source.mix, order } as const);
    this.#options.outputs.push({ kind: 'post', worker, message });
    if (source.kind === 'mix') this.#options.mixes.tap(source.mix, id, worker);
  }

  detach(id: ExternalMediaId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.session.stop();
    this.#drain(id, entry);
    this.#link({ kind: 'close', id, reason: 'the call or the stream has ended' });
    this.#end(id, 'stopped', '');
  }

  takePart(id: ExternalMediaId, terms: MixTerms, inDb: number, outDb: number): void {
    const worker = this.#entries.get(id)?.worker ?? -1;
    if (worker === -1) return;
    const message = { kind: 'partake', external: id, terms, inDb, outDb } as const;
    this.#options.outputs.push({ kind: 'post', worker, message });
  }

  /** Of the way to a program. What comes of one that is over has no effect. */
  receive(event: StreamLinkEvent): void {
    const entry = this.#entries.get(event.id);
    if (entry === undefined) return;
    const { session } = entry;
    switch (event.kind) {
      case 'opened': {
        const { id, localAddress, localPort } = event;
        session.open();
        this.#options.outputs.push({ kind: 'externalOpened', external: id, localAddress, localPort });
        break;
      }
      case 'received':
        session.receive(event.message);
        break;
      case 'closed':
        this.#end(event.id, session.isOpen ? 'closed' : 'failed', event.detail, event.dropped);
        return;
    }
    this.#drain(event.id, entry);
    if (session.isStopped) this.#endByProgram(event.id);
  }

  key(id: ExternalMediaId, digit: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.session.digit(digit);
    this.#drain(id, entry);
  }

  /** The thread died, or the leg's stream is gone. */
  lose(isLost: (request: ExternalMediaRequest, worker: number) => boolean, detail: string): void {
    for (const [id, { request, worker }] of this.#entries) {
      if (!isLost(request, worker)) continue;
      this.#link({ kind: 'close', id, reason: detail });
      this.#end(id, 'failed', detail);
    }
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  expire(now: Instant): void {
    if (this.#nextAt > now) return;
    for (const [id, entry] of this.#entries) {
      entry.session.expire(now);
      this.#drain(id, entry);
    }
    this.#nextAt = this.#entries.size === 0 ? NEVER : Math.max(this.#nextAt + FRAME_MS, now);
  }

  #link(order: StreamLinkOrder): void {
    this.#options.outputs.push({ kind: 'link', order });
  }

  #drain(id: ExternalMediaId, { session }: Entry): void {
    for (let message = session.poll(); message !== undefined; message = session.poll()) {
      this.#link({ kind: 'send', id, message });
    }
  }

  #endByProgram(id: ExternalMediaId): void {
    this.#link({ kind: 'close', id, reason: 'stopped' });
    this.#end(id, 'closed', 'stopped by the program');
  }

  #end(id: ExternalMediaId, reason: Reason, detail: string, dropped = 0): void {
    const { session, worker, request } = this.#entries.get(id)!;
    this.#entries.delete(id);
    if (this.#entries.size === 0) this.#nextAt = NEVER;
    if (worker !== -1) this.#options.outputs.push({ kind: 'post', worker, message: { kind: 'detach', external: id } });
    if (request.source.kind === 'mix') this.#options.mixes.untap(request.source.mix, id);
    const figures = session.figures();
    const lostMs = figures.lostMs + dropped * FRAME_MS;
    this.#options.outputs.push({
      kind: 'externalEnded',
      external: id,
      reason,
      detail,
      figures: { ...figures, lostMs },
    });
  }
}
