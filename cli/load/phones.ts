import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Account } from './account.ts';
import { Callees } from './callees.ts';
import { Caller, type CallerParts } from './caller.ts';
import { Registration } from './registration.ts';
import { branchOf, field, methodOf, respondText, statusOf } from './sip-text.ts';

const OPTIONS_FIELDS = 'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n';

/** All phones of the generator behind one socket: their registrations, the calls that they make and take. */
export class Phones {
  readonly registrations: readonly Registration[];
  readonly callees: Callees;
  readonly #parts: CallerParts;
  readonly #destination: string;
  readonly #callers = new LiveMap<number, Caller>();
  #lastCall = -1;
  /** Messages that belong to nothing known. */
  strays = 0;

  /** `destination` is what every phone calls; '' when the phones call each other, even ones the odd ones. */
  constructor(accounts: readonly Account[], destination: string, parts: CallerParts) {
    const { line, requests, streams, tally } = parts;
    this.#parts = parts;
    this.#destination = destination;
    this.registrations = accounts.map((account) => new Registration(account, line, requests, tally));
    this.callees = new Callees(line, requests, streams, tally);
  }

  /** Calls that are being set up, stand or are being ended. */
  get liveCount(): number {
    return this.#callers.size;
  }

  place(now: Instant): void {
    const number = ++this.#lastCall;
    const calling = this.#destination === '' ? 2 * number : number;
    const account = this.#account(calling);
    const destination = this.#destination === '' ? this.#account(calling + 1).user : this.#destination;
    this.#parts.tally.placedCount++;
    this.#callers.set(number, new Caller(number, account, destination, this.#parts, now));
  }

  /** Ends every call that was answered at or before this instant. */
  hangupAnswered(until: Instant, now: Instant): void {
    for (const caller of this.#callers.values()) if (caller.answeredAt <= until) caller.hangup(now);
  }

  receive(text: string, now: Instant): void {
    if (statusOf(text) > 0) this.#receiveResponse(text, now);
    else this.#receiveRequest(text, now);
  }

  expire(now: Instant): void {
    this.#parts.requests.expire(now);
    this.callees.expire(now);
    for (const [number, caller] of this.#callers) if (caller.state === 'ended') this.#callers.delete(number);
  }

  #account(index: number): Account {
    return this.registrations[index % this.registrations.length]!.account;
  }

  #receiveResponse(response: string, now: Instant): void {
    if (this.#parts.requests.receive(response, now)) return;
    const isAccepted = statusOf(response) === 200 && field(response, 'CSeq').endsWith(' INVITE');
    if (isAccepted) this.#callerOf(response)?.acceptedAgain();
    else this.strays++;
  }

  #receiveRequest(request: string, now: Instant): void {
    const { requests } = this.#parts;
    switch (methodOf(request)) {
      case 'INVITE':
        this.callees.receiveInvite(request, now);
        break;
      case 'ACK':
        this.callees.receiveAck(request);
        break;
      case 'BYE':
        if (!this.callees.receiveBye(request)) this.#callerOf(request)?.receiveBye();
        requests.send(respondText(request, '200 OK', branchOf(request)));
        break;
      case 'OPTIONS':
        requests.send(respondText(request, '200 OK', branchOf(request), OPTIONS_FIELDS));
        break;
      default:
        requests.send(respondText(request, '501 Not Implemented', branchOf(request)));
    }
  }

  #callerOf(text: string): Caller | undefined {
    const callId = field(text, 'Call-ID');
    const prefix = `${this.#parts.line.run}-c`;
    return callId.startsWith(prefix) ? this.#callers.get(Number(callId.slice(prefix.length))) : undefined;
  }
}
