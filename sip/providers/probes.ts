import type { Directory } from '../../core/directory/directory.ts';
import { type GatewayId, hexToken } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import type { ProbeAnswer } from '../../core/provider-ports.ts';
import type { Field } from '../dialog/session-messages.ts';
import { formatHostPort } from '../grammar/host.ts';
import type { Errand, ErrandOutcome, Errands } from './errands.ts';
import { aimOf, type ProviderAim } from './provider-aim.ts';
import { seenAsOf } from './registration.ts';

export interface ProbesParts {
  readonly directory: Directory;
  readonly errands: Errands;
  readonly random: Random;
  /** Product name for User-Agent. */
  readonly userAgent: string;
}

interface Probe {
  readonly ticket: number;
  readonly errands: Map<Errand, 'options' | 'register'>;
  options: ProbeAnswer | undefined;
  register: ProbeAnswer | undefined;
}

const NO_ANSWER: ProbeAnswer = { status: 0, detail: 'no server', servers: [], saidAs: '', seenAs: '' };

/**
 * Providers that are asked once, by whoever wants to know what is wrong: OPTIONS (RFC 3261 §11), and a REGISTER without
 * a Contact, which proves our credentials and changes no binding (§10.2.3). Both at once.
 */
export class Probes {
  readonly #parts: ProbesParts;
  readonly #byErrand = new Map<Errand, Probe>();
  readonly #signals = new Queue<SignalingEvent>();

  constructor(parts: ProbesParts) {
    this.#parts = parts;
  }

  begin(ticket: number, gatewayId: GatewayId, now: Instant): void {
    const provider = this.#parts.directory.gateway(gatewayId);
    const aim = provider === undefined ? undefined : aimOf(provider);
    if (aim === undefined) {
      this.#signals.push({ kind: 'providerProbed', ticket, probe: { options: NO_ANSWER, register: undefined } });
      return;
    }
    const options = this.#errand('OPTIONS', aim, `<${aim.registrar.text}>`);
    const register = aim.credentials === undefined ? undefined : this.#errand('REGISTER', aim, aim.account);
    const probe: Probe = { ticket, errands: new Map([[options, 'options']]), options: undefined, register: undefined };
    if (register !== undefined) probe.errands.set(register, 'register');
    for (const errand of probe.errands.keys()) {
      this.#byErrand.set(errand, probe);
      this.#parts.errands.begin(errand, now);
    }
  }

  /** False when the errand is none of a probe. */
  receive(errand: Errand, outcome: ErrandOutcome): boolean {
    const probe = this.#byErrand.get(errand);
    if (probe === undefined) return false;
    this.#byErrand.delete(errand);
    probe[probe.errands.get(errand)!] = answerOf(outcome);
    probe.errands.delete(errand);
    const { ticket, options, register } = probe;
    if (probe.errands.size === 0) {
      this.#signals.push({ kind: 'providerProbed', ticket, probe: { options: options ?? NO_ANSWER, register } });
    }
    return true;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }

  #errand(method: Errand['method'], aim: ProviderAim, to: string): Errand {
    const { random, userAgent } = this.#parts;
    const [callId, tag] = [hexToken(random, 16), hexToken(random, 8)];
    let cseq = 0;
    return {
      method,
      uri: aim.registrar,
      next: aim.next,
      credentials: method === 'REGISTER' ? aim.credentials : undefined,
      nextCSeq: () => ++cseq,
      fieldsFor: ({ host, port }): readonly Field[] => [
        ...aim.routes.map((route): Field => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', `${method === 'REGISTER' ? to : `<sip:${formatHostPort(host.toLowerCase(), port)}>`};tag=${tag}`],
        ['To', to],
        ['Call-ID', callId],
        ['User-Agent', userAgent],
      ],
    };
  }
}

function answerOf(outcome: ErrandOutcome): ProbeAnswer {
  const servers = (outcome.found ?? []).map(textOf);
  const { saidAs: sentBy } = outcome;
  const saidAs = sentBy === undefined ? '' : formatHostPort(sentBy.host, sentBy.port);
  if (outcome.kind === 'failed') return { status: 0, detail: outcome.reason, servers, saidAs, seenAs: '' };
  const { response } = outcome;
  return { status: response.status, detail: response.reason, servers, saidAs, seenAs: seenAsOf(response) };
}

function textOf({ transport, address, port }: TransportAddress): string {
  return `${transport} ${formatHostPort(address, port)}`;
}
