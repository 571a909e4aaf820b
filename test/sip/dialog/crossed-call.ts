import type { LegId } from '../../../core/kernel/ids.ts';
import type { SignalingEvent, TransportAddress } from '../../../core/ports.ts';
import type { Message, Request } from '../../../sip/message.ts';
import { respond } from '../../../sip/writer.ts';
import type { CrossingBench } from './crossing-bench.ts';

export const PEER: TransportAddress = { transport: 'udp', address: '198.51.100.7', port: 40_000 };
export const WORDS = ['CANCEL', '200', '487', 'ACK', 'BYE', 're-INVITE'] as const;

export type Word = (typeof WORDS)[number];

export interface Manner {
  /** Ours in the call. */
  readonly role: 'caller' | 'callee';
  /** Whose BYEs and re-INVITEs they are. */
  readonly by: 'us' | 'peer';
  /** Whether it rings before anything else. */
  readonly rings: boolean;
}

const SDP = 'v=0\r\n';
const BODY = new TextEncoder().encode(SDP);
const CONTACT = ['Contact', '<sip:peer@198.51.100.7:40000>'] as const;
const DESCRIBED = ['Content-Type', 'application/sdp'] as const;

/** One call and its peer, who says whatever it is told to, whether or not it makes sense at that point. */
export class CrossedCall {
  readonly callId: string;
  readonly ends: string[] = [];
  readonly #bench: CrossingBench;
  readonly #manner: Manner;
  #leg: LegId | undefined;
  #ourTag = '';
  #isAnswered = false;
  /** Requests of ours without a final response. */
  #open: Request[] = [];
  #invite: Request | undefined;
  #cseq = 1;
  /** CSeq and branch of the peer's last INVITE, and our final status. */
  #theirs = { cseq: 1, branch: '', status: 0 };
  #branches = 0;

  constructor(bench: CrossingBench, manner: Manner, name: string) {
    this.#bench = bench;
    this.#manner = manner;
    this.callId = name;
  }

  begin(): void {
    const { role, rings } = this.#manner;
    if (role === 'callee') {
      this.#bench.begin(this);
      this.#theirs.branch = this.#branch();
      this.#send('INVITE', 1, this.#theirs.branch, SDP);
      if (rings) this.#bench.execute({ kind: 'ring', leg: this.#leg!, early: undefined });
      return;
    }
    this.#leg = this.#bench.nextLeg();
    this.#bench.dialling(this.#leg, this);
    const target = { contact: 'sip:peer@198.51.100.7:40000', path: [], via: PEER, localPort: 5060 };
    const request = { target, fromUser: 'us', fromName: '', toUser: 'peer', offer: BODY };
    this.#bench.sessions.dial(this.#leg, request, undefined, this.#bench.now);
    this.#bench.drain();
    if (rings) this.#bench.receive(respond(this.#invite!, 180, { toTag: 'peer', fields: [CONTACT] }));
  }

  say(word: Word): void {
    const { role, by } = this.#manner;
    const leg = this.#leg!;
    if (word === 'CANCEL') {
      if (role === 'caller') this.#bench.execute({ kind: 'hangup', leg, cause: 'canceled' });
      else this.#send('CANCEL', 1, `${this.callId}-1`);
    } else if (word === '200' || word === '487') this.#answer(Number(word));
    else if (word === 'ACK') this.#acknowledge();
    else if (by === 'peer') this.#request(word);
    else if (word === 'BYE') this.#bench.execute({ kind: 'hangup', leg, cause: 'normal' });
    else if (this.#isAnswered) this.#bench.execute({ kind: 'reoffer', leg, offer: BODY });
  }

  /** Our user is done with it. */
  hangUp(): void {
    this.#bench.execute({ kind: 'hangup', leg: this.#leg!, cause: 'normal' });
  }

  hear(message: Message): void {
    if (message.type === 'response') {
      this.#ourTag = message.toTag;
      const { method, number } = message.cseq;
      if (method === 'INVITE' && number === this.#theirs.cseq) this.#theirs.status = message.status;
      return;
    }
    this.#ourTag = message.fromTag;
    if (message.method === 'ACK') return;
    this.#open = [...this.#open.filter((open) => open.topVia.branch !== message.topVia.branch), message];
    if (this.#invite === undefined && message.method === 'INVITE') this.#invite = message;
  }

  tell(event: SignalingEvent): void {
    if (event.kind === 'offered') this.#leg = event.leg;
    else if (event.kind === 'answered') this.#isAnswered = true;
    else if (event.kind === 'reoffered') {
      this.#bench.execute({ kind: 'acceptOffer', leg: event.leg, answer: BODY });
    } else if (event.kind === 'ended' || event.kind === 'failed') {
      this.#isAnswered = false;
      this.ends.push(event.kind);
    }
  }

  /** Ours when we are called and have not answered; else the peer's, to the last request of ours, or once more to our INVITE. */
  #answer(status: number): void {
    const leg = this.#leg!;
    if (this.#manner.role === 'callee' && !this.#isAnswered && this.ends.length === 0) {
      if (status === 487) this.#bench.execute({ kind: 'hangup', leg, cause: 'canceled' });
      else {
        this.#isAnswered = true;
        this.#bench.execute({ kind: 'answer', leg, body: BODY });
      }
      return;
    }
    const request = this.#open.pop() ?? this.#invite;
    if (request === undefined) return;
    const describes = status === 200 && request.method === 'INVITE';
    const fields = describes ? [CONTACT, DESCRIBED] : [];
    this.#bench.receive(respond(request, status, { toTag: 'peer', fields, body: describes ? BODY : undefined }));
  }

  /** In the transaction of the INVITE when we have refused it, else in one of its own. */
  #acknowledge(): void {
    const { cseq, branch, status } = this.#theirs;
    this.#send('ACK', cseq, status >= 300 ? branch : this.#branch());
  }

  #request(word: 'BYE' | 're-INVITE'): void {
    if (this.#ourTag === '') return; // There is no dialog yet.
    this.#cseq += 1;
    const branch = this.#branch();
    if (word === 're-INVITE') this.#theirs = { cseq: this.#cseq, branch, status: 0 };
    if (word === 'BYE') this.#send('BYE', this.#cseq, branch);
    else this.#send('INVITE', this.#cseq, branch, SDP);
  }

  #branch(): string {
    this.#branches += 1;
    return `${this.callId}-${this.#branches}`;
  }

  #send(method: string, cseq: number, branch: string, body = ''): void {
    const to = this.#ourTag === '' || method === 'CANCEL' ? '' : `;tag=${this.#ourTag}`;
    const callId = this.#invite?.callId ?? this.callId;
    this.#bench.receive(
      `${method} sip:us@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:40000;branch=z9hG4bK${branch}\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:peer@198.51.100.7>;tag=peer\r\nTo: <sip:us@192.0.2.1>${to}\r\n` +
        `Call-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:peer@198.51.100.7:40000>\r\n` +
        `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }
}
