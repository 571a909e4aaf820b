import type { Instant } from '../../core/kernel/time.ts';
import type { Account } from './account.ts';
import { contactLine, type PhoneLine, viaLine } from './phone-line.ts';
import type { Requester, Requests } from './requests.ts';
import { bodyLines, field, mediaOf, sessionDescription, uriOf } from './sip-text.ts';
import type { Streams } from './streams.ts';
import type { Tally } from './tally.ts';

export interface CallerParts {
  readonly line: PhoneLine;
  readonly requests: Requests;
  readonly streams: Streams;
  readonly tally: Tally;
}

type State = 'calling' | 'answered' | 'ending' | 'ended';

const ATTEMPTS_MAX = 3;

/** The calling side of one call: INVITE, challenge, INVITE, ACK; later BYE. */
export class Caller implements Requester {
  readonly number: number;
  state: State = 'calling';
  answeredAt: Instant = 0;
  readonly #parts: CallerParts;
  readonly #account: Account;
  readonly #uri: string;
  readonly #port: number;
  readonly #placedAt: Instant;
  #cseq = 0;
  #attempts = 0;
  #branch = '';
  #to: string;
  #target = '';
  #ack = '';

  constructor(number: number, account: Account, destination: string, parts: CallerParts, now: Instant) {
    this.number = number;
    this.#account = account;
    this.#parts = parts;
    this.#uri = `sip:${destination}@${parts.line.server}`;
    this.#to = `<${this.#uri}>`;
    this.#port = parts.streams.take();
    this.#placedAt = now;
    this.#invite(now);
  }

  /** BYE, when the call stands; nothing while it is being set up or has ended. */
  hangup(now: Instant): void {
    if (this.state !== 'answered') return;
    this.state = 'ending';
    this.#cseq++;
    this.#branch = this.#parts.requests.newBranch();
    this.#parts.requests.request(this.#request('BYE', this.#target, bodyLines()), this.#branch, this, now);
  }

  responded(status: number, response: string, now: Instant): void {
    if (status < 200) return;
    if (this.state === 'ending') this.#ended(status);
    else if (status < 300) this.#accepted(response, now);
    else this.#refused(status, response, now);
  }

  /** The switch repeats its 200: our ACK was lost. */
  acceptedAgain(): void {
    if (this.#ack !== '') this.#parts.requests.send(this.#ack);
  }

  /** The switch hung up. */
  receiveBye(): void {
    if (this.state === 'answered') this.#ended(200);
  }

  #ended(status: number): void {
    const { streams, tally } = this.#parts;
    this.state = 'ended';
    streams.giveBack(this.#port);
    if (status < 300) tally.endedCount++;
    else tally.failed('bye', status);
  }

  #accepted(response: string, now: Instant): void {
    const { requests, streams, tally } = this.#parts;
    this.state = 'answered';
    this.answeredAt = now;
    this.#to = field(response, 'To');
    this.#target = uriOf(field(response, 'Contact'));
    this.#branch = requests.newBranch();
    this.#ack = this.#request('ACK', this.#target, bodyLines());
    requests.send(this.#ack);
    tally.answered(now - this.#placedAt);
    streams.start(this.#port, mediaOf(response), now);
  }

  /** The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3). */
  #refused(status: number, response: string, now: Instant): void {
    const { requests, streams, tally } = this.#parts;
    const to = this.#to;
    if (response !== '') {
      this.#to = field(response, 'To');
      requests.send(this.#request('ACK', this.#uri, bodyLines()));
      this.#to = to;
    }
    if (status === 401 && this.#attempts < ATTEMPTS_MAX) {
      this.#account.challenged(response);
      this.#invite(now);
      return;
    }
    this.state = 'ended';
    streams.giveBack(this.#port);
    tally.failed('invite', status);
  }

  #invite(now: Instant): void {
    const { line, requests } = this.#parts;
    if (this.#attempts++ === 0) this.#account.forget();
    this.#cseq++;
    this.#branch = requests.newBranch();
    const fields =
      `${contactLine(line, this.#account.user)}Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n` +
      this.#account.authorization('INVITE', this.#uri);
    const body = bodyLines(sessionDescription(line.address, this.#port));
    requests.request(this.#request('INVITE', this.#uri, `${fields}${body}`), this.#branch, this, now);
  }

  #request(method: string, uri: string, rest: string): string {
    const { line } = this.#parts;
    return (
      `${method} ${uri} SIP/2.0\r\n${viaLine(line, this.#branch)}` +
      `From: <sip:${this.#account.user}@${line.server}>;tag=c${this.number}\r\nTo: ${this.#to}\r\n` +
      `Call-ID: ${line.run}-c${this.number}\r\nCSeq: ${this.#cseq} ${method}\r\n${rest}`
    );
  }
}
