import type { LegId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { Instant } from '../../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../../core/ports.ts';
import type { Message, Request, Response } from '../../../sip/message.ts';
import { parse } from '../../../sip/parser.ts';
import type { SignalingCommand } from '../../../sip/signaling.ts';
import { SipStack } from '../../../sip/stack.ts';
import type { StackOptions } from '../../../sip/stack-options.ts';
import { answerChallenge } from '../../../sip/user-agent/digest.ts';
import { respond, write } from '../../../sip/writer.ts';
import { smallDirectory } from '../../sim/back-to-back.ts';
import { NameServer } from '../../sim/name-server.ts';

export const PEER: TransportAddress = { transport: 'udp', address: '198.51.100.7', port: 40_000 };
export const OFFER = 'v=0\r\n';

export interface Sent {
  readonly destination: TransportAddress;
  readonly localPort: number | undefined;
  readonly message: Message;
}

/** One stack on a bench: text goes in, messages and events come out, and time is a number. */
export class Rig {
  readonly stack: SipStack;
  readonly directory = smallDirectory(['192.0.2.1']);
  readonly events: SignalingEvent[] = [];
  readonly sent: Sent[] = [];
  /** Knows nothing until a test gives it a zone. */
  readonly names = new NameServer({});
  now: Instant = 0;
  /** Who sends what is said to come from nobody else, and is dialled. */
  peer: TransportAddress = PEER;
  #legs = 0;
  #branches = 0;
  /** Credentials of the last request that answered a challenge. */
  lastAuthorization = '';
  #last: string | Message = '';

  constructor(settings: Partial<StackOptions['settings']> = {}, seed = 1) {
    this.stack = new SipStack({
      directory: this.directory,
      random: seeded(seed),
      calendar: (now) => now,
      nextLeg: () => this.nextLeg(),
      settings: {
        userAgent: 'Tandem',
        contactFor: (peer) => ({ host: '192.0.2.1', port: 5060, transport: peer.transport }),
        ...settings,
      },
    });
  }

  nextLeg(): LegId {
    return ++this.#legs as LegId;
  }

  /** A request as its sender writes it; what is left out is filled in. Fields override the usual ones. */
  request(
    method: string,
    fields: Readonly<Record<string, string>> = {},
    body = '',
    uri = 'sip:1001@192.0.2.1',
  ): string {
    const all: Record<string, string> = {
      Via: `SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK${++this.#branches}`,
      'Max-Forwards': '70',
      From: '<sip:1000@192.0.2.1>;tag=peer',
      To: '<sip:1001@192.0.2.1>',
      'Call-ID': 'call',
      CSeq: `1 ${method}`,
      Contact: '<sip:1000@198.51.100.7:40000>',
      ...fields,
    };
    if (body !== '') all['Content-Type'] ??= 'application/sdp';
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${uri} SIP/2.0\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n${body}`;
  }

  /** Gives the stack a message, and returns what it sends because of it. */
  receive(message: string | Message, source: TransportAddress = this.peer): readonly Sent[] {
    const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : write(message);
    this.#last = message;
    return this.receiveBytes(bytes, source);
  }

  /** The same for bytes as they come. */
  receiveBytes(bytes: Uint8Array, source: TransportAddress): readonly Sent[] {
    const before = this.sent.length;
    this.stack.receive({ bytes, source, localPort: 5060 }, this.now);
    this.#drain();
    return this.sent.slice(before);
  }

  /** The final response to an INVITE or REGISTER that is sent again with credentials when it is challenged. */
  authenticated(
    method: string,
    fields: Readonly<Record<string, string>> = {},
    body = '',
    source = this.peer,
    { uri = 'sip:1001@192.0.2.1', username = '1000', password = 'secret' } = {},
  ): readonly Sent[] {
    const challenged = this.receive(this.request(method, fields, body, uri), source)[0]?.message as Response;
    const challenge = challenged.first('WWW-Authenticate') ?? '';
    const use = { username, password, method, uri, cnonce: 'x', nc: 1 };
    const authorization = answerChallenge(challenge, use) ?? '';
    this.lastAuthorization = authorization;
    return this.receive(
      this.request(method, { ...fields, CSeq: `2 ${method}`, Authorization: authorization }, body, uri),
      source,
    );
  }

  /** An authenticated INVITE: the leg that it becomes. */
  offered(fields: Readonly<Record<string, string>> = {}, source = this.peer): LegId {
    this.authenticated('INVITE', fields, OFFER, source);
    const event = this.events.at(-1);
    if (event?.kind !== 'offered') throw new Error(`expected offered, got ${event?.kind}`);
    return event.leg;
  }

  /** Dials the peer: the INVITE that is sent, and its leg. */
  dialled(
    credentials?: { username: string; password: string },
    contact = 'sip:bob@198.51.100.7:40000',
  ): {
    readonly leg: LegId;
    readonly invite: Request;
  } {
    const leg = this.nextLeg();
    const target = { contact, path: [], via: this.peer, localPort: 5060 };
    const offer = new TextEncoder().encode(OFFER);
    const request = {
      target,
      fromUser: '1001',
      fromName: 'One "1" Ltd',
      toUser: 'bob',
      offer,
      ...(credentials && { credentials }),
    };
    const [sent] = this.execute({ kind: 'dial', leg, request });
    return { leg, invite: sent?.message as Request };
  }

  /** The peer's answer to a request of ours. */
  answer(request: Request, status: number, extra: Parameters<typeof respond>[2] = {}): readonly Sent[] {
    return this.receive(
      respond(request, status, { toTag: 'bob', fields: [['Contact', '<sip:bob@198.51.100.7:40000>']], ...extra }),
    );
  }

  /** The last message received, once more. */
  repeat(): readonly Sent[] {
    return this.receive(this.#last);
  }

  transportFailed(destination: TransportAddress): void {
    this.stack.transportFailed(destination, this.now);
    this.#drain();
  }

  execute(command: SignalingCommand): readonly Sent[] {
    const before = this.sent.length;
    this.stack.execute(command, this.now);
    this.#drain();
    return this.sent.slice(before);
  }

  /** Lets time pass, and returns what is sent meanwhile. */
  until(at: Instant): readonly Sent[] {
    const before = this.sent.length;
    for (;;) {
      const next = Math.min(this.stack.deadline(), this.names.deadline());
      if (next > at) break;
      this.now = next;
      const answer = this.names.poll(next);
      if (answer === undefined) this.stack.expire(next);
      else this.stack.receiveLookup(answer, next);
      this.#drain();
    }
    this.now = at;
    return this.sent.slice(before);
  }

  #drain(): void {
    for (let output = this.stack.poll(); output !== undefined; output = this.stack.poll()) {
      if (output.kind === 'signal') this.events.push(output.event);
      else if (output.kind === 'lookup') this.names.ask(output, this.now);
      else this.sent.push({ ...output, message: parse(output.bytes).message! });
    }
  }
}

/** `INVITE` or `200 BYE`, one for each message. */
export function words(sent: readonly Sent[]): readonly string[] {
  return sent.map(({ message }) =>
    message.type === 'request' ? message.method : `${message.status} ${message.cseq.method}`,
  );
}

/** Kind of each event, with its cause where it has one. */
export function kinds(events: readonly SignalingEvent[]): readonly string[] {
  return events.map((event) => ('cause' in event ? `${event.kind} ${event.cause}` : event.kind));
}
