import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { contactLine, type PhoneLine } from './phone-line.ts';
import type { Requests } from './requests.ts';
import { field, mediaOf, parameter, respondText, sessionDescription, uriOf } from './sip-text.ts';
import type { Streams } from './streams.ts';
import type { Tally } from './tally.ts';

const REPEAT_MS = 500;
const REPEATS_MAX = 6;

interface Answered {
  readonly accepted: string;
  readonly port: number;
  repeatAt: Instant;
  repeats: number;
}

/** The called sides: each INVITE rings and is answered at once, each BYE is confirmed. */
export class Callees {
  readonly #line: PhoneLine;
  readonly #requests: Requests;
  readonly #streams: Streams;
  readonly #tally: Tally;
  readonly #answered = new LiveMap<string, Answered>();
  readonly #unconfirmed = new Set<string>();
  #lastTag = 0;

  constructor(line: PhoneLine, requests: Requests, streams: Streams, tally: Tally) {
    this.#line = line;
    this.#requests = requests;
    this.#streams = streams;
    this.#tally = tally;
  }

  get liveCount(): number {
    return this.#answered.size;
  }

  receiveInvite(request: string, now: Instant): void {
    const callId = field(request, 'Call-ID');
    const known = this.#answered.get(callId);
    if (known !== undefined) {
      // Within a dialog the session stays as it is; outside of one it is the INVITE once more.
      const isInDialog = parameter(field(request, 'To'), 'tag') !== '';
      this.#requests.send(isInDialog ? this.#accept(request, known.port, '') : known.accepted);
      return;
    }
    const tag = `a${(++this.#lastTag).toString(36)}`;
    const port = this.#streams.take();
    const accepted = this.#accept(request, port, tag);
    this.#requests.send(respondText(request, '180 Ringing', tag, this.#contact(request)));
    this.#requests.send(accepted);
    this.#answered.set(callId, { accepted, port, repeatAt: now + REPEAT_MS, repeats: 0 });
    this.#unconfirmed.add(callId);
    this.#streams.start(port, mediaOf(request), now);
  }

  receiveAck(request: string): void {
    this.#unconfirmed.delete(field(request, 'Call-ID'));
  }

  /** True when the BYE is for one of ours. */
  receiveBye(request: string): boolean {
    const callId = field(request, 'Call-ID');
    const call = this.#answered.get(callId);
    if (call === undefined) return false;
    this.#streams.giveBack(call.port);
    this.#answered.delete(callId);
    this.#unconfirmed.delete(callId);
    return true;
  }

  /** Repeats each 200 until its ACK arrives (RFC 3261 §13.3.1.4). */
  expire(now: Instant): void {
    for (const callId of this.#unconfirmed) {
      const call = this.#answered.get(callId)!;
      if (now < call.repeatAt) continue;
      call.repeatAt = now + REPEAT_MS;
      if (++call.repeats > REPEATS_MAX) {
        this.#unconfirmed.delete(callId);
        this.#tally.failed('answer', 408);
      } else this.#requests.send(call.accepted);
    }
  }

  #accept(request: string, port: number, tag: string): string {
    const body = sessionDescription(this.#line.address, port);
    return respondText(request, '200 OK', tag, this.#contact(request), body);
  }

  #contact(request: string): string {
    const user = /^sips?:([^@]*)@/.exec(uriOf(field(request, 'To')))?.[1] ?? 'load';
    return contactLine(this.#line, user);
  }
}
