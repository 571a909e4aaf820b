import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { ExternalMediaFigures, ExternalMediaRequest } from '../../core/ports.ts';
import { PcmRing } from '../ring.ts';
import { AudioSocket } from './audio-socket.ts';
import { BareSamples, SilentEncapsulation } from './bare-samples.ts';
import type { Encapsulation, StreamMessage } from './encapsulation.ts';
import { Injection } from './injection.ts';
import { MediaMessages } from './media-messages.ts';
import { RtpPackets } from './rtp-packets.ts';
import { rateOf } from './sample-bytes.ts';

export const FRAME_MS = 20;
/** Between the threads; what waits longer waits on the main thread. */
const RING_S = 1;

export interface StreamSessionOptions {
  readonly id: ExternalMediaId;
  readonly request: ExternalMediaRequest;
  /** For RTP of our own. */
  readonly ssrc: number;
}

/**
 * The main thread's side of one program outside: its messages against two rings of samples. A machine: messages in by
 * `receive`, what is to be sent by `poll`, and every 20 ms `expire`.
 */
export class StreamSession {
  readonly rateHz: number;
  readonly heardRing: SharedArrayBuffer;
  readonly saidRing: SharedArrayBuffer;
  readonly #encapsulation: Encapsulation;
  readonly #heard: PcmRing;
  readonly #injection: Injection;
  readonly #frame: Int16Array;
  readonly #outputs: StreamMessage[] = [];
  readonly #speaks: boolean;
  #heardFrames = 0;
  #malformed = 0;
  isOpen = false;
  /** The program wants no more. */
  isStopped = false;

  constructor(options: StreamSessionOptions, now: Instant) {
    const { request } = options;
    this.rateHz = rateOf(request.format);
    this.heardRing = PcmRing.allocate(RING_S * this.rateHz);
    this.saidRing = PcmRing.allocate(RING_S * this.rateHz);
    this.#heard = new PcmRing(this.heardRing);
    this.#injection = new Injection(new PcmRing(this.saidRing), this.rateHz, now);
    this.#encapsulation = encapsulationOf(options);
    this.#frame = new Int16Array((this.rateHz * FRAME_MS) / 1000);
    this.#speaks = request.speak !== '';
  }

  /** The way to the program is open. */
  open(): void {
    this.isOpen = true;
    this.#outputs.push(...this.#encapsulation.open());
  }

  receive(message: StreamMessage): void {
    for (const said of this.#encapsulation.decode(message)) {
      switch (said.kind) {
        case 'audio':
          if (this.#speaks) this.#injection.say(said.samples);
          break;
        case 'mark':
          this.#injection.mark(said.name);
          break;
        case 'clear':
          this.#injection.clear();
          break;
        case 'stop':
          this.isStopped = true;
          break;
        case 'malformed':
          this.#malformed += 1;
          break;
      }
    }
    this.#tellMarks();
  }

  /** A key of the far end. */
  digit(digit: string): void {
    if (this.isOpen) this.#push(this.#encapsulation.digit(digit));
  }

  /** Every 20 ms: what was heard goes out, what was said goes on. */
  expire(now: Instant): void {
    this.#injection.expire(now);
    const frame = this.#frame;
    while (this.#heard.waiting >= frame.length) {
      this.#heard.read(frame);
      if (!this.isOpen) continue;
      this.#heardFrames += 1;
      this.#push(this.#encapsulation.encode(frame));
    }
    this.#tellMarks();
  }

  /** We end it. */
  stop(): void {
    if (this.isOpen) this.#outputs.push(...this.#encapsulation.stop());
  }

  poll(): StreamMessage | undefined {
    return this.#outputs.shift();
  }

  /** How it was, without what the way to the program has dropped. */
  figures(): ExternalMediaFigures {
    const msOf = (samples: number): number => Math.round((samples * 1000) / this.rateHz);
    return {
      heardMs: this.#heardFrames * FRAME_MS,
      saidMs: msOf(this.#injection.played),
      droppedMs: msOf(this.#injection.droppedSamples),
      lostMs: msOf(this.#heard.lostSamples),
      malformed: this.#malformed,
    };
  }

  #tellMarks(): void {
    for (let reached = this.#injection.poll(); reached !== undefined; reached = this.#injection.poll()) {
      this.#push(this.#encapsulation.mark(reached.name, reached.playedMs));
    }
  }

  #push(message: StreamMessage | undefined): void {
    if (message !== undefined) this.#outputs.push(message);
  }
}

function encapsulationOf({ id, request, ssrc }: StreamSessionOptions): Encapsulation {
  const { encapsulation, format, listen, account, reference, parameters, transport, target } = request;
  switch (encapsulation) {
    case 'none':
      return new BareSamples(format);
    case 'rtp':
      return new RtpPackets({ format, ssrc, carriedBy: transport === 'udp' ? 'datagrams' : 'messages' });
    case 'audiosocket':
      return new AudioSocket({ format, id: target === undefined ? undefined : (parameters['id'] ?? id) });
    case 'messages':
      return new MediaMessages({ format, listen, streamId: id, account, reference, parameters });
    case 'unknown':
      return new SilentEncapsulation();
  }
}
