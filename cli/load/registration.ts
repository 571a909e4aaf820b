import type { Instant } from '../../core/kernel/time.ts';
import type { Account } from './account.ts';
import { contactLine, type PhoneLine, viaLine } from './phone-line.ts';
import type { Requester, Requests } from './requests.ts';
import { bodyLines } from './sip-text.ts';
import type { Tally } from './tally.ts';

const EXPIRES_S = 3_600;
const ATTEMPTS_MAX = 3;

/** The binding of one account: each `register` is answered once, by way of a challenge when the switch wants one. */
export class Registration implements Requester {
  readonly account: Account;
  readonly #line: PhoneLine;
  readonly #requests: Requests;
  readonly #tally: Tally;
  #cseq = 0;
  #attempts = 0;
  #startedAt: Instant = 0;
  isPending = false;

  constructor(account: Account, line: PhoneLine, requests: Requests, tally: Tally) {
    this.account = account;
    this.#line = line;
    this.#requests = requests;
    this.#tally = tally;
  }

  register(now: Instant): void {
    this.isPending = true;
    this.#attempts = 0;
    this.#startedAt = now;
    this.#send(now);
  }

  responded(status: number, response: string, now: Instant): void {
    if (status < 200) return;
    if (status === 401 && this.#attempts < ATTEMPTS_MAX) {
      this.account.challenged(response);
      this.#send(now);
      return;
    }
    this.isPending = false;
    if (status < 300) this.#tally.registered(now - this.#startedAt);
    else this.#tally.failed('register', status);
  }

  #send(now: Instant): void {
    const { user } = this.account;
    const { server, run } = this.#line;
    const branch = this.#requests.newBranch();
    this.#attempts++;
    this.#cseq++;
    const text =
      `REGISTER sip:${server} SIP/2.0\r\n${viaLine(this.#line, branch)}` +
      `From: <sip:${user}@${server}>;tag=r${user}\r\nTo: <sip:${user}@${server}>\r\n` +
      `Call-ID: ${run}-r${user}\r\nCSeq: ${this.#cseq} REGISTER\r\n${contactLine(this.#line, user)}` +
      `Expires: ${EXPIRES_S}\r\n${this.account.authorization('REGISTER', `sip:${server}`)}${bodyLines()}`;
    this.#requests.request(text, branch, this, now);
  }
}
